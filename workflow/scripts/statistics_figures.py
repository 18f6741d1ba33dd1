"""Figures of numbers: Fig. 1 and 3 of the paper, accuracy, learning curves and overlap."""

import pandas as pd

from voxplain import figures
from voxplain.evaluation.robustness import SANE_BELOW
from voxplain.files import read_table
from voxplain.logs import job_log
from voxplain.paths import WHOLE_COHORT

with job_log(snakemake.log[0]):
    given, drawn, classes = snakemake.input, snakemake.output, tuple(snakemake.params.classes)
    first_layer = read_table(given.first_layer)
    importances = read_table(given.importances) if given.importances else None
    histories = pd.concat([read_table(path) for path in given.histories], ignore_index=True)
    # The features of different folds' models are different features: the figure shows one model.
    whole = first_layer[first_layer["fold"] == WHOLE_COHORT]
    figures.save(figures.importances(importances, classes), *drawn.fig1)
    figures.save(figures.first_layer(whole, classes), *drawn.fig3)
    accuracy = read_table(given.accuracy)
    majority = accuracy["majority"].iloc[0]
    masked = figures.masked_accuracy(read_table(given.masked), majority)
    figures.save(figures.accuracy(accuracy), *drawn.accuracy)
    figures.save(figures.head_size(read_table(given.head_size)), *drawn.head_size)
    calibration = figures.calibration(read_table(given.calibration), accuracy)
    figures.save(calibration, *drawn.calibration)
    figures.save(masked, *drawn.masked_accuracy)
    figures.save(figures.history(histories), *drawn.history)
    figures.save(figures.overlap(read_table(given.table3)), *drawn.table3)
    figures.save(figures.agreement(read_table(given.agreement)), *drawn.agreement)
    if given.curves:
        curves = pd.concat([read_table(path) for path in given.curves], ignore_index=True)
        rows = pd.concat([read_table(path) for path in given.rows], ignore_index=True)
        figures.save(figures.convergence(curves, rows["converged"]), *drawn.convergence)
    if given.localisation:
        scores = [read_table(path) for path in given.localisation]
        figures.save(figures.localisation(pd.concat(scores)), *drawn.localisation)
    figures.save(figures.faithfulness(read_table(given.faithfulness)), *drawn.faithfulness)
    robustness = figures.robustness(read_table(given.robustness), SANE_BELOW)
    figures.save(robustness, *drawn.robustness)
