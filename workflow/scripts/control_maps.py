"""Maps of one fold's held-out participants that any method has to beat."""

import numpy as np
import pandas as pd
import torch

from voxplain import compute
from voxplain.attribution import controls
from voxplain.files import read_table, write_array, write_table
from voxplain.folds import read_split, rows_of
from voxplain.logs import job_log
from voxplain.network import load_model

with job_log(snakemake.log[0]):
    p = snakemake.params
    device = compute.prepare(snakemake.threads, p.gpu)
    participants = read_table(snakemake.input.participants)
    split = read_split(snakemake.input.split, participants)
    model, _ = load_model(snakemake.input.model, device, p.network["source"])
    volumes = np.load(snakemake.input.volumes, mmap_mode="r")
    labels = participants["label"].to_numpy(int)
    train, test = rows_of(split.train, participants), rows_of(split.test, participants)
    images = torch.from_numpy(volumes[test]).unsqueeze(1).to(device)
    targets = torch.from_numpy(labels[test]).to(device) if p.target == "true_class" else None

    gradient = controls.input_gradient(model, images, targets)
    difference = controls.group_difference(volumes[train], labels[train])
    maps = {
        "input_gradient": gradient.maps.cpu().numpy(),
        "edges": controls.edges(volumes[test]),
        "group_difference": np.broadcast_to(difference, (len(test), *difference.shape)),
    }
    table = pd.DataFrame({"participant_id": split.test, "set": "test", "label": labels[test]})
    table["target"] = gradient.targets.cpu().numpy()
    for name, path, rows in zip(
        p.controls, snakemake.output.maps, snakemake.output.rows, strict=True
    ):
        write_array(path, maps[name].astype(np.float32))
        write_table(rows, table)
