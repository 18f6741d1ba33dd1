"""How alike the group maps of two cohorts are, each by its own models and by the other's."""

from itertools import combinations

import numpy as np
import pandas as pd

from voxplain.errors import SpaceError
from voxplain.evaluation.maps.transfer import map_correlation
from voxplain.image.nifti import read_volume
from voxplain.preparation.spaces import is_mni152
from voxplain.run.files import read_json, write_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    given, p = snakemake.input, snakemake.params
    (mask, grid), (other_mask, other_grid) = map(read_volume, given.brain_masks)
    spaces = [read_json(path)["Space"] for path in given.spaces]
    if not all(map(is_mni152, spaces)) or not grid.matches(other_grid):
        raise SpaceError(
            f"maps of {p.run} ({spaces[0]}, voxels of {grid.voxel_sizes.round(2).tolist()} mm) and "
            f"of {p.other_run} ({spaces[1]}, {other_grid.voxel_sizes.round(2).tolist()} mm) do not "
            "lie on one grid, so that voxels cannot be compared; bring both cohorts into MNI152 "
            "images of one field of view"
        )
    brain = (mask > 0) & (other_mask > 0)
    rows = []
    for method, *paths in zip(p.methods, given.own, given.other, given.applied, strict=True):
        names = (
            f"{p.run}'s models on {p.run}",
            f"{p.other_run}'s models on {p.other_run}",
            f"{p.other_run}'s models on {p.run}",
        )
        maps = {name: np.load(path)[2] for name, path in zip(names, paths, strict=True)}
        for a, b in combinations(maps, 2):
            found = map_correlation(maps[a], maps[b], brain, p.surrogates, p.seed)
            rows.append({"method": method, "maps_a": a, "maps_b": b, **found})
    table = pd.DataFrame(rows)
    write_table(snakemake.output.table, table)
    print(table.to_string(index=False))
