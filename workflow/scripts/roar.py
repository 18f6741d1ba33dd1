"""What retraining without a method's voxels costs, beside random voxels, over folds."""

from voxplain.evaluation.roar import over_folds
from voxplain.files import read_tables, write_table
from voxplain.logs import job_log

with job_log(snakemake.log[0]):
    rows = read_tables(snakemake.input.folds)
    intact = read_tables(snakemake.input.cnn)
    right = intact["y_true"] == intact["y_pred"]
    table = over_folds(rows, right.groupby(intact["fold"]).mean())
    write_table(snakemake.output.table, table)
    print(table.to_string(index=False))
