"""Figures of numbers: Fig. 1 and 3 of the paper, accuracy, learning curves and overlap."""

import pandas as pd

from voxplain import figures
from voxplain.evaluation.trust.sanity_and_stability import SANE_BELOW
from voxplain.run.files import read_table, read_tables
from voxplain.run.logs import job_log
from voxplain.run.paths import WHOLE_COHORT

with job_log(snakemake.log[0]):
    given, p = snakemake.input, snakemake.params
    classes = tuple(p.classes)

    def draw(name, figure, data):
        figures.save(figure, data, *snakemake.output[name])

    importances = read_table(given.importances) if given.importances else pd.DataFrame()
    draw("fig1", figures.importances(importances, classes), importances)
    # The features of different folds' models are different features: the figure shows one model.
    first_layer = read_table(given.first_layer)
    whole = first_layer[first_layer["fold"] == WHOLE_COHORT]
    draw("fig3", figures.first_layer(whole, classes), whole)
    accuracy = read_table(given.accuracy)
    draw("accuracy", figures.accuracy(accuracy), accuracy)
    head_size = read_table(given.head_size)
    draw("head_size", figures.head_size(head_size), head_size)
    calibration = read_table(given.calibration)
    draw("calibration", figures.calibration(calibration, accuracy, classes[1]), calibration)
    masked = read_table(given.masked)
    draw("masked_accuracy", figures.masked_accuracy(masked, accuracy["majority"].iloc[0]), masked)
    histories = read_tables(given.histories)
    draw("history", figures.history(histories), histories)
    table3 = read_table(given.table3)
    draw("table3", figures.overlap(table3), table3)
    agreement = read_table(given.agreement)
    agreement = agreement[agreement["method_b"].isin(p.methods)]  # the page's table has controls
    draw("agreement", figures.agreement(agreement), agreement)
    runtime = read_table(given.runtime)
    draw("runtime", figures.runtime(runtime), runtime)
    if given.curves:
        curves, rows = read_tables(given.curves), read_tables(given.rows)
        draw("convergence", figures.convergence(curves, rows["converged"]), curves)
    if given.localisation:
        scores = read_tables(given.localisation)
        draw("localisation", figures.localisation(scores), scores)
    faithfulness = read_table(given.faithfulness)
    draw("faithfulness", figures.faithfulness(faithfulness), faithfulness)
    robustness = read_table(given.robustness)
    draw("robustness", figures.robustness(robustness, SANE_BELOW), robustness)
    if given.table2:
        atlases = {a: read_table(path) for a, path in zip(p.atlases, given.table2, strict=True)}
        shown = pd.concat([t.assign(atlas=a) for a, t in atlases.items()], ignore_index=True)
        draw("regions", figures.regions(atlases, p.methods), shown)
