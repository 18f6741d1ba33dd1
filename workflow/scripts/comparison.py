"""Two runs side by side on one page."""

from pathlib import Path

from voxplain.report.comparison import build_comparison
from voxplain.run.files import read_json, read_table, write_text
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    given, p = snakemake.input, snakemake.params
    contexts = {}
    for run, root, provenance in zip((p.run, p.other_run), p.roots, given.provenance, strict=True):
        own = [Path(path.replace(p.roots[0], root, 1)) for path in (*given.tables, *given.figures)]
        contexts[run] = {
            "config": read_json(provenance)["config"],
            "figures": {path.stem: path for path in own if path.suffix == ".png"},
            **{path.stem: read_table(path) for path in own if path.suffix == ".tsv"},
        }
    write_text(snakemake.output[0], build_comparison(contexts))
