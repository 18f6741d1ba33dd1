"""How one method's maps change with the network: random weights, shuffled labels, small noise."""

from functools import partial

import pandas as pd
import torch

from voxplain.attribution import METHODS
from voxplain.attribution.cohorts import seed_setting, targets_of
from voxplain.attribution.controls import image_edges, input_gradient
from voxplain.cohort.folds import read_split, rows_of
from voxplain.evaluation.trust import network_variants, sanity_and_stability
from voxplain.image.nifti import read_volume
from voxplain.image.stack import Stack
from voxplain.network.cnn import load_model
from voxplain.network.device import prepare_device
from voxplain.run.files import read_table, write_table
from voxplain.run.logs import Progress, job_log
from voxplain.run.seeds import stream_seed

N_NORM_IMAGES = 32  # training participants on which a random network's BatchNorms are measured
CONTROLS = {"input_gradient": input_gradient, "edges": image_edges}

with job_log(snakemake.log[0]):
    given, p, method = snakemake.input, snakemake.params, snakemake.wildcards.method
    device = prepare_device(p.threads, p.gpu)
    participants = read_table(given.participants)
    split = read_split(given.split, participants)
    volumes = Stack(given.volumes)
    brain = read_volume(given.brain_mask)[0] > 0
    labels = participants["label"].to_numpy(int)
    test = rows_of(split.test, participants)[: p.robustness["participants"]]
    train = rows_of(split.train, participants)[:N_NORM_IMAGES]

    def on_device(rows):
        return torch.from_numpy(volumes[rows]).unsqueeze(1).to(device)

    images, sample = on_device(test), on_device(train)
    model, _ = load_model(given.model, device, p.network["source"])
    targets = targets_of(p.target, labels[test])
    # A changed network is asked about the same class.
    targets = model(images).argmax(1) if targets is None else torch.from_numpy(targets).to(device)
    settings = p.settings | seed_setting(METHODS[method], p.seed)
    methods = {method: partial(METHODS[method], **settings)}
    methods |= {name: CONTROLS[name] for name in p.controls}
    trained = {}
    for name, path in zip(p.names, given.variants, strict=True):
        kind, _, number = name.partition("-")
        trained[kind, number or "labels"], _ = load_model(path, device, p.network["source"])
    seeds = [stream_seed(p.seed, "robustness", str(k)) for k in range(len(test))]
    noise, progress = p.robustness["noise"], Progress("participants")
    maps = network_variants.explain_variants(
        methods, model, images, targets, trained, sample, noise, seeds, progress
    )
    tables = {
        name: sanity_and_stability.compare_with_intact(each, brain, p.equal_area)
        for name, each in maps.items()
    }
    table = pd.concat(tables, names=["method"]).reset_index("method")
    write_table(snakemake.output.table, table)
