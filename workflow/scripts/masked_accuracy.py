"""Masked accuracy over folds, with the paper's numbers beside it."""

import pandas as pd

from voxplain import paper
from voxplain.files import read_table, write_table
from voxplain.logs import job_log

KEYS = ["method", "mask", "control"]

with job_log(snakemake.log[0]):
    rows = pd.concat([read_table(path) for path in snakemake.input.folds])
    # Draws of a fold are averaged first: a fold counts once, however many random masks it has.
    per_fold = rows.groupby([*KEYS, "fold"], sort=False)["accuracy"].mean().reset_index()
    table = per_fold.groupby(KEYS, sort=False)["accuracy"].agg(["mean", "std", "count"])
    table = table.set_axis(["accuracy_mean", "accuracy_sd", "n_folds"], axis=1).reset_index()
    published = pd.DataFrame(
        [
            ("meaningful_perturbation", mask, "mask", *paper.MASKED_ACCURACY[group])
            for mask, group in snakemake.params.groups.items()
        ],
        columns=[*KEYS, "paper_mean", "paper_sd"],
    )
    table = table.merge(published, on=KEYS, how="left")
    write_table(snakemake.output.table, table)
    print(table.to_string(index=False))
