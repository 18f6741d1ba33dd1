"""Accuracy of one fold's model on held-out images restricted to group masks, with controls."""

import pandas as pd

from voxplain.cohort.folds import read_fold
from voxplain.evaluation.maps.group_maps import class_means, needs_scale
from voxplain.evaluation.trust.masked_accuracy import masked_accuracy
from voxplain.image.masked import read_brain
from voxplain.image.stack import Stack
from voxplain.network.cnn import load_model
from voxplain.network.device import prepare_device
from voxplain.run.files import keyed, read_table, write_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    device = prepare_device(params.threads, params.gpu)
    fold = read_fold(inputs.split, read_table(inputs.participants))
    model, _ = load_model(inputs.model, device, params.network["source"])
    brain = read_brain(inputs.brain_mask)
    images, labels = Stack(inputs.volumes).take(fold.test), fold.labels[fold.test]
    maps, rows = keyed(inputs.maps, params.methods), keyed(inputs.rows, params.methods)
    tables = []
    for method in params.methods:
        table = read_table(rows[method])
        map_labels = table.loc[table["set"] == params.map_set, "label"].to_numpy(int)
        group = class_means(Stack(maps[method]), map_labels, needs_scale(method))
        masks = group.by_name(params.classes)
        controls = brain, params.random_masks, params.seed
        table = masked_accuracy(model, images, labels, masks, *controls)
        table.insert(0, "method", method)
        tables.append(table)
    write_table(snakemake.output.table, pd.concat(tables).assign(fold=fold.name))
