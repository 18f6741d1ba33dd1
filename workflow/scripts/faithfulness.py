"""Deletion and insertion over all folds, beside random orders."""

import numpy as np

from voxplain.evaluation.trust.over_folds import faithfulness_over_folds
from voxplain.run.files import read_tables, write_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    areas = read_tables(snakemake.input.areas)
    table = faithfulness_over_folds(areas)
    write_table(snakemake.output.table, table)
    curves = read_tables(snakemake.input.curves)
    keys = ["method", "random", "test", "fill", "fraction"]
    curves["sum"] = curves["probability"] * curves["participants"]
    sums = curves.groupby(keys, sort=False)[["sum", "participants"]].sum()
    mean = (sums["sum"] / sums["participants"]).rename("probability").reset_index()
    write_table(snakemake.output.curves, mean.assign(participants=np.max(sums["participants"])))
    print(table.round(3).to_string(index=False))
