"""Control maps of one fold, and deletion and insertion curves of every method and control."""

from itertools import repeat

import numpy as np
import pandas as pd

from voxplain.attribution.cohorts import explain_parts, targets_of, write_maps
from voxplain.attribution.controls import edges, group_difference, input_gradient
from voxplain.cohort.folds import read_split, rows_of
from voxplain.evaluation.trust import deletion_insertion
from voxplain.image.nifti import read_volume
from voxplain.image.stack import Stack
from voxplain.network.cnn import load_model
from voxplain.network.device import prepare_device
from voxplain.run.files import read_table, write_rows, write_table
from voxplain.run.logs import Progress, job_log
from voxplain.run.seeds import stream_seed

with job_log(snakemake.log[0]):
    given, p = snakemake.input, snakemake.params
    fold = snakemake.wildcards.fold
    device = prepare_device(p.threads, p.gpu)
    model, _ = load_model(given.model, device, p.network["source"])
    participants = read_table(given.participants)
    labels = participants["label"].to_numpy(int)
    split = read_split(given.split, participants)
    train, test = rows_of(split.train, participants), rows_of(split.test, participants)
    volumes = Stack(given.volumes)
    images = volumes.take(test)

    targets = targets_of(p.target, labels[test])
    made = dict(zip(p.controls, snakemake.output.maps, strict=True))
    gradients = explain_parts(input_gradient, model, images, targets)
    targets = write_maps(gradients, {made["input_gradient"]: len(test)}, images)["target"]
    write_rows(made["edges"], images.shape, np.float32, map(edges, images))
    difference = group_difference(volumes.take(train), labels[train])
    everybodys = repeat(difference, len(test))
    write_rows(made["group_difference"], images.shape, np.float32, everybodys)
    table = pd.DataFrame({"participant_id": split.test, "set": "test", "label": labels[test]})
    for rows in snakemake.output.rows:
        write_table(rows, table.assign(target=targets))

    paths = {**dict(zip(p.methods, given.maps, strict=True)), **made}
    n = min(p.settings["participants"], len(test))
    areas, curves = deletion_insertion.of_participants(
        model,
        dict(zip(split.test[:n], images[:n], strict=True)),
        targets,
        {name: Stack(path) for name, path in paths.items()},
        read_volume(given.brain_mask)[0] > 0,
        p.settings["random_orders"],
        p.settings["sigma"],
        stream_seed(p.seed, "faithfulness", fold),
        Progress("participants"),
    )
    write_table(snakemake.output.areas, areas.assign(fold=fold))
    write_table(snakemake.output.curves, curves.assign(fold=fold, participants=n))
