"""How well another run's models predict this cohort, beside both runs' held-out accuracy."""

import numpy as np
import pandas as pd

from voxplain import compute
from voxplain.evaluation.families import bootstrap_weights, label_permutations
from voxplain.evaluation.statistics import bootstrap_intervals, is_evidence, summarise
from voxplain.evaluation.transfer import check_transfer
from voxplain.files import read_table, write_table
from voxplain.logs import job_log
from voxplain.network import load_model
from voxplain.predictions import predictions_table
from voxplain.stack import Stack
from voxplain.training import predict_logits

COLUMNS = (
    *("n", "accuracy", "ci_low", "ci_high", "boot_low", "boot_high", "balanced_accuracy"),
    *("auc", "majority", "p_permutation", "evidence"),
)

with job_log(snakemake.log[0]):
    given, p = snakemake.input, snakemake.params
    device = compute.prepare(p.threads, p.gpu)
    participants = read_table(given.participants)
    volumes = Stack(given.volumes)
    whole, extra = load_model(given.whole, device, p.network["source"])
    check_transfer(extra["input"], p.input, read_table(given.other_participants), participants)
    folds = [load_model(path, device, p.network["source"])[0] for path in given.models]
    logits = {
        "whole cohort": predict_logits(whole, volumes),
        "folds' models, mean": np.mean([predict_logits(one, volumes) for one in folds], axis=0),
    }
    people = participants["participant_id"].tolist()
    weights = bootstrap_weights(participants, p.bootstraps, p.seed)
    permuted = label_permutations(participants, p.permutations, p.seed)
    rows = []
    for models, found in logits.items():
        labels = participants["label"].to_numpy(int)
        table = predictions_table(
            people, "external", labels, found[:, 1] - found[:, 0], found.argmax(axis=1)
        )
        summary = summarise(table, permuted)
        summary |= {"evidence": is_evidence(summary), **bootstrap_intervals(table, weights)}
        named = {"trained_on": p.other_run, "tested_on": p.run, "networks": models}
        rows.append(named | {column: summary[column] for column in COLUMNS})
    for run, path in ((p.run, given.accuracy), (p.other_run, given.other_accuracy)):
        cnn = read_table(path).set_index("model").loc["cnn"]
        named = {"trained_on": run, "tested_on": run, "networks": "held-out folds"}
        rows.append(named | {column: cnn[column] for column in COLUMNS})
    table = pd.DataFrame(rows)
    write_table(snakemake.output.table, table)
    print(table.T.to_string())
