"""How far the network's accuracy moves with the seed, and with the draw of the folds."""

from voxplain.evaluation.prediction.retraining import spread
from voxplain.run.files import read_tables, write_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params

    def everybody(name):
        return read_tables(inputs[name])

    table = spread(
        everybody("cnn"),
        {kind: list(map(everybody, names)) for kind, names in params.reruns.items()},
    )
    write_table(snakemake.output.table, table)
    print(table.to_string(index=False))
