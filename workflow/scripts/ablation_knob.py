"""Maps of a few participants by Meaningful Perturbations, one setting at several values."""

import numpy as np
import pandas as pd
import torch

from voxplain.attribution import meaningful_perturbation
from voxplain.attribution.cohorts import mean_curves, targets_of
from voxplain.cohort.folds import read_fold
from voxplain.evaluation.maps.localisation import planted_voxels
from voxplain.evaluation.trust.ablation_runs import measure, trials
from voxplain.evaluation.trust.deletion_insertion import fill
from voxplain.image.masked import read_brain
from voxplain.image.stack import Stack
from voxplain.network.cnn import load_model
from voxplain.network.device import prepare_device
from voxplain.run.files import read_table, write_table
from voxplain.run.logs import Progress, job_log
from voxplain.run.seeds import stream_seed

with job_log(snakemake.log[0]):
    inputs, params, knob = snakemake.input, snakemake.params, snakemake.wildcards.knob
    device = prepare_device(params.threads, params.gpu)
    fold = read_fold(inputs.split, read_table(inputs.participants))
    of_classes = [fold.test[fold.labels[fold.test] == label] for label in (0, 1)]
    chosen = np.concatenate([rows[: params.participants] for rows in of_classes])
    volumes, brain = Stack(inputs.volumes)[chosen], read_brain(inputs.brain_mask)
    model, _ = load_model(inputs.model, device, params.network["source"])
    truth = None
    if inputs.truth:
        truth = planted_voxels(inputs.truth, inputs.truth_names, brain.shape)
    images = torch.from_numpy(volumes).unsqueeze(1).to(device)
    targets = targets_of(params.target, fold.labels[chosen])
    targets = None if targets is None else torch.from_numpy(targets).to(device)
    blurred = fill("blur", volumes, brain, params.sigma)
    seed = stream_seed(params.seed, "meaningful_perturbation")

    rows, curves, progress = [], [], Progress("values")
    tried = trials(knob, params.values, params.settings, brain.shape)
    for done, trial in enumerate(tried, start=1):
        settings = trial.settings | {"seed": seed}
        result = meaningful_perturbation(model, images, targets, **settings)
        measures = measure(model, volumes, result, brain, blurred, params.equal_area, truth)
        rows.append(measures.assign(**trial.labels()))
        curve = mean_curves({"probability": np.asarray(result.details["probability_curve"])})
        curves.append(curve.assign(knob=knob, value=trial.value))
        progress(done, len(tried))
    write_table(snakemake.output.rows, pd.concat(rows))
    write_table(snakemake.output.curves, pd.concat(curves))
