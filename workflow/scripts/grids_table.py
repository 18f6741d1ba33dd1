"""Network against voxel SVM over grids: does compression make them alike?"""

import pandas as pd

from voxplain.evaluation.prediction.grid_sizes import over_grids
from voxplain.evaluation.prediction.table import in_order
from voxplain.figures.grids import grids
from voxplain.figures.style import save
from voxplain.image.grid import Grid
from voxplain.run.files import keyed, read_json, read_table, read_tables, write_table
from voxplain.run.logs import job_log
from voxplain.stats.accuracy import accuracy_summary, is_evidence
from voxplain.stats.family_blocks import bootstrap_weights, label_permutations

MODELS = ("cnn", "voxel_svm")

with job_log(snakemake.log[0]):
    inputs, params, outputs = snakemake.input, snakemake.params, snakemake.output
    participants = read_table(inputs.participants)
    weights = bootstrap_weights(participants, params.bootstraps, params.seed)
    permuted = label_permutations(participants, params.permutations, params.seed)
    ids = participants["participant_id"]
    predicted = {model: keyed(inputs[model], inputs.grids, params.folds) for model in MODELS}
    rows, predictions = [], []
    for k, path in enumerate(inputs.grids):  # the run's own grid comes first
        grid = Grid.from_dict(read_json(path))
        name = "x".join(map(str, grid.shape))
        row = {"grid": name, "own": k == 0, "voxel_mm": grid.voxel_volume ** (1 / 3)}
        for model in MODELS:
            files = [predicted[model][path, fold] for fold in params.folds]
            held_out = in_order(read_tables(files), ids)
            summary = accuracy_summary(held_out, permuted)
            for column in ("accuracy", "ci_low", "ci_high", "auc"):
                row[f"{model}_{column}"] = summary[column]
            row[f"{model}_evidence"] = is_evidence(summary)
            predictions.append(held_out.assign(model=model, grid=name))
        rows.append(row)
    table = over_grids(pd.DataFrame(rows), pd.concat(predictions), ids, weights)
    write_table(outputs.table, table)
    save(grids(table), table, *outputs.figure)
    print(table.T.to_string())
