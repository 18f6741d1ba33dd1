"""Network against voxel SVM over grids: does compression make them alike?"""

import pandas as pd

from voxplain.evaluation.prediction.grid_sizes import over_grids
from voxplain.evaluation.prediction.table import in_order
from voxplain.figures.grids import grids
from voxplain.figures.style import save
from voxplain.image.grid import Grid
from voxplain.run.files import read_json, read_table, read_tables, write_table
from voxplain.run.logs import job_log
from voxplain.stats.accuracy import accuracy_summary, is_evidence
from voxplain.stats.family_blocks import bootstrap_weights, label_permutations

with job_log(snakemake.log[0]):
    p, given = snakemake.params, snakemake.input
    participants = read_table(given.participants)
    weights = bootstrap_weights(participants, p.bootstraps, p.seed)
    permuted = label_permutations(participants, p.permutations, p.seed)
    people = participants["participant_id"]
    rows, predictions = [], []
    for k, path in enumerate(given.grids):  # the run's own grid comes first
        grid = Grid.from_dict(read_json(path))
        name = "x".join(map(str, grid.shape))
        part = slice(k * p.n_folds, (k + 1) * p.n_folds)
        row = {"grid": name, "own": k == 0, "voxel_mm": grid.voxel_volume ** (1 / 3)}
        for model in ("cnn", "voxel_svm"):
            held_out = in_order(read_tables(given[model][part]), people)
            summary = accuracy_summary(held_out, permuted)
            for column in ("accuracy", "ci_low", "ci_high", "auc"):
                row[f"{model}_{column}"] = summary[column]
            row[f"{model}_evidence"] = is_evidence(summary)
            predictions.append(held_out.assign(model=model, grid=name))
        rows.append(row)
    table = over_grids(pd.DataFrame(rows), pd.concat(predictions), people, weights)
    write_table(snakemake.output.table, table)
    save(grids(table), table, *snakemake.output.figure)
    print(table.T.to_string())
