"""Time of each method over all of its maps, beside the paper's words."""

import pandas as pd

from voxplain import paper
from voxplain.files import read_json, write_table
from voxplain.logs import job_log

with job_log(snakemake.log[0]):
    timing = pd.DataFrame([read_json(path) for path in snakemake.input.timing])
    table = timing.groupby(["method", "device"], sort=False)[["participants", "seconds"]].sum()
    table["seconds_per_participant"] = table["seconds"] / table["participants"]
    table = table.reset_index()
    table["paper"] = table["method"].map(paper.RUNTIME_WORDS)
    write_table(snakemake.output.table, table)
    print(table.to_string(index=False))
