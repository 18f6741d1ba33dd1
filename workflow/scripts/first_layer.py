"""Mean and entropy of the first hidden layer's features per class, tested and corrected."""

import pandas as pd

from voxplain.baselines import head_size
from voxplain.cohort.folds import read_fold
from voxplain.evaluation.maps.first_layer import (
    class_batch_entropies,
    class_table,
    first_layer_features,
    first_layer_scale,
)
from voxplain.image.stack import Stack
from voxplain.network.cnn import load_model
from voxplain.network.device import prepare_device
from voxplain.run.files import keyed, read_table, write_table
from voxplain.run.logs import job_log
from voxplain.run.paths import WHOLE_COHORT

with job_log(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    device = prepare_device(params.threads, params.gpu)
    participants = read_table(inputs.participants)
    sizes = head_size.measured(participants, read_table(inputs.quality)).to_numpy()
    volumes, models = Stack(inputs.volumes), keyed(inputs.models, params.folds)
    tables = []
    for name, path in keyed(inputs.splits, params.folds).items():
        fold = read_fold(path, participants)
        images, labels = volumes.take(fold.test), fold.labels[fold.test]
        model, _ = load_model(models[name], device, params.network["source"])
        scale = first_layer_scale(model, volumes.take(fold.train))
        means, entropies = first_layer_features(model, images, scale)
        measures = {"mean": means, "entropy": entropies}
        if name == WHOLE_COHORT:
            of_authors = class_batch_entropies(model, images, labels)
            measures["entropy, authors' scale"] = of_authors
        table = class_table(measures, labels, params.classes, sizes[fold.test])
        table.insert(0, "fold", name)
        tables.append(table)
    write_table(snakemake.output.table, pd.concat(tables))
