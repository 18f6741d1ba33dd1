"""How one method's maps change with the network: random weights, shuffled labels, small noise."""

import torch

from voxplain import compute
from voxplain.attribution import METHODS, SEEDED
from voxplain.attribution.cohorts import targets_of
from voxplain.evaluation import robustness, variants
from voxplain.files import read_table, write_table
from voxplain.folds import read_split, rows_of
from voxplain.logs import Progress, job_log
from voxplain.network import load_model
from voxplain.nifti import read_volume
from voxplain.seeds import stream_seed
from voxplain.stack import Stack

N_NORM_IMAGES = 32  # training participants on which a random network's BatchNorms are measured

with job_log(snakemake.log[0]):
    given, p, method = snakemake.input, snakemake.params, snakemake.wildcards.method
    device = compute.prepare(snakemake.threads, p.gpu)
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
    seed = stream_seed(p.seed, "robustness")
    changed = {("randomised", name): one for name, one in variants.randomised(model, sample, seed)}
    for level in p.robustness["noise"]:
        changed["noise", f"{level:g}"] = variants.with_noise(model, level, seed)
    if variants.has_dropout(model):
        changed["dropout", "on"] = variants.with_dropout(model, seed)
    for name, path in zip(p.names, given.variants, strict=True):
        kind, _, number = name.partition("-")
        changed[kind, number or "labels"], _ = load_model(path, device, p.network["source"])

    settings = dict(p.settings)
    if method in SEEDED:
        settings |= {"seed": stream_seed(p.seed, method)}
    targets = targets_of(p.target, labels[test])
    # a changed network is asked about the same class
    targets = model(images).argmax(1) if targets is None else torch.from_numpy(targets).to(device)
    progress = Progress("networks")
    intact = METHODS[method](model, images, targets, **settings).maps.cpu().numpy()
    maps = {}
    for done, (key, variant) in enumerate(changed.items(), start=1):
        maps[key] = METHODS[method](variant, images, targets, **settings).maps.cpu().numpy()
        progress(done, len(changed))
    table = robustness.compare(intact, maps, brain, p.equal_area)
    table.insert(0, "method", method)
    write_table(snakemake.output.table, table)
