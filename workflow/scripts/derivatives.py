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
    given, p = snakemake.input, snakemake.params
    folder = Path(snakemake.output[0])
    participants = read_table(given.participants)
    dataset = Maps(
        folder,
        p.config,
        read_json(given.provenance),
        Grid.from_dict(read_json(given.grid)),
        participants,
    )
    dataset.write_dataset(read_table(given.folds))
    models = [
        {
            "fold": fold,
            "file": str(Path(path).relative_to(folder.parent)),
            "sha256": file_sha256(path),
        }
        for fold, path in zip(p.folds, given.models, strict=True)
    ]
    progress, done = Progress("folds and methods"), list(product(p.methods, models))
    for k, (path, rows, (method, model)) in enumerate(
        zip(given.maps, given.rows, done, strict=True), 1
    ):
        dataset.write_participants(method, Stack(path), read_table(rows), model)
        progress(k, len(done))
    sizes = participants["class_name"].value_counts()
    counts = {group: int(sizes.get(group, len(participants))) for group in p.groups}
    for method, path in zip(p.methods, given.group_maps, strict=True):
        dataset.write_groups(method, np.load(path), counts)
