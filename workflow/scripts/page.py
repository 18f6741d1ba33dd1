"""Gather everything a run has made into one page."""

from pathlib import Path

import pandas as pd

from voxplain import report
from voxplain.files import read_json, read_table, write_text
from voxplain.logs import job_log

# Result tables under the names that the report knows them by.
NAMES = {"masked_accuracy": "masked"}

with job_log(snakemake.log[0]):
    given, p = snakemake.input, snakemake.params
    tables = {Path(path).stem: read_table(path) for path in given.tables}
    context = {NAMES.get(name, name): table for name, table in tables.items()}
    prefix = "table2_"
    context["table2"] = {
        name.removeprefix(prefix): context.pop(name) for name in tables if name.startswith(prefix)
    }
    page = report.build(
        {
            **context,
            "run": p.config["run"],
            "config": p.config,
            "provenance": read_json(given.provenance),
            "participants": read_table(given.participants),
            "quality": read_table(given.quality),
            "degenerate": pd.concat([read_table(path) for path in given.counts]),
            "figures": {Path(path).stem: path for path in given.figures},
        }
    )
    write_text(snakemake.output[0], page)
    print(f"{len(page) / 1e6:.1f} MB")
