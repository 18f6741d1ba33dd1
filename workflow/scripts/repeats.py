"""Accuracy over repeated cross-validation."""

from voxplain.evaluation.prediction.repeats import accuracy_over_repeats
from voxplain.run.files import read_tables, write_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    rows = read_tables(snakemake.input.repeats)
    table = accuracy_over_repeats(rows)
    write_table(snakemake.output.table, table)
    print(table.to_string(index=False))
