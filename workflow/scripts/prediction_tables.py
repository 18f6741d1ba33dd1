"""Every model on its held-out participants: accuracy, calibration, comparisons, head size."""

import pandas as pd

from voxplain.baselines import head_size
from voxplain.evaluation.prediction.accuracy import accuracy_row, table1
from voxplain.evaluation.prediction.calibration import logits, reliability
from voxplain.evaluation.prediction.comparisons import compare_models
from voxplain.evaluation.prediction.head_size_matching import head_size_table
from voxplain.evaluation.prediction.table import in_order
from voxplain.run.files import read_table, read_tables, write_table
from voxplain.run.logs import job_log
from voxplain.stats.accuracy import accuracy_summary
from voxplain.stats.family_blocks import bootstrap_weights, label_permutations

with job_log(snakemake.log[0]):
    inputs, params, outputs = snakemake.input, snakemake.params, snakemake.output
    participants = read_table(inputs.participants)
    ids = participants["participant_id"].tolist()
    weights = bootstrap_weights(participants, params.bootstraps, params.seed)
    permuted = label_permutations(participants, params.permutations, params.seed)
    sizes = head_size.measured(participants, read_table(inputs.quality))
    rows, predictions, curves = [], [], []
    for model in params.models:
        held_out = in_order(read_tables(inputs[model]), ids)
        predicted = logits(model, held_out["y_score"].to_numpy())
        rows.append(accuracy_row(model, held_out, predicted, permuted, weights))
        if predicted is not None:
            truth = held_out["y_true"].to_numpy(int)
            curves.append(reliability(truth, predicted).assign(model=model))
        predictions.append(held_out.assign(model=model))
    accuracy, of_all_models = pd.DataFrame(rows), pd.concat(predictions)
    write_table(outputs.accuracy, accuracy)
    write_table(outputs.predictions, of_all_models)
    write_table(outputs.table1, table1(accuracy))
    write_table(outputs.calibration, pd.concat(curves))
    write_table(outputs.comparisons, compare_models(of_all_models, ids, weights))
    # In this table alone: the same voxels, adjusted for head size.
    adjusted = in_order(read_tables(inputs[params.residual]), ids).assign(model=params.residual)
    rows.append({"model": params.residual} | accuracy_summary(adjusted, permuted))
    of_all_models = pd.concat([of_all_models, adjusted])
    table = head_size_table(pd.DataFrame(rows), of_all_models, participants, sizes, params.caliper)
    write_table(outputs.head_size, table)
    if inputs.importances:
        write_table(outputs.importances, read_tables(inputs.importances))
    print(accuracy.T.to_string())
