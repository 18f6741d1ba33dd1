"""Maps of one method for one fold: its held-out participants and a sample of its training set."""

from pathlib import Path

import pandas as pd

from voxplain.attribution import METHODS
from voxplain.attribution.cohorts import explain_parts, seed_setting, targets_of, write_maps
from voxplain.cohort.folds import read_split, rows_of, training_sample
from voxplain.image.stack import Stack
from voxplain.network.checkpoints import Checkpoint
from voxplain.network.cnn import load_model
from voxplain.network.device import describe_device, prepare_device
from voxplain.run.files import read_table, write_json, write_table
from voxplain.run.logs import Progress, job_log
from voxplain.run.paths import WHOLE_COHORT

with job_log(snakemake.log[0]):
    p, method = snakemake.params, snakemake.wildcards.method
    device = prepare_device(p.threads, p.gpu)
    participants = read_table(snakemake.input.participants)
    split = read_split(snakemake.input.split, participants)
    sample = []
    if split.fold != WHOLE_COHORT:
        sample = training_sample(split, participants, p.training_sample, p.seed)
    names = [*split.test, *sample]
    rows = participants.iloc[rows_of(names, participants)]
    labels = rows["label"].to_numpy(int)
    model, _ = load_model(snakemake.input.model, device, p.network["source"])
    images = Stack(snakemake.input.volumes).take(rows.index)
    settings = p.settings | seed_setting(METHODS[method], p.seed)
    checkpoint = Checkpoint(Path(p.checkpoint), p.code, every=60)
    kept = {}
    if method == "meaningful_perturbation":
        kept = {"progress": Progress("iterations"), "checkpoint": checkpoint}
    targets = targets_of(p.target, labels)
    results = explain_parts(METHODS[method], model, images, targets, settings, **kept)
    files = {snakemake.output.maps: len(split.test), snakemake.output.training_maps: len(sample)}
    details = write_maps(results, files, images)
    seconds = checkpoint.seconds

    table = pd.DataFrame(
        {
            "participant_id": names,
            "set": ["test"] * len(split.test) + ["train"] * len(sample),
            "label": labels,
        }
    )
    figures = {name: value for name, value in details.items() if value.ndim == 1}
    write_table(snakemake.output.rows, table.assign(**figures))
    curves = pd.DataFrame(
        {name: pd.DataFrame(value).mean() for name, value in details.items() if value.ndim == 2}
    )
    curves.insert(0, "iteration", curves.index + 1)
    write_table(snakemake.output.curves, curves.assign(fold=split.fold))
    write_json(
        snakemake.output.timing,
        {
            "method": method,
            "fold": split.fold,
            "maps": len(names),
            "test_maps": len(split.test),
            "seconds": seconds,
            "device": describe_device(device),
        },
    )
    print(table.to_string(index=False))
    checkpoint.remove()
