"""How similar the group maps of two cohorts are, by either cohort's models."""

from itertools import combinations

import pandas as pd

from voxplain.errors import SpaceError
from voxplain.evaluation.maps.group_maps import GroupMaps
from voxplain.evaluation.maps.transfer import map_correlation
from voxplain.image.nifti import read_volume
from voxplain.preparation.spaces import is_mni152
from voxplain.run.files import keyed, read_json, write_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    run, other = params.run, params.other_run
    (mask, grid), (other_mask, other_grid) = map(read_volume, inputs.brain_masks)
    spaces = [read_json(path)["Space"] for path in inputs.spaces]
    if not all(map(is_mni152, spaces)) or not grid.matches(other_grid):
        raise SpaceError(
            f"maps of {run} ({spaces[0]}, voxels of {grid.voxel_sizes.round(2).tolist()} mm) and "
            f"of {other} ({spaces[1]}, {other_grid.voxel_sizes.round(2).tolist()} mm) do not "
            "lie on one grid, so that voxels cannot be compared; bring both cohorts into MNI152 "
            "images of one field of view"
        )
    brain = (mask > 0) & (other_mask > 0)
    paths = {
        f"{run}'s models on {run}": keyed(inputs.own, params.methods),
        f"{other}'s models on {other}": keyed(inputs.other, params.methods),
        f"{other}'s models on {run}": keyed(inputs.applied, params.methods),
    }
    rows = []
    for method in params.methods:
        maps = {name: GroupMaps.read(files[method]).conjoined for name, files in paths.items()}
        for a, b in combinations(maps, 2):
            similarity = map_correlation(maps[a], maps[b], brain, params.surrogates, params.seed)
            rows.append({"method": method, "maps_a": a, "maps_b": b, **similarity})
    table = pd.DataFrame(rows)
    write_table(snakemake.output.table, table)
    print(table.to_string(index=False))
