"""Downsample one batch of participants, with a quality-control row each."""

import numpy as np
import pandas as pd

from voxplain.cohort.quality import quality_row
from voxplain.downsample import downsample_file
from voxplain.errors import ImageError
from voxplain.files import read_table, write_array, write_json, write_table
from voxplain.logs import Progress, job_log

with job_log(snakemake.log[0]):
    p = snakemake.params
    participants = read_table(snakemake.input.participants)
    rows = np.array_split(np.arange(len(participants)), p.n_batches)[int(snakemake.wildcards.batch)]
    volumes = np.zeros((len(rows), *p.shape), np.float32)
    quality, problems, grid = [], [], None
    progress = Progress("downsampled")
    for k, row in enumerate(participants.iloc[rows].itertuples()):
        try:
            volumes[k], grid, statistics = downsample_file(
                *(row.image, p.shape, row.participant_id),
                mask=None if pd.isna(row.mask) else row.mask,
            )
            quality.append(quality_row(row.participant_id, volumes[k], statistics))
        except ImageError as error:  # gathered, so that one run tells of every bad file
            problems.append(str(error))
        progress(k + 1, len(rows))
    if problems:
        raise ImageError("\n".join(problems))
    write_array(snakemake.output.volumes, volumes)
    write_json(snakemake.output.grid, grid.to_dict() if grid else None)
    write_table(snakemake.output.quality, pd.DataFrame(quality))
