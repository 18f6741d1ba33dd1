"""Deletion and insertion over all folds, and what random orders give."""

from voxplain.evaluation.trust.over_folds import curves_over_folds, faithfulness_over_folds
from voxplain.run.files import read_tables, write_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    table = faithfulness_over_folds(read_tables(snakemake.input.areas))
    write_table(snakemake.output.table, table)
    write_table(snakemake.output.curves, curves_over_folds(read_tables(snakemake.input.curves)))
    print(table.round(3).to_string(index=False))
