"""Stack the batches into one array and describe it: grid, brain mask, mean, quality control."""

import numpy as np
import pandas as pd

from voxplain.cohort.quality import brain_mask, finish
from voxplain.errors import ImageError
from voxplain.files import read_json, read_table, write_json, write_rows, write_table
from voxplain.grid import Grid
from voxplain.intensity import normalised
from voxplain.logs import job_log
from voxplain.nifti import write_volume
from voxplain.registration.spaces import nifti_code, volumes_sidecar, write_sidecars
from voxplain.stack import Stack, mean_volume

with job_log(snakemake.log[0]):
    given = snakemake.input
    problems = [problem for path in given.problems for problem in read_json(path)]
    if problems:
        raise ImageError("\n".join([f"{len(problems)} images cannot be used:", *problems]))
    # A small cohort may leave batches empty; they have neither rows nor a grid.
    batches = [
        batch
        for batch in zip(given.volumes, given.quality, given.grids, strict=True)
        if read_json(batch[2]) is not None
    ]
    volumes = Stack(*(path for path, _, _ in batches))
    quality = pd.concat([read_table(path) for _, path, _ in batches], ignore_index=True)
    grid = Grid.from_dict(read_json(batches[0][2]))
    mask = brain_mask(volumes)
    images = normalised(volumes, snakemake.params.normalisation)
    write_rows(snakemake.output.volumes, volumes.shape, np.float32, images)
    write_json(snakemake.output.grid, grid.to_dict())
    origins = [origin for path in given.spaces for origin in read_json(path)]
    space = snakemake.output.space
    write_json(space, volumes_sidecar(snakemake.params.space, origins))
    write_sidecars(snakemake.output.sidecars, space, [snakemake.output.volumes])
    write_volume(snakemake.output.brain_mask, mask.astype(np.uint8), grid, nifti_code(space))
    write_volume(snakemake.output.mean, mean_volume(volumes), grid, nifti_code(space))
    sites = read_table(given.participants)["site"]
    table = finish(quality, volumes, mask, None if sites.isna().all() else sites)
    write_table(snakemake.output.quality, table)
    print(f"{table['outlier'].sum()} participants to look at")
    print(f"{len(volumes)} participants, {mask.sum()} of {mask.size} voxels in the brain mask")
