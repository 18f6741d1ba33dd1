"""Masked accuracy over folds, with its null distribution and the paper's numbers."""

from voxplain.evaluation.trust.over_folds import masked_accuracy_over_folds
from voxplain.run.files import read_tables, write_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    rows = read_tables(snakemake.input.folds)
    table = masked_accuracy_over_folds(rows, snakemake.params.groups)
    write_table(snakemake.output.table, table)
    print(table.to_string(index=False))
