"""Figures of numbers: Fig. 1 and 3 of the paper, accuracy, learning curves and overlap."""

import pandas as pd

from voxplain.evaluation.trust.sanity_and_stability import SANE_BELOW
from voxplain.figures.accuracy import accuracy, masked_accuracy
from voxplain.figures.convergence import convergence
from voxplain.figures.first_layer import first_layer
from voxplain.figures.history import history
from voxplain.figures.importances import importances
from voxplain.figures.overlap import agreement, localisation, overlap
from voxplain.figures.prediction import calibration, head_size
from voxplain.figures.regions import regions
from voxplain.figures.runtime import runtime
from voxplain.figures.style import save
from voxplain.figures.trust import faithfulness, robustness
from voxplain.run.files import keyed, read_table, read_tables
from voxplain.run.logs import job_log
from voxplain.run.paths import WHOLE_COHORT

with job_log(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    classes = tuple(params.classes)

    def draw(name, figure, data):
        save(figure, data, *snakemake.output[name])

    weights = read_table(inputs.importances) if inputs.importances else pd.DataFrame()
    draw("fig1", importances(weights, classes), weights)
    # The features of different folds' models are different features: the figure shows one model.
    features = read_table(inputs.first_layer)
    features = features[features["fold"] == WHOLE_COHORT]
    draw("fig3", first_layer(features, classes), features)
    models = read_table(inputs.accuracy)
    draw("accuracy", accuracy(models), models)
    sizes = read_table(inputs.head_size)
    draw("head_size", head_size(sizes), sizes)
    bins = read_table(inputs.calibration)
    draw("calibration", calibration(bins, models, classes[1]), bins)
    masked = read_table(inputs.masked)
    draw("masked_accuracy", masked_accuracy(masked, models["majority"].iloc[0]), masked)
    epochs = read_tables(inputs.histories)
    draw("history", history(epochs), epochs)
    dice = read_table(inputs.table3)
    draw("table3", overlap(dice), dice)
    pairs = read_table(inputs.agreement)
    pairs = pairs[pairs["method_b"].isin(params.methods)]  # the page's table has controls
    draw("agreement", agreement(pairs), pairs)
    times = read_table(inputs.runtime)
    draw("runtime", runtime(times), times)
    if inputs.curves:
        curves, rows = read_tables(inputs.curves), read_tables(inputs.rows)
        draw("convergence", convergence(curves, rows["converged"]), curves)
    if inputs.localisation:
        scores = read_tables(inputs.localisation)
        draw("localisation", localisation(scores), scores)
    deletions = read_table(inputs.faithfulness)
    draw("faithfulness", faithfulness(deletions), deletions)
    changes = read_table(inputs.robustness)
    draw("robustness", robustness(changes, SANE_BELOW), changes)
    if inputs.table2:
        paths = keyed(inputs.table2, params.atlases)
        atlases = {atlas: read_table(path) for atlas, path in paths.items()}
        tables = [table.assign(atlas=atlas) for atlas, table in atlases.items()]
        shown = pd.concat(tables, ignore_index=True)
        draw("regions", regions(atlases, params.methods), shown)
