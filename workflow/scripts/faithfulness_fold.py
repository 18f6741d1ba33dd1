"""Control maps of one fold, and deletion and insertion curves of every method and control."""

from itertools import repeat

import numpy as np
import pandas as pd

from voxplain.attribution.cohorts import explain_parts, targets_of, write_maps
from voxplain.attribution.controls import edges, group_difference, input_gradient
from voxplain.cohort.folds import read_fold
from voxplain.evaluation.trust.deletion_insertion import delete_and_insert
from voxplain.image.masked import read_brain
from voxplain.image.stack import Stack
from voxplain.network.cnn import load_model
from voxplain.network.device import prepare_device
from voxplain.run.files import keyed, read_table, write_rows, write_table
from voxplain.run.logs import Progress, job_log
from voxplain.run.seeds import stream_seed

with job_log(snakemake.log[0]):
    inputs, params, outputs = snakemake.input, snakemake.params, snakemake.output
    device = prepare_device(params.threads, params.gpu)
    model, _ = load_model(inputs.model, device, params.network["source"])
    fold = read_fold(inputs.split, read_table(inputs.participants))
    people, labels = fold.split.test, fold.labels[fold.test]
    volumes = Stack(inputs.volumes)
    images = volumes.take(fold.test)

    controls = keyed(outputs.maps, params.controls)
    gradients = explain_parts(input_gradient, model, images, targets_of(params.target, labels))
    details = write_maps(gradients, {controls["input_gradient"]: len(people)}, images)
    targets = details["target"]
    write_rows(controls["edges"], images.shape, np.float32, map(edges, images))
    difference = group_difference(volumes.take(fold.train), fold.labels[fold.train])
    same_for_all = repeat(difference, len(people))
    write_rows(controls["group_difference"], images.shape, np.float32, same_for_all)
    table = pd.DataFrame({"participant_id": people, "set": "test", "label": labels})
    for rows in outputs.rows:
        write_table(rows, table.assign(target=targets))

    paths = keyed(inputs.maps, params.methods) | controls
    n = min(params.settings["participants"], len(people))
    areas, curves = delete_and_insert(
        model,
        dict(zip(people[:n], images[:n], strict=True)),
        targets,
        {name: Stack(path) for name, path in paths.items()},
        read_brain(inputs.brain_mask),
        params.settings["random_orders"],
        params.settings["sigma"],
        stream_seed(params.seed, "faithfulness", fold.name),
        Progress("participants"),
    )
    write_table(outputs.areas, areas.assign(fold=fold.name))
    write_table(outputs.curves, curves.assign(fold=fold.name, participants=n))
