"""Downsample one batch, registered if asked for, with a quality-control row per participant."""

from pathlib import Path

import numpy as np
import pandas as pd

from voxplain.cohort.coarse_images import coarse_image
from voxplain.cohort.scans import Scan
from voxplain.errors import ImageError, TransformError
from voxplain.preparation.prepare import MEASURED
from voxplain.preparation.settings import RegistrationSettings
from voxplain.run.files import read_table, write_json, write_rows, write_table
from voxplain.run.logs import Progress, job_log
from voxplain.run.seeds import stream_seed

with job_log(snakemake.log[0]):
    inputs, params, outputs = snakemake.input, snakemake.params, snakemake.output
    batch = read_table(inputs.batch)
    if inputs.template_mask:
        batch["mask"] = inputs.template_mask
    reference = next(iter(inputs.reference), None)
    settings = RegistrationSettings(**params.registration | {"reference": reference})
    seed, shape = stream_seed(params.seed, "registration"), tuple(params.shape)
    common = shape, settings, params.space, seed, Path(outputs.volumes).parent
    quality, origins, grids, problems = [], [], [], {}

    def volumes():
        """Yield one volume after another, noting its grid, origin and quality or its problem."""
        progress = Progress("downsampled")
        for k, row in enumerate(batch.itertuples(), start=1):
            files = (None if pd.isna(path) else path for path in (row.mask, row.transform))
            try:
                if pd.notna(getattr(row, "problem", None)):  # of its preparation
                    raise ImageError(row.problem)
                coarse = coarse_image(row.participant_id, Scan(row.image, *files), *common)
            except (
                ImageError,
                TransformError,
            ) as error:  # stack_volumes lists all
                problems[row.participant_id] = str(error).removeprefix(f"{row.participant_id}: ")
                print(error)
                yield np.zeros(shape, np.float32)
            else:
                measured = {name: getattr(row, name) for name in MEASURED if hasattr(row, name)}
                quality.append(coarse.quality | measured)
                origins.append(coarse.origin)
                grids.append(coarse.grid)
                yield coarse.volume
            progress(k, len(batch))

    write_rows(outputs.volumes, (len(batch), *shape), np.float32, volumes())
    write_json(outputs.grid, grids[-1].to_dict() if grids else None)
    write_json(outputs.space, origins)
    write_json(outputs.problems, problems)
    write_table(outputs.quality, pd.DataFrame(quality))
