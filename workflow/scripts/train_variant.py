"""Train one fold's network again: from another seed, or on shuffled labels."""

from functools import partial
from pathlib import Path

import numpy as np

from voxplain.cohort.folds import read_fold
from voxplain.image.stack import Stack
from voxplain.network.checkpoints import Checkpoint
from voxplain.network.cnn import build_network, save_model
from voxplain.network.device import prepare_device
from voxplain.network.training import TrainingSettings, train
from voxplain.run.files import read_table
from voxplain.run.logs import job_log
from voxplain.run.seeds import stream_seed

with job_log(snakemake.log[0]):
    inputs, params, variant = snakemake.input, snakemake.params, snakemake.wildcards.variant
    device = prepare_device(params.threads, params.gpu)
    fold = read_fold(inputs.split, read_table(inputs.participants))
    labels = fold.labels[fold.train]
    seed = stream_seed(params.seed, "variant", variant)
    if variant == "shuffled":
        labels = np.random.default_rng([seed]).permutation(labels)
    checkpoint = Checkpoint(Path(params.checkpoint), f"{params.code} {params.network}")
    model, _ = train(
        partial(build_network, params.network["source"], params.network["arguments"]),
        Stack(inputs.volumes).take(fold.train),
        labels,
        TrainingSettings(**params.settings),
        seed,
        device,
        checkpoint=checkpoint,
    )
    save_model(snakemake.output.model, model, params.network["arguments"], fold=fold.name)
    checkpoint.remove()
