"""The run as a Workflow Run RO-Crate: its folder described by a standard."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import yaml

from voxplain.export.crate import SETTINGS, SNAKEFILE, crate
from voxplain.report.jobs import time_span
from voxplain.run.files import read_json, write_bytes, write_json, write_text
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    inputs, params, outputs = snakemake.input, snakemake.params, snakemake.output
    provenance = read_json(inputs.provenance)
    with open(inputs.manifest, encoding="utf-8", newline="") as file:
        results = list(csv.DictReader(file, delimiter="\t"))
    folder, source = Path(outputs.folder), Path(params.basedir)
    times = time_span(params.benchmarks, inputs.manifest)
    parts = [source / SNAKEFILE, *(source / "workflow").rglob("*")]
    for path in parts:
        if path.is_file() and "__pycache__" not in path.parts:
            write_bytes(folder / path.relative_to(source), path.read_bytes())
    settings = yaml.safe_dump(provenance["config"], sort_keys=False, allow_unicode=True)
    write_text(folder / SETTINGS, settings)
    today = datetime.now(UTC).date().isoformat()
    write_json(outputs.crate, crate(provenance, results, folder.name, times, today))
