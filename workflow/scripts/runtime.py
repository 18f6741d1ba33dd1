"""Time of each method over all of its maps, beside the paper's words."""

import pandas as pd

from voxplain.evaluation.over_folds import runtime_over_folds
from voxplain.files import read_json, write_table
from voxplain.logs import job_log

with job_log(snakemake.log[0]):
    table = runtime_over_folds(pd.DataFrame([read_json(path) for path in snakemake.input.timing]))
    write_table(snakemake.output.table, table)
    print(table.to_string(index=False))
