"""Train the network on one fold and predict its held-out participants."""

from functools import partial
from pathlib import Path

import numpy as np

from voxplain.cohort.folds import read_fold
from voxplain.evaluation.prediction.table import predictions_of_fold
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
    inputs, params, outputs = snakemake.input, snakemake.params, snakemake.output
    device = prepare_device(params.threads, params.gpu)
    fold = read_fold(inputs.split, read_table(inputs.participants))
    volumes = Stack(inputs.volumes)
    images, truth = volumes.take(fold.test), fold.labels[fold.test]
    seed = stream_seed(params.seed, "training", fold.name)
    checkpoint = Checkpoint(Path(params.checkpoint), f"{params.code} {params.network}")

    model, history = train(
        partial(build_network, params.network["source"], params.network["arguments"]),
        volumes.take(fold.train),
        fold.labels[fold.train],
        TrainingSettings(**params.settings),
        seed,
        device,
        held_out=(images, truth),
        checkpoint=checkpoint,
    )
    logits = predict_logits(model, images)
    predicted = logits.argmax(axis=1)

    form = params.input | {"affine": read_json(inputs.grid)["affine"]}
    save_model(outputs.model, model, params.network["arguments"], fold=fold.name, input=form)
    write_table(outputs.history, history.assign(fold=fold.name))
    predictions = predictions_of_fold(fold, logits[:, 1] - logits[:, 0], predicted)
    write_table(outputs.predictions, predictions)
    metrics = {
        "fold": fold.name,
        "n_train": len(fold.train),
        "n_test": len(fold.test),
        "accuracy": float(np.mean(predicted == truth)),
        "seed": seed,
        "device": describe_device(device),
        "versions": environment(),
    }
    write_json(outputs.metrics, metrics)
    checkpoint.remove()
