"""Maps of one method for one fold: its held-out participants and a sample of its training set."""

from pathlib import Path

import pandas as pd

from voxplain.attribution import METHODS
from voxplain.attribution.cohorts import (
    explain_parts,
    mean_curves,
    seed_setting,
    targets_of,
    write_maps,
)
from voxplain.cohort.folds import read_fold, rows_of, training_sample
from voxplain.image.stack import Stack
from voxplain.network.checkpoints import Checkpoint
from voxplain.network.cnn import load_model
from voxplain.network.device import describe_device, prepare_device
from voxplain.run.files import read_table, write_json, write_table
from voxplain.run.logs import Progress, job_log
from voxplain.run.paths import WHOLE_COHORT

with job_log(snakemake.log[0]):
    inputs, params, outputs = snakemake.input, snakemake.params, snakemake.output
    method = snakemake.wildcards.method
    device = prepare_device(params.threads, params.gpu)
    participants = read_table(inputs.participants)
    fold = read_fold(inputs.split, participants)
    held_out, sample = fold.split.test, []
    if fold.name != WHOLE_COHORT:
        sample = training_sample(fold.split, participants, params.training_sample, params.seed)
    rows = rows_of([*held_out, *sample], participants)
    images, labels = Stack(inputs.volumes).take(rows), fold.labels[rows]
    model, _ = load_model(inputs.model, device, params.network["source"])
    settings = params.settings | seed_setting(METHODS[method], params.seed)
    checkpoint = Checkpoint(Path(params.checkpoint), params.code, every=60)
    kept = {}
    if method == "meaningful_perturbation":
        kept = {"progress": Progress("iterations"), "checkpoint": checkpoint}
    targets = targets_of(params.target, labels)
    results = explain_parts(METHODS[method], model, images, targets, settings, **kept)
    files = {outputs.maps: len(held_out), outputs.training_maps: len(sample)}
    details = write_maps(results, files, images)
    seconds = checkpoint.seconds

    sets = ["test"] * len(held_out) + ["train"] * len(sample)
    table = pd.DataFrame({"participant_id": [*held_out, *sample], "set": sets, "label": labels})
    table = table.assign(**{name: value for name, value in details.items() if value.ndim == 1})
    write_table(outputs.rows, table)
    write_table(outputs.curves, mean_curves(details).assign(fold=fold.name))
    timing = {
        "method": method,
        "fold": fold.name,
        "maps": len(rows),
        "test_maps": len(held_out),
        "seconds": seconds,
        "device": describe_device(device),
    }
    write_json(outputs.timing, timing)
    print(table.iloc[:, :3].to_string(index=False))
    checkpoint.remove()
