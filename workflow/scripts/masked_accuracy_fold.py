"""Accuracy of one fold's model on held-out images restricted to group masks, with controls."""

import pandas as pd

from voxplain.cohort.folds import read_split, rows_of
from voxplain.evaluation.maps.group_maps import class_means, needs_scale
from voxplain.evaluation.trust.masked_accuracy import masked_accuracy
from voxplain.image.nifti import read_volume
from voxplain.image.stack import Stack
from voxplain.network.cnn import load_model
from voxplain.network.device import prepare_device
from voxplain.run.files import read_table, write_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    p = snakemake.params
    device = prepare_device(p.threads, p.gpu)
    participants = read_table(snakemake.input.participants)
    split = read_split(snakemake.input.split, participants)
    model, _ = load_model(snakemake.input.model, device, p.network["source"])
    brain = read_volume(snakemake.input.brain_mask)[0] > 0
    test = rows_of(split.test, participants)
    labels = participants["label"].to_numpy(int)[test]
    images = Stack(snakemake.input.volumes).take(test)
    tables = []
    for method, maps, rows in zip(
        p.methods, snakemake.input.maps, snakemake.input.rows, strict=True
    ):
        table = read_table(rows)
        map_labels = table.loc[table["set"] == p.map_set, "label"].to_numpy(int)
        group = class_means(Stack(maps), map_labels, needs_scale(method))
        masks = dict(zip([*p.classes, "conjoined"], group, strict=True))
        table = masked_accuracy(model, images, labels, masks, brain, p.random_masks, p.seed)
        table.insert(0, "method", method)
        tables.append(table)
    write_table(snakemake.output.table, pd.concat(tables).assign(fold=split.fold))
