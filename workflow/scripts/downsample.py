"""Downsample one batch, registered if asked for, with a quality-control row per participant."""

from pathlib import Path

import numpy as np
import pandas as pd

from voxplain.cohort.quality import quality_row
from voxplain.errors import ImageError, TransformError
from voxplain.image.downsample import downsample_file
from voxplain.preparation.settings import RegistrationSettings
from voxplain.preparation.spaces import origin
from voxplain.run.files import read_table, write_json, write_rows, write_table
from voxplain.run.logs import Progress, job_log
from voxplain.run.seeds import stream_seed

with job_log(snakemake.log[0]):
    given, p = snakemake.input, snakemake.params
    batch = read_table(given.batch)
    if given.template_mask:
        batch["mask"] = given.template_mask
    scratch = Path(snakemake.output.volumes).parent
    settings = RegistrationSettings(**p.registration | {"reference": given.get("reference")})
    seed = stream_seed(p.seed, "registration")
    quality, origins, grids, problems = [], [], [], {}

    def coarse(row):
        """Return one participant's volume; note its grid, origin and quality."""
        mask, transform = (None if pd.isna(path) else path for path in (row.mask, row.transform))
        files = row.participant_id, row.image, mask
        if settings.method == "none":
            volume, grid, statistics = downsample_file(row.image, p.shape, files[0], mask)
            about, overlap = origin(*files, p.space), {}
        else:
            from voxplain.preparation.to_mni152 import register  # what costs time to import

            done = register(*files, transform, tuple(p.shape), settings, p.space, seed, scratch)
            volume, grid, statistics = done.volume, done.grid, done.statistics
            about, overlap = done.origin, {"template_dice": done.origin["TemplateDice"]}
        quality.append(quality_row(row.participant_id, volume, statistics) | overlap)
        origins.append(about)
        grids.append(grid)
        return volume

    def volumes():
        progress = Progress("downsampled")
        for k, row in enumerate(batch.itertuples()):
            try:
                yield coarse(row)
            except (ImageError, TransformError) as error:  # of all batches, stack_volumes tells
                problems[row.participant_id] = str(error).removeprefix(f"{row.participant_id}: ")
                print(error)
                yield np.zeros(p.shape, np.float32)
            progress(k + 1, len(batch))

    write_rows(snakemake.output.volumes, (len(batch), *p.shape), np.float32, volumes())
    write_json(snakemake.output.grid, grids[-1].to_dict() if grids else None)
    write_json(snakemake.output.space, origins)
    write_json(snakemake.output.problems, problems)
    write_table(snakemake.output.quality, pd.DataFrame(quality))
