"""Accuracy over the number of training participants."""

from voxplain.evaluation.prediction.learning_curves import over_sizes
from voxplain.figures.learning import learning
from voxplain.figures.style import save
from voxplain.run.files import read_table, read_tables, write_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    rows = read_tables(snakemake.input.draws)
    table = over_sizes(rows, read_table(snakemake.input.accuracy))
    write_table(snakemake.output.table, table)
    save(learning(table), table, *snakemake.output.figure)
    print(table.to_string(index=False))
