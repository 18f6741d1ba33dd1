"""How well another run's models predict this cohort, beside both runs' held-out accuracy."""

import numpy as np
import pandas as pd

from voxplain.baselines.elsewhere import predict_elsewhere
from voxplain.baselines.models import Baselines
from voxplain.evaluation.maps.transfer import check_transfer
from voxplain.evaluation.prediction.table import predictions_table
from voxplain.image.stack import Stack
from voxplain.network.cnn import load_model
from voxplain.network.device import prepare_device
from voxplain.network.training import predict_logits
from voxplain.run.files import read_json, read_table, write_table
from voxplain.run.logs import job_log
from voxplain.stats.accuracy import accuracy_summary, bootstrap_intervals, is_evidence
from voxplain.stats.family_blocks import bootstrap_weights, label_permutations

COLUMNS = (
    *("n", "accuracy", "ci_low", "ci_high", "boot_low", "boot_high", "balanced_accuracy"),
    *("auc", "majority", "p_permutation", "evidence"),
)

with job_log(snakemake.log[0]):
    given, p = snakemake.input, snakemake.params
    device = prepare_device(p.threads, p.gpu)
    cohorts = [read_table(path) for path in given.participants]  # theirs, ours
    labels = pd.concat(cohorts)["label"].to_numpy(int)
    truth = labels[len(cohorts[0]) :]
    whole, extra = load_model(given.whole, device, p.network["source"])
    digests = [read_json(path)["images_sha256"] for path in given.provenance]
    check_transfer(extra["input"], p.input, *digests)
    networks = [load_model(path, device, p.network["source"])[0] for path in given.models]
    volumes = Stack(given.volumes[1])
    logits = {
        "whole cohort": predict_logits(whole, volumes),
        "folds, mean of logits": np.mean([predict_logits(n, volumes) for n in networks], axis=0),
    }
    found = {("cnn", kind): (x[:, 1] - x[:, 0], x.argmax(axis=1)) for kind, x in logits.items()}
    files = zip(cohorts, given.quality, given.morphometry or ["", ""], strict=True)
    rest = {"settings": p.settings, "seed": p.seed, "threads": p.threads}
    sides = [Baselines.read(*side, **rest) for side in files]
    fits = predict_elsewhere(p.models, *sides, Stack(*given.volumes), labels)
    found |= {(model, "whole cohort"): (x.scores, x.predictions) for model, x in fits.items()}
    people = cohorts[1]["participant_id"].tolist()
    weights = bootstrap_weights(cohorts[1], p.bootstraps, p.seed)
    permuted = label_permutations(cohorts[1], p.permutations, p.seed)
    rows = []
    for (model, kind), predicted in found.items():
        table = predictions_table(people, "external", truth, *predicted)
        summary = accuracy_summary(table, permuted)
        summary |= {"evidence": is_evidence(summary), **bootstrap_intervals(table, weights)}
        rows.append([p.other_run, p.run, model, kind, *map(summary.get, COLUMNS)])
    for run, path in zip((p.run, p.other_run), given.accuracy, strict=True):
        held_out = read_table(path).set_index("model").loc[["cnn", *fits], list(COLUMNS)]
        rows += [[run, run, x[0], "training folds", *x[1:]] for x in held_out.itertuples()]
    table = pd.DataFrame(rows, columns=["trained_on", "tested_on", "model", "fitted_on", *COLUMNS])
    write_table(snakemake.output.table, table)
    print(table.T.to_string())
