"""Stack the batches into one array and describe it: grid, mask, mean, quality control."""

import numpy as np
import pandas as pd

from voxplain.cohort.participants import with_usable_images
from voxplain.cohort.quality import brain_mask, finish
from voxplain.image.grid import Grid
from voxplain.image.intensity import normalised
from voxplain.image.nifti import write_volume
from voxplain.image.stack import Stack, mean_volume
from voxplain.preparation.spaces import nifti_code, volumes_sidecar, write_sidecars
from voxplain.run.files import (
    read_json,
    read_table,
    read_tables,
    write_json,
    write_rows,
    write_table,
)
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    inputs, params, outputs = snakemake.input, snakemake.params, snakemake.output
    unusable = {k: why for path in inputs.problems for k, why in read_json(path).items()}
    listed = read_table(inputs.participants)
    participants = with_usable_images(listed, unusable, params.on_missing)
    write_table(outputs.participants, participants)
    dropped = pd.DataFrame(unusable.items(), columns=["participant_id", "reason"])
    write_table(outputs.left_out, pd.concat([read_table(inputs.left_out), dropped]))
    used = ~listed["participant_id"].isin(unusable.keys())
    volumes = Stack(*inputs.volumes).take(np.flatnonzero(used))
    # Batches without a usable image have neither rows nor a grid.
    grids = [read_json(path) for path in inputs.grids]
    rows = [path for path, grid in zip(inputs.quality, grids, strict=True) if grid is not None]
    quality = read_tables(rows)
    grid = Grid.from_dict(next(grid for grid in grids if grid is not None))
    mask = brain_mask(volumes)
    if params.claimed:
        from voxplain.preparation.template import check_claim  # what costs time to import

        print(f"the brains cover {check_claim(mask, grid):.1%} of MNI152's")
    images = normalised(volumes, params.normalisation)
    write_rows(outputs.volumes, volumes.shape, np.float32, images)
    write_json(outputs.grid, grid.to_dict())
    origins = [origin for path in inputs.spaces for origin in read_json(path)]
    space = outputs.space
    write_json(space, volumes_sidecar(params.space, origins))
    write_sidecars(outputs.sidecars, space, [outputs.volumes])
    write_volume(outputs.brain_mask, mask.astype(np.uint8), grid, nifti_code(space))
    write_volume(outputs.mean, mean_volume(volumes), grid, nifti_code(space))
    sites = participants["site"]
    table = finish(quality, volumes, mask, None if sites.isna().all() else sites)
    write_table(outputs.quality, table)
    print(f"{table['outlier'].sum()} participants to look at")
    print(f"{len(volumes)} participants, {mask.sum()} of {mask.size} voxels in the brain mask")
