"""The report's section on the origin of its numbers."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
import yaml

from voxplain.report.blocks import Block, Code, Drawing, Note, Text
from voxplain.report.jobs import drawn
from voxplain.report.results import RunResults
from voxplain.report.tables import table


def provenance(results: RunResults) -> list[Block]:
    """Show settings, versions, machine, seeds, checksums, jobs and their time.

    Parameters
    ----------
    results : RunResults
    """
    # Through JSON, because the dictionaries of a workflow manager are not plain ones
    plain = json.loads(json.dumps(results.config))
    config = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)
    return [
        Text(f"Seed {results.config['seed']}."),
        *_machine(results.provenance),
        *_jobs(results),
        Code("Configuration of this run (YAML)", config),
    ]


def _machine(record: Mapping[str, Any] | None) -> list[Block]:
    if record is None:
        return [Note("Versions and machine were not recorded.")]
    checksums = record.get("images_sha256", {})
    rows = {key: record[key] for key in record if key not in ("config", "images_sha256")}
    rows = rows.pop("versions", {}) | rows
    listed = [
        (f"{key.replace('_', ' ')} {part}".strip(), value)
        for key, entry in rows.items()
        for part, value in _parts(entry)
    ]
    return [
        table(
            pd.DataFrame(listed, columns=["what", "value"]),
            "table-provenance",
            "Software, machine, seeds and checksums of the input tables.",
            "provenance.json",
            folded=True,
        ),
        table(
            pd.DataFrame(list(checksums.items()), columns=["image of", "SHA-256"]),
            "table-checksums",
            f"Checksums of the {len(checksums)} images.",
            "provenance.json",
            folded=True,
        ),
    ]


def _parts(entry: Any) -> list[tuple[str, str]]:
    """Split an entry of several values into names and values."""
    if isinstance(entry, dict):
        return [(name, str(value)) for name, value in entry.items()]
    return [("", "; ".join(entry) if isinstance(entry, list) else str(entry))]


def _jobs(results: RunResults) -> list[Block]:
    jobs, edges = results.jobs, results.edges
    blocks: list[Block] = []
    if jobs is None:
        blocks.append(Note("The run times of the jobs are not known."))
    else:
        caption = "Jobs of each rule, their time and largest memory (MB)."
        labels = {"cpu_seconds": "processor time", "max_rss_mb": "memory, MB"}
        blocks.append(table(jobs, "table-jobs", caption, folded=True, labels=labels))
    if edges:
        caption = "The rules of this run as Snakemake recorded them; upper ones feed lower ones."
        blocks.append(Drawing(caption, drawn(list(edges))))
    else:
        blocks.append(Note("Snakemake has no records of which job used which files."))
    return blocks
