"""Gather everything a run has made into one page, and list it with checksums."""

from itertools import product
from pathlib import Path

import numpy as np

from voxplain.atlas.labels import read_atlases
from voxplain.evaluation.maps.group_maps import GroupMaps
from voxplain.image.masked import read_brain
from voxplain.image.nifti import read_volume
from voxplain.image.stack import Stack
from voxplain.report import RunResults, captions, quality_page, render_report
from voxplain.report.answer import class_names
from voxplain.report.jobs import recorded_edges, time_per_rule
from voxplain.report.viewer import group_viewer
from voxplain.run.files import keyed, read_json, read_tables, write_text
from voxplain.run.logs import job_log
from voxplain.run.manifest import write_manifest
from voxplain.run.tables import tables_by_name

with job_log(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    mean, grid = read_volume(inputs.mean)
    maps = {
        (method, "all folds"): GroupMaps.read(path).stacked()
        for method, path in keyed(inputs.maps, params.methods).items()
    }
    fold_maps = keyed(inputs.fold_maps, params.methods, params.folds, params.groups)
    for method, fold in product(params.methods, params.folds):
        paths = [fold_maps[method, fold, group] for group in params.groups]
        maps[method, f"fold {fold}"] = np.stack([read_volume(path)[0] for path in paths])
    atlases = read_atlases(params.atlases, inputs.atlas_labels, inputs.atlas_names)
    brain, classes = read_brain(inputs.brain_mask), class_names(params.config)
    results = RunResults(
        run=params.config["run"],
        config=params.config,
        settings_file=params.settings_file,
        degenerate=read_tables(inputs.counts),
        figures={Path(path).stem: path for path in inputs.figures},
        viewer=group_viewer(mean, brain, grid, maps, classes, list(atlases.values())),
        provenance=read_json(inputs.provenance),
        jobs=time_per_rule(params.benchmarks),
        edges=recorded_edges(".snakemake/metadata", str(Path(params.benchmarks).parent)),
        **tables_by_name([*inputs.tables, inputs.participants, inputs.left_out, inputs.quality]),
    )
    page = render_report(results)
    images = quality_page(results.run, results.quality, Stack(inputs.volumes), grid.affine)
    write_text(snakemake.output.page, page)
    write_text(snakemake.output.quality, images)
    texts = captions(results)
    for path in snakemake.output.captions:
        write_text(path, texts[Path(path).stem])
    write_manifest(snakemake.output.manifest)
    print(f"report {len(page) / 1e6:.1f} MB, quality page {len(images) / 1e6:.1f} MB")
