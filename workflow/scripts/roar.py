"""What retraining without a method's voxels costs, compared with random voxels, over folds."""

from voxplain.evaluation.trust.roar import roar_over_folds
from voxplain.run.files import read_tables, write_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    rows = read_tables(snakemake.input.folds)
    intact = read_tables(snakemake.input.cnn)
    right = intact["y_true"] == intact["y_pred"]
    table = roar_over_folds(rows, right.groupby(intact["fold"]).mean())
    write_table(snakemake.output.table, table)
    print(table.to_string(index=False))
