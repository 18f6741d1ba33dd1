"""Train one fold's network again: from another seed, or on shuffled labels."""

from functools import partial
from pathlib import Path

import numpy as np

from voxplain.cohort.folds import read_split, rows_of
from voxplain.image.stack import Stack
from voxplain.network.checkpoints import Checkpoint
from voxplain.network.cnn import build_network, save_model
from voxplain.network.device import prepare_device
from voxplain.network.training import TrainingSettings, train
from voxplain.run.files import read_table
from voxplain.run.logs import job_log
from voxplain.run.seeds import stream_seed

with job_log(snakemake.log[0]):
    p, variant = snakemake.params, snakemake.wildcards.variant
    device = prepare_device(p.threads, p.gpu)
    participants = read_table(snakemake.input.participants)
    split = read_split(snakemake.input.split, participants)
    inside = rows_of(split.train, participants)
    labels = participants["label"].to_numpy(int)[inside]
    seed = stream_seed(p.seed, "variant", variant)
    if variant == "shuffled":
        labels = np.random.default_rng([seed]).permutation(labels)
    checkpoint = Checkpoint(Path(p.checkpoint), f"{p.code} {p.network}")
    model, _ = train(
        partial(build_network, p.network["source"], p.network["arguments"]),
        Stack(snakemake.input.volumes).take(inside),
        labels,
        TrainingSettings(**p.settings),
        seed,
        device,
        checkpoint=checkpoint,
    )
    save_model(snakemake.output.model, model, p.network["arguments"], fold=split.fold)
    checkpoint.remove()
