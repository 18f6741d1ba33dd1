"""Maps of one method for one fold: its held-out participants and a sample of its training set."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from voxplain import compute
from voxplain.attribution import METHODS, SEEDED
from voxplain.checkpoints import Checkpoint
from voxplain.files import read_table, write_array, write_json, write_table
from voxplain.folds import read_split, rows_of, training_sample
from voxplain.logs import Progress, job_log
from voxplain.network import load_model
from voxplain.paths import WHOLE_COHORT
from voxplain.seeds import stream_seed

with job_log(snakemake.log[0]):
    p, method = snakemake.params, snakemake.wildcards.method
    device = compute.prepare(snakemake.threads, p.gpu)
    participants = read_table(snakemake.input.participants)
    split = read_split(snakemake.input.split, participants)
    sample = []
    if split.fold != WHOLE_COHORT:
        sample = training_sample(split, participants, p.training_sample, p.seed)
    names = [*split.test, *sample]
    rows = participants.iloc[rows_of(names, participants)]
    labels = rows["label"].to_numpy(int)
    model, _ = load_model(snakemake.input.model, device, p.network["source"])
    volumes = np.load(snakemake.input.volumes, mmap_mode="r")[rows.index]
    images = torch.from_numpy(volumes).unsqueeze(1).to(device)
    targets = torch.from_numpy(labels).to(device) if p.target == "true_class" else None
    settings = dict(p.settings)
    checkpoint = Checkpoint(Path(p.checkpoint), p.code, every=60)
    if method in SEEDED:
        settings |= {"seed": stream_seed(p.seed, method)}
    if method == "meaningful_perturbation":
        settings |= {"progress": Progress("iterations"), "checkpoint": checkpoint}

    result = METHODS[method](model, images, targets, **settings)
    maps = result.maps.cpu().numpy()
    seconds = checkpoint.seconds

    table = pd.DataFrame(
        {
            "participant_id": names,
            "set": ["test"] * len(split.test) + ["train"] * len(sample),
            "label": labels,
            "target": result.targets.cpu().numpy(),
            "score": result.scores.cpu().numpy(),
        }
    )
    figures = {name: value for name, value in result.details.items() if value.ndim == 1}
    write_table(snakemake.output.rows, table.assign(**figures))
    curves = pd.DataFrame(
        {
            name: pd.DataFrame(value).mean()
            for name, value in result.details.items()
            if value.ndim == 2
        }
    )
    curves.insert(0, "iteration", curves.index + 1)
    write_table(snakemake.output.curves, curves.assign(fold=split.fold))
    write_array(snakemake.output.maps, maps[: len(split.test)])
    write_array(snakemake.output.training_maps, maps[len(split.test) :])
    write_json(
        snakemake.output.timing,
        {
            "method": method,
            "fold": split.fold,
            "maps": len(names),
            "test_maps": len(split.test),
            "seconds": seconds,
            "device": compute.describe(device),
        },
    )
    print(table.to_string(index=False))
    checkpoint.remove()
