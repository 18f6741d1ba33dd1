"""How one method's maps change with the network: random weights, shuffled labels, small noise."""

from functools import partial

import pandas as pd
import torch

from voxplain.attribution import METHODS
from voxplain.attribution.cohorts import seed_setting, targets_of
from voxplain.attribution.controls import image_edges, input_gradient
from voxplain.cohort.folds import read_fold
from voxplain.evaluation.trust.network_variants import explain_variants
from voxplain.evaluation.trust.sanity_and_stability import compare_with_intact
from voxplain.image.masked import read_brain
from voxplain.image.stack import Stack
from voxplain.network.cnn import load_model
from voxplain.network.device import prepare_device
from voxplain.run.files import keyed, read_table, write_table
from voxplain.run.logs import Progress, job_log
from voxplain.run.seeds import stream_seed

N_NORM_IMAGES = 32  # training participants on which a random network's BatchNorms are measured
CONTROLS = {"input_gradient": input_gradient, "edges": image_edges}

with job_log(snakemake.log[0]):
    inputs, params, method = snakemake.input, snakemake.params, snakemake.wildcards.method
    device, source = prepare_device(params.threads, params.gpu), params.network["source"]
    fold = read_fold(inputs.split, read_table(inputs.participants))
    volumes, brain = Stack(inputs.volumes), read_brain(inputs.brain_mask)
    test = fold.test[: params.robustness["participants"]]

    def on_device(rows):
        return torch.from_numpy(volumes[rows]).unsqueeze(1).to(device)

    images, sample = on_device(test), on_device(fold.train[:N_NORM_IMAGES])
    model, _ = load_model(inputs.model, device, source)
    targets = targets_of(params.target, fold.labels[test])
    # A changed network is asked about the same class.
    targets = model(images).argmax(1) if targets is None else torch.from_numpy(targets).to(device)
    settings = params.settings | seed_setting(METHODS[method], params.seed)
    methods = {method: partial(METHODS[method], **settings)}
    methods |= {name: CONTROLS[name] for name in params.controls}
    trained = {}
    for name, path in keyed(inputs.variants, params.names).items():
        kind, _, number = name.partition("-")
        trained[kind, number or "labels"], _ = load_model(path, device, source)
    seeds = [stream_seed(params.seed, "robustness", str(k)) for k in range(len(test))]
    noise, progress = params.robustness["noise"], Progress("participants")
    of_network = model, images, targets, trained
    maps = explain_variants(methods, *of_network, sample, noise, seeds, progress)
    tables = {
        name: compare_with_intact(variants, brain, params.equal_area)
        for name, variants in maps.items()
    }
    table = pd.concat(tables, names=["method"]).reset_index("method")
    write_table(snakemake.output.table, table)
