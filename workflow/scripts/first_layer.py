"""Mean and entropy of the first hidden layer's features per class, tested and corrected."""

import pandas as pd

from voxplain.baselines import head_size
from voxplain.cohort.folds import read_split, rows_of
from voxplain.evaluation.maps.first_layer import (
    class_batch_entropies,
    feature_means,
    feature_tests,
    first_layer_features,
    first_layer_scale,
)
from voxplain.image.stack import Stack
from voxplain.network.cnn import load_model
from voxplain.network.device import prepare_device
from voxplain.run.files import read_table, write_table
from voxplain.run.logs import job_log
from voxplain.run.paths import WHOLE_COHORT

with job_log(snakemake.log[0]):
    p = snakemake.params
    device = prepare_device(p.threads, p.gpu)
    participants = read_table(snakemake.input.participants)
    labels = participants["label"].to_numpy(int)
    sizes = head_size.measured(participants, read_table(snakemake.input.quality)).to_numpy()
    images = Stack(snakemake.input.volumes)
    tables = []
    for fold, split_path, model_path in zip(
        p.folds, snakemake.input.splits, snakemake.input.models, strict=True
    ):
        split = read_split(split_path, participants)
        model, _ = load_model(model_path, device, p.network["source"])
        train, test = rows_of(split.train, participants), rows_of(split.test, participants)
        features = first_layer_features(
            model, images.take(test), first_layer_scale(model, images.take(train))
        )
        measures = dict(zip(("mean", "entropy"), features, strict=True))
        if fold == WHOLE_COHORT:
            measures["entropy, authors' scale"] = class_batch_entropies(
                model, images.take(test), labels[test]
            )
        for measure, values in measures.items():
            table = feature_means(values, labels[test], p.classes).merge(
                feature_tests(values, labels[test], p.classes, sizes[test]),
                on="feature",
                suffixes=("", "_test"),
            )
            table.insert(0, "fold", fold)
            table.insert(1, "measure", measure)
            table.insert(2, "n", len(test))
            tables.append(table)
    write_table(snakemake.output.table, pd.concat(tables))
