"""Train the network on one fold and predict its held-out participants."""

from functools import partial
from pathlib import Path

import numpy as np

from voxplain.cohort.folds import read_split, rows_of
from voxplain.evaluation.prediction.table import predictions_table
from voxplain.image.stack import Stack
from voxplain.network.checkpoints import Checkpoint
from voxplain.network.cnn import build_network, save_model
from voxplain.network.device import describe_device, prepare_device
from voxplain.network.training import TrainingSettings, predict_logits, train
from voxplain.run.environment import environment
from voxplain.run.files import read_json, read_table, write_json, write_table
from voxplain.run.logs import job_log
from voxplain.run.seeds import stream_seed

with job_log(snakemake.log[0]):
    p = snakemake.params
    device = prepare_device(p.threads, p.gpu)
    participants = read_table(snakemake.input.participants)
    split = read_split(snakemake.input.split, participants)
    volumes = Stack(snakemake.input.volumes)
    labels = participants["label"].to_numpy(int)
    inside, held_out = rows_of(split.train, participants), rows_of(split.test, participants)
    seed = stream_seed(p.seed, "training", split.fold)
    checkpoint = Checkpoint(Path(p.checkpoint), f"{p.code} {p.network}")

    model, history = train(
        partial(build_network, p.network["source"], p.network["arguments"]),
        volumes.take(inside),
        labels[inside],
        TrainingSettings(**p.settings),
        seed,
        device,
        held_out=(volumes.take(held_out), labels[held_out]),
        checkpoint=checkpoint,
    )
    logits = predict_logits(model, volumes.take(held_out))
    predicted = logits.argmax(axis=1)

    form = p.input | {"affine": read_json(snakemake.input.grid)["affine"]}
    save_model(snakemake.output.model, model, p.network["arguments"], fold=split.fold, input=form)
    write_table(snakemake.output.history, history.assign(fold=split.fold))
    write_table(
        snakemake.output.predictions,
        predictions_table(
            split.test, split.fold, labels[held_out], logits[:, 1] - logits[:, 0], predicted
        ),
    )
    write_json(
        snakemake.output.metrics,
        {
            "fold": split.fold,
            "n_train": len(inside),
            "n_test": len(held_out),
            "accuracy": float(np.mean(predicted == labels[held_out])),
            "seed": seed,
            "device": describe_device(device),
            "versions": environment(),
        },
    )
    checkpoint.remove()
