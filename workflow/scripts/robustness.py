"""Sanity and stability of all methods, participant by participant, summed up."""

import pandas as pd

from voxplain.evaluation.robustness import summarise
from voxplain.files import read_table, write_table
from voxplain.logs import job_log

with job_log(snakemake.log[0]):
    rows = pd.concat([read_table(path) for path in snakemake.input], ignore_index=True)
    table = summarise(rows)
    write_table(snakemake.output.table, table)
    print(table.round(3).to_string(index=False))
