"""Deletion and insertion over all folds, beside random orders."""

import numpy as np
import pandas as pd

from voxplain.evaluation.faithfulness import against_random
from voxplain.files import read_table, write_table
from voxplain.logs import job_log

with job_log(snakemake.log[0]):
    areas = pd.concat([read_table(path) for path in snakemake.input.areas], ignore_index=True)
    table = against_random(areas)
    write_table(snakemake.output.table, table)
    curves = pd.concat([read_table(path) for path in snakemake.input.curves], ignore_index=True)
    keys = ["method", "random", "test", "fill", "fraction"]
    curves["sum"] = curves["probability"] * curves["participants"]
    sums = curves.groupby(keys, sort=False)[["sum", "participants"]].sum()
    mean = (sums["sum"] / sums["participants"]).rename("probability").reset_index()
    write_table(snakemake.output.curves, mean.assign(participants=np.max(sums["participants"])))
    print(table.round(3).to_string(index=False))
