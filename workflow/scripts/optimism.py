"""Accuracy with hyper-parameters chosen on the scored folds, as in the paper, and nested."""

import pandas as pd

from voxplain.baselines.morphometry import non_nested
from voxplain.cohort.folds import held_out_folds
from voxplain.run.files import read_table, write_table
from voxplain.run.logs import job_log
from voxplain.run.threads import use_threads

with job_log(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    use_threads(params.threads)
    participants = read_table(inputs.participants)
    features = read_table(inputs.morphometry).set_index("participant_id")
    folds = held_out_folds(read_table(inputs.folds), participants)
    nested = read_table(inputs.accuracy).set_index("model")
    settings = {"threads": params.threads, "grids": params.settings}
    labels, rows = participants["label"].to_numpy(int), []
    for model in params.models:
        accuracies, chosen = non_nested(model, features, labels, folds, settings, params.seed)
        rows.append(
            {
                "model": model,
                "non_nested_mean": accuracies.mean(),
                "non_nested_sd": accuracies.std(ddof=1),
                "nested_mean": nested.loc[model, "mean"],
                "nested_sd": nested.loc[model, "sd"],
                "optimism": accuracies.mean() - nested.loc[model, "mean"],
                "chosen": ", ".join(f"{name} {value}" for name, value in chosen.items()),
            }
        )
    table = pd.DataFrame(rows)
    write_table(snakemake.output.table, table)
    print(table.to_string(index=False))
