"""Size of the pages for a large cohort: ``python benchmarks/page_size.py results/demo``.

Uses the tables and figures of a finished run, repeats its participants, and replaces maps and
images with noise, which compresses worse than any map, so the result is an upper limit.
"""

import argparse
import re
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from voxplain import report
from voxplain.atlas.labels import load_atlas
from voxplain.image.grid import Grid
from voxplain.report.answer import class_names
from voxplain.report.jobs import time_per_rule
from voxplain.report.viewer import group_viewer
from voxplain.run.files import read_json, read_table
from voxplain.run.paths import RunPaths
from voxplain.run.tables import tables_by_name


def repeated(table, n):
    """Repeat rows until there are `n`, each with a new id."""
    rows = table.iloc[np.arange(n) % len(table)].reset_index(drop=True)
    return rows.assign(participant_id=[f"sub-{k:06d}" for k in range(n)])


def noise_in_brain(shape, rng):
    place = np.indices(shape).reshape(3, -1).T / (np.array(shape) - 1) * 2 - 1
    brain = ((place / 0.83) ** 2).sum(axis=1).reshape(shape) < 1  # three tenths of the box
    return (rng.random(shape) * brain).astype(np.float32), brain


def pages(run, n, shape, folds):
    """Return the report and the quality page of an enlarged run."""
    paths, rng = RunPaths(run.name, str(run.parent)), np.random.default_rng(0)
    provenance = read_json(paths.provenance)
    config = provenance["config"]
    files = Path(paths.tables).glob("*.tsv")
    tables = tables_by_name(path for path in files if path.stem != "predictions")
    grid = Grid.from_dict(read_json(paths.grid)).coarsen(shape)  # finer, computed in the same way
    mean, brain = noise_in_brain(shape, rng)
    methods, numbers = config["attribution"]["methods"], range(1, folds + 1)
    keys = [(m, f) for m in methods for f in ("all folds", *(f"fold {k:02d}" for k in numbers))]
    maps = {key: np.stack([noise_in_brain(shape, rng)[0] for _ in range(3)]) for key in keys}
    atlases = [
        load_atlas(a, paths.atlas_labels.format(atlas=a), paths.atlas_names.format(atlas=a))
        for a in tables["table2"]
    ]
    viewer = group_viewer(mean, brain, grid, maps, class_names(config), atlases)
    people = repeated(read_table(paths.participants), n)
    sums = list(provenance["images_sha256"].values())
    provenance["images_sha256"] = {
        name: sums[k % len(sums)] for k, name in enumerate(people["participant_id"])
    }
    quality = repeated(read_table(paths.quality), n)
    counts = [read_table(paths.group_counts.format(method=method)) for method in methods]
    results = report.RunResults(
        **tables,
        run=run.name,
        config=config,
        viewer=viewer,
        jobs=time_per_rule(paths.benchmarks),
        edges=list(product("abcdefgh", "ijklmnop")),
        provenance=provenance,
        participants=people,
        left_out=repeated(quality[["participant_id", "reason"]], n // 10),
        quality=quality,
        degenerate=pd.concat(counts),
        figures={path.stem: path for path in Path(paths.figures).glob("*.png")},
    )
    images = np.stack([noise_in_brain(shape, rng)[0] for _ in range(20)])
    some = quality.head(len(images))
    shown = report.quality_page(run.name, some, images, grid.affine)
    return report.render_report(results), len(shown) * n // len(some)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--participants", type=int, nargs="+", default=[100, 1113])
    parser.add_argument("--shape", type=int, nargs=3, default=[58, 70, 58])
    parser.add_argument("--folds", type=int, default=10)
    a = parser.parse_args()
    for n in a.participants:
        page, quality = pages(a.run, n, tuple(a.shape), a.folds)
        parts = {
            "pictures": r'src="data:image/png;base64,([^"]*)"',
            "viewer": r'<script type="application/json">(.*?)</script>',
            "tables": r"<table id=.*?</table>",
        }
        sizes = {
            name: sum(map(len, re.findall(pattern, page, re.S))) for name, pattern in parts.items()
        }
        told = ", ".join(f"{name} {size / 1e6:.2f}" for name, size in sizes.items())
        print(f"{n} participants: report.html {len(page.encode()) / 1e6:.2f} MB ({told}); ", end="")
        print(f"quality.html {quality / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
