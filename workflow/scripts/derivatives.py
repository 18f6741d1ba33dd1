"""Every map of the run as a BIDS derivatives dataset."""

from itertools import product
from pathlib import Path

import numpy as np

from voxplain.export.derivatives import Maps
from voxplain.image.grid import Grid
from voxplain.image.stack import Stack
from voxplain.run.files import read_json, read_table
from voxplain.run.fingerprints import file_sha256
from voxplain.run.logs import Progress, job_log

with job_log(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    folder = Path(snakemake.output[0])
    participants = read_table(inputs.participants)
    dataset = Maps(
        folder,
        params.config,
        read_json(inputs.provenance),
        Grid.from_dict(read_json(inputs.grid)),
        participants,
    )
    dataset.write_dataset(read_table(inputs.folds))
    models = [
        {
            "fold": fold,
            "file": str(Path(path).relative_to(folder.parent)),
            "sha256": file_sha256(path),
        }
        for fold, path in zip(params.folds, inputs.models, strict=True)
    ]
    progress, done = Progress("folds and methods"), list(product(params.methods, models))
    for k, (path, rows, (method, model)) in enumerate(
        zip(inputs.maps, inputs.rows, done, strict=True), 1
    ):
        dataset.write_participants(method, Stack(path), read_table(rows), model)
        progress(k, len(done))
    sizes = participants["class_name"].value_counts()
    counts = {group: int(sizes.get(group, len(participants))) for group in params.groups}
    for method, path in zip(params.methods, inputs.group_maps, strict=True):
        dataset.write_groups(method, np.load(path), counts)
