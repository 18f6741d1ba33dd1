"""Control maps of one fold, and deletion and insertion curves of every method and control."""

import numpy as np
import pandas as pd
import torch

from voxplain import compute
from voxplain.attribution import controls
from voxplain.evaluation import faithfulness
from voxplain.files import read_table, write_array, write_table
from voxplain.folds import read_split, rows_of
from voxplain.logs import Progress, job_log
from voxplain.network import load_model
from voxplain.nifti import read_volume
from voxplain.seeds import stream_seed

with job_log(snakemake.log[0]):
    given, p = snakemake.input, snakemake.params
    fold = snakemake.wildcards.fold
    device = compute.prepare(snakemake.threads, p.gpu)
    model, _ = load_model(given.model, device, p.network["source"])
    participants = read_table(given.participants)
    labels = participants["label"].to_numpy(int)
    split = read_split(given.split, participants)
    train, test = rows_of(split.train, participants), rows_of(split.test, participants)
    volumes = np.load(given.volumes, mmap_mode="r")

    targets = torch.from_numpy(labels[test]).to(device) if p.target == "true_class" else None
    made, targets = controls.all_controls(model, volumes, labels, train, test, targets)
    table = pd.DataFrame({"participant_id": split.test, "set": "test", "label": labels[test]})
    for name, path, rows in zip(
        p.controls, snakemake.output.maps, snakemake.output.rows, strict=True
    ):
        write_array(path, made[name].astype(np.float32))
        write_table(rows, table.assign(target=targets))

    maps = {
        method: np.load(path, mmap_mode="r")
        for method, path in zip(p.methods, given.maps, strict=True)
    }
    n = min(p.settings["participants"], len(test))
    areas, curves = faithfulness.of_participants(
        model,
        dict(zip(split.test[:n], volumes[test[:n]], strict=True)),
        targets,
        maps | {name: made[name] for name in p.controls},
        read_volume(given.brain_mask)[0] > 0,
        p.settings["random_orders"],
        p.settings["sigma"],
        stream_seed(p.seed, "faithfulness", fold),
        Progress("participants"),
    )
    write_table(snakemake.output.areas, areas.assign(fold=fold))
    write_table(snakemake.output.curves, curves.assign(fold=fold, participants=n))
