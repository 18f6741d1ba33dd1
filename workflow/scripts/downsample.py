"""Downsample one batch, registered if asked for, with a quality-control row per participant."""

import numpy as np
import pandas as pd

from voxplain.cohort.quality import quality_row
from voxplain.downsample import downsample_file
from voxplain.errors import ImageError, TransformError
from voxplain.files import read_table, write_array, write_json, write_table
from voxplain.logs import Progress, job_log
from voxplain.nifti import read_header, write_volume
from voxplain.registration.spaces import origin
from voxplain.seeds import stream_seed

with job_log(snakemake.log[0]):
    p = snakemake.params
    participants = read_table(snakemake.input.participants)
    if snakemake.output.mask:
        from voxplain.registration.template import mask_on  # what costs time to import

        first = read_header(
            participants["image"].iloc[0]
        ).grid  # that of all: read_cohort saw to it
        write_volume(snakemake.output.mask, mask_on(first), first)
        participants["mask"] = snakemake.output.mask
    rows = np.array_split(np.arange(len(participants)), p.n_batches)[int(snakemake.wildcards.batch)]
    volumes = np.zeros((len(rows), *p.shape), np.float32)
    settings = p.registration | {"reference": snakemake.input.get("reference")}
    seed = stream_seed(p.seed, "registration")
    quality, origins, problems, grid = [], [], [], None
    progress = Progress("downsampled")
    for k, row in enumerate(participants.iloc[rows].itertuples()):
        mask, transform = (None if pd.isna(path) else path for path in (row.mask, row.transform))
        files = row.participant_id, row.image, mask
        try:
            if settings["method"] == "none":
                volumes[k], grid, statistics = downsample_file(
                    row.image, p.shape, row.participant_id, mask
                )
                origins.append(origin(*files, p.space))
                overlap = {}
            else:
                from voxplain.registration.to_mni152 import register  # what costs time to import

                done = register(*files, transform, tuple(p.shape), settings, p.space, seed)
                volumes[k], grid, statistics = done.volume, done.grid, done.statistics
                origins.append(done.origin)
                overlap = {"template_dice": done.origin["TemplateDice"]}
            quality.append(quality_row(row.participant_id, volumes[k], statistics) | overlap)
        except (ImageError, TransformError) as error:  # of all batches, stack_volumes tells
            problems.append(str(error))
            print(error)
        progress(k + 1, len(rows))
    write_array(snakemake.output.volumes, volumes)
    write_json(snakemake.output.grid, grid.to_dict() if grid else None)
    write_json(snakemake.output.space, origins)
    write_json(snakemake.output.problems, problems)
    write_table(snakemake.output.quality, pd.DataFrame(quality))
