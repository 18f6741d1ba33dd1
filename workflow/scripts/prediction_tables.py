"""Every model on its held-out participants: accuracy, calibration, comparisons, head size."""

import pandas as pd

from voxplain.baselines import head_size
from voxplain.evaluation.prediction.accuracy import table1
from voxplain.evaluation.prediction.calibration import calibration, logits, reliability
from voxplain.evaluation.prediction.comparisons import compare
from voxplain.evaluation.prediction.head_size_matching import head_size_table
from voxplain.evaluation.prediction.table import in_order
from voxplain.run.files import read_table, read_tables, write_table
from voxplain.run.logs import job_log
from voxplain.stats.accuracy import accuracy_summary, bootstrap_intervals, is_evidence
from voxplain.stats.family_blocks import bootstrap_weights, label_permutations

with job_log(snakemake.log[0]):
    p, given, output = snakemake.params, snakemake.input, snakemake.output
    participants = read_table(given.participants)
    people = participants["participant_id"].tolist()
    weights = bootstrap_weights(participants, p.bootstraps, p.seed)
    permuted = label_permutations(participants, p.permutations, p.seed)
    sizes = head_size.measured(participants, read_table(given.quality))
    rows, everything, curves = [], [], []
    for model in p.models:
        held_out = in_order(read_tables(given[model]), people)
        summary = accuracy_summary(held_out, permuted)
        true = held_out["y_true"].to_numpy(int)
        predicted = logits(model, held_out["y_score"].to_numpy())
        rows.append(
            {
                "model": model,
                **summary,
                "evidence": is_evidence(summary),
                **bootstrap_intervals(held_out, weights),
                **calibration(true, predicted),
            }
        )
        if predicted is not None:
            curves.append(reliability(true, predicted).assign(model=model))
        everything.append(held_out.assign(model=model))
    accuracy, predictions = pd.DataFrame(rows), pd.concat(everything)
    write_table(output.accuracy, accuracy)
    write_table(output.predictions, predictions)
    write_table(output.table1, table1(accuracy))
    write_table(output.calibration, pd.concat(curves))
    write_table(output.comparisons, compare(predictions, people, weights))
    # Not one of the models that are compared: the same voxels, freed of head size.
    freed = in_order(read_tables(given[p.residual]), people).assign(model=p.residual)
    everybody = pd.DataFrame([*rows, {"model": p.residual} | accuracy_summary(freed, permuted)])
    predictions = pd.concat([predictions, freed])
    write_table(
        output.head_size, head_size_table(everybody, predictions, participants, sizes, p.caliper)
    )
    if given.importances:
        importances = read_tables(given.importances)
        write_table(output.importances, importances)
    print(accuracy.T.to_string())
