"""Gather everything a run has made into one page, and list it with checksums."""

from itertools import product
from pathlib import Path

import numpy as np

from voxplain import report
from voxplain.atlas.labels import load_atlas
from voxplain.image.nifti import read_volume
from voxplain.image.stack import Stack
from voxplain.report.answer import class_names
from voxplain.report.jobs import recorded_edges, time_per_rule
from voxplain.report.viewer import group_viewer
from voxplain.run.files import read_json, read_table, read_tables, write_text
from voxplain.run.logs import job_log
from voxplain.run.manifest import write_manifest

with job_log(snakemake.log[0]):
    given, p = snakemake.input, snakemake.params
    context = {Path(path).stem: read_table(path) for path in given.tables}
    prefix = "table2_"
    context["table2"] = {
        name.removeprefix(prefix): context.pop(name)
        for name in list(context)
        if name.startswith(prefix)
    }
    mean, grid = read_volume(given.mean)
    maps = {
        (method, "all folds"): np.load(path)
        for method, path in zip(p.methods, given.maps, strict=True)
    }
    fold_maps = iter(given.fold_maps)
    for method, fold in product(p.methods, p.folds):
        maps[method, f"fold {fold}"] = np.stack([read_volume(next(fold_maps))[0] for _ in range(3)])
    atlases = [
        load_atlas(*atlas)
        for atlas in zip(p.atlases, given.atlas_labels, given.atlas_names, strict=True)
    ]
    names = class_names(p.config)
    viewer = group_viewer(mean, read_volume(given.brain_mask)[0] > 0, grid, maps, names, atlases)
    quality, volumes = read_table(given.quality), Stack(given.volumes)
    images = report.quality_page(p.config["run"], quality, volumes, grid.affine)
    context |= {
        "run": p.config["run"],
        "config": p.config,
        "settings_file": p.settings_file,
        "viewer": viewer,
        "jobs": time_per_rule(p.benchmarks),
        "edges": recorded_edges(".snakemake/metadata", str(Path(p.benchmarks).parent)),
        "provenance": read_json(given.provenance),
        "participants": read_table(given.participants),
        "left_out": read_table(given.left_out),
        "quality": quality,
        "degenerate": read_tables(given.counts),
        "figures": {Path(path).stem: path for path in given.figures},
    }
    page = report.build(context)
    write_text(snakemake.output.page, page)
    write_text(snakemake.output.quality, images)
    captions = report.captions(context)
    for path in snakemake.output.captions:
        write_text(path, captions[Path(path).stem])
    write_manifest(snakemake.output.manifest)
    print(f"{len(page) / 1e6:.1f} MB, every participant {len(images) / 1e6:.1f} MB")
