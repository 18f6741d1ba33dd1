"""Prepare one batch of images: brains without bias field, their masks and ways into MNI152."""

from dataclasses import asdict
from pathlib import Path

import pandas as pd

from voxplain.errors import ImageError, TransformError
from voxplain.network.device import prepare_device
from voxplain.preparation.brain_extraction import brain_mask, load_extractor
from voxplain.preparation.prepare import prepare
from voxplain.preparation.settings import PreparationSettings
from voxplain.run.files import read_table, write_table
from voxplain.run.logs import Progress, job_log
from voxplain.run.seeds import stream_seed

with job_log(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    device = prepare_device(params.threads, params.gpu)
    extractor = load_extractor(inputs.wheel, device) if inputs.wheel else None
    settings = PreparationSettings(**params.settings)
    seed = stream_seed(params.seed, "registration")
    batch = read_table(inputs.batch)
    progress, rows = Progress("prepared"), []
    for done, row in enumerate(batch.itertuples(), start=1):
        try:
            prepared = prepare(
                row.image,
                Path(params.folder, row.participant_id),
                lambda head, grid: brain_mask(head, grid, extractor),
                settings,
                seed,
                None if pd.isna(row.mask) else row.mask,
            )
            rows.append({"participant_id": row.participant_id, **asdict(prepared)})
        except (ImageError, TransformError) as error:  # stack_volumes lists all
            print(error)
            rows.append({"participant_id": row.participant_id, "problem": str(error)})
        progress(done, len(batch))
    columns = ["participant_id", "image", "mask", "transform", "problem"]
    table = pd.DataFrame(rows)
    write_table(
        snakemake.output[0],
        table.reindex(columns=[*columns, *table.columns.difference(columns, sort=False)]),
    )
