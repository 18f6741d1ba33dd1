"""Two runs side by side on one page."""

from pathlib import Path

from voxplain.report import RunResults
from voxplain.report.comparison import comparison_page
from voxplain.run.files import read_json, write_text
from voxplain.run.logs import job_log
from voxplain.run.tables import tables_by_name

with job_log(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    runs = []
    for run, root, provenance in zip(
        (params.run, params.other_run), params.roots, inputs.provenance, strict=True
    ):
        paths = [
            Path(path.replace(params.roots[0], root, 1))
            for path in (*inputs.tables, *inputs.figures)
        ]
        runs.append(
            RunResults(
                run=run,
                config=read_json(provenance)["config"],
                figures={path.stem: path for path in paths if path.suffix == ".png"},
                **tables_by_name(path for path in paths if path.suffix == ".tsv"),
            )
        )
    write_text(snakemake.output[0], comparison_page(runs))
