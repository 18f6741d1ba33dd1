"""Accuracy over repeated cross-validation."""

import pandas as pd

from voxplain.evaluation.over_folds import accuracy_over_repeats
from voxplain.files import read_table, write_table
from voxplain.logs import job_log

with job_log(snakemake.log[0]):
    rows = pd.concat([read_table(path) for path in snakemake.input.repeats], ignore_index=True)
    table = accuracy_over_repeats(rows)
    write_table(snakemake.output.table, table)
    print(table.to_string(index=False))
