"""Maps of a few participants by Meaningful Perturbations, one setting at several values."""

import numpy as np
import pandas as pd
import torch

from voxplain.attribution import meaningful_perturbation
from voxplain.attribution.cohorts import targets_of
from voxplain.cohort.folds import read_split, rows_of
from voxplain.evaluation.maps.localisation import planted_voxels
from voxplain.evaluation.trust.ablation import PAPER
from voxplain.evaluation.trust.ablation_runs import knob_values, measure, paper_settings
from voxplain.evaluation.trust.deletion_insertion import fill
from voxplain.image.nifti import read_volume
from voxplain.image.stack import Stack
from voxplain.network.cnn import load_model
from voxplain.network.device import prepare_device
from voxplain.run.files import read_table, write_table
from voxplain.run.logs import Progress, job_log
from voxplain.run.seeds import stream_seed

with job_log(snakemake.log[0]):
    given, p, knob = snakemake.input, snakemake.params, snakemake.wildcards.knob
    device = prepare_device(p.threads, p.gpu)
    participants = read_table(given.participants)
    split = read_split(given.split, participants)
    test = rows_of(split.test, participants)
    labels = participants["label"].to_numpy(int)
    chosen = np.concatenate([test[labels[test] == c][: p.participants] for c in (0, 1)])
    volumes = Stack(given.volumes)[chosen]
    brain = read_volume(given.brain_mask)[0] > 0
    model, _ = load_model(given.model, device, p.network["source"])
    truth = None
    if given.truth:
        truth = planted_voxels(given.truth, given.truth_names, brain.shape)
    images = torch.from_numpy(volumes).unsqueeze(1).to(device)
    targets = targets_of(p.target, labels[chosen])
    targets = None if targets is None else torch.from_numpy(targets).to(device)
    blurred = fill("blur", volumes, brain, p.sigma)
    papers = paper_settings(brain.shape)
    if knob == PAPER:
        tried = {None: papers}
    else:
        values = knob_values(p.values, p.settings[knob], papers[knob])
        tried = {value: p.settings | {knob: value} for value in values}

    rows, curves, progress = [], [], Progress("values")
    for done, (value, settings) in enumerate(tried.items(), start=1):
        settings = dict(settings) | {"seed": stream_seed(p.seed, "meaningful_perturbation")}
        result = meaningful_perturbation(model, images, targets, **settings)
        found = measure(model, volumes, result, brain, blurred, p.equal_area, truth)
        label = {"knob": knob, "value": value}
        whose = {"own": value == p.settings.get(knob), "paper": value == papers.get(knob)}
        if knob == PAPER:
            whose = {"own": False, "paper": True}
        rows.append(found.assign(**label, **whose))
        curve = pd.DataFrame(result.details["probability_curve"]).mean()
        curve = pd.DataFrame({"iteration": curve.index + 1, "probability": curve})
        curves.append(curve.assign(**label))
        progress(done, len(tried))
    write_table(snakemake.output.rows, pd.concat(rows))
    write_table(snakemake.output.curves, pd.concat(curves))
