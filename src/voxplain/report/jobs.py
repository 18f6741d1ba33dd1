"""What was run: times of the jobs, and which rule used the files of which, as a drawing."""

import base64
import functools
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from voxplain.run.files import read_table

ROW, BOX, WIDTH = 58, 22, 980  # pixels: from row to row, height of a box, width of the drawing


def time_per_rule(folder: str | Path) -> pd.DataFrame:
    """Sum up Snakemake's benchmark files.

    Parameters
    ----------
    folder : path
        Holds ``rule.tsv`` or ``rule/....tsv`` for every job.

    Returns
    -------
    pandas.DataFrame
        Columns rule, jobs, seconds, cpu_seconds, max_rss_mb; the longest first.
    """
    folder, rows = Path(folder), []
    for path in sorted(folder.rglob("*.tsv")):
        rule = path.relative_to(folder).parts[0].removesuffix(".tsv")
        rows += [
            (rule, row.s, row.cpu_time, row.max_rss)
            for row in read_table(path).apply(pd.to_numeric, errors="coerce").itertuples()
        ]
    jobs = pd.DataFrame(rows, columns=["rule", "seconds", "cpu_seconds", "max_rss_mb"])
    summed = jobs.groupby("rule").agg(
        jobs=("seconds", "size"),
        seconds=("seconds", "sum"),
        cpu_seconds=("cpu_seconds", "sum"),
        max_rss_mb=("max_rss_mb", "max"),
    )
    return summed.sort_values("seconds", ascending=False).reset_index()


def recorded_edges(metadata: str | Path, root: str) -> list[tuple[str, str]]:
    """Read which rule's files another rule took, from Snakemake's records of finished jobs.

    These records are private to Snakemake. The public ways, ``snakemake --rulegraph`` and
    ``--detailed-summary``, plan the run again, which takes seconds, needs Snakemake in the job's
    environment, and tells what would be run, not what was; the rules as they are written do not
    tell either, because input functions decide a part of the inputs.

    Parameters
    ----------
    metadata : path
        Snakemake's folder ``.snakemake/metadata``: one JSON record per file, named by the file's
        path in base64 (long names in chunks, one folder per chunk, each marked by ``@``).
    root : str
        Only files of this run count.

    Returns
    -------
    list of (rule, rule)
        Sorted, each pair once; empty where Snakemake keeps no records.
    """
    made, needed = {}, []
    for file, record in _records(metadata):
        if file.startswith(f"{root}/"):
            made[file] = record["rule"]
            needed += [(source, record["rule"]) for source in record["input"]]
    edges = {(made[file], rule) for file, rule in needed if file in made}
    return sorted((a, b) for a, b in edges if a != b)


def time_span(benchmarks: str | Path, manifest: str | Path) -> tuple[str, str] | None:
    """Return when the first job of a run began, and when its page, the last one, was finished.

    Parameters
    ----------
    benchmarks : path
        As for `time_per_rule`; Snakemake writes each file at the end of its job.
    manifest : path
        Written at the end of the page.

    Returns
    -------
    (str, str) or None
        ISO 8601 in UTC; None where the run has no benchmark files.
    """
    starts = [
        path.stat().st_mtime - pd.to_numeric(read_table(path)["s"]).iloc[0]
        for path in Path(benchmarks).rglob("*.tsv")
    ]
    if not starts:
        return None
    ends = min(starts), Path(manifest).stat().st_mtime
    start, end = (datetime.fromtimestamp(t, UTC).isoformat(timespec="seconds") for t in ends)
    return start, end


def _records(metadata: str | Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every file that Snakemake made, with its record."""
    metadata = Path(metadata)
    for path in metadata.rglob("*"):
        if path.is_file():
            name = "".join(path.relative_to(metadata).parts).replace("@", "")
            file = base64.urlsafe_b64decode(name).decode()
            yield file, json.loads(path.read_text(encoding="utf-8"))


def drawn(edges: list[tuple[str, str]]) -> Markup:
    """Draw rules from top to bottom, each a row below the last that feeds it, as SVG.

    What follows from other lines is not drawn: a rule that is fed through another one needs no
    line of its own.
    """
    feeds: dict[str, set[str]] = {rule: set() for edge in edges for rule in edge}
    for a, b in edges:
        feeds[a].add(b)

    @functools.cache
    def below(rule: str) -> frozenset[str]:
        return frozenset().union(feeds[rule], *(below(other) for other in feeds[rule]))

    @functools.cache
    def depth(rule: str) -> int:
        return 1 + max((depth(a) for a, b in edges if b == rule), default=-1)

    rows: dict[int, list[str]] = {}
    for rule in sorted(feeds):
        rows.setdefault(depth(rule), []).append(rule)
    place = {
        rule: (int((column + 0.5) * WIDTH / len(rules)), row * ROW)
        for row, rules in rows.items()
        for column, rule in enumerate(rules)
    }
    lines = [
        f'<path d="M{place[a][0]} {place[a][1] + BOX} L{place[b][0]} {place[b][1]}"/>'
        for a, b in edges
        if not any(b in below(other) for other in feeds[a] - {b})
    ]
    texts = [
        f'<text x="{x}" y="{y + BOX - 7}" text-anchor="middle">{escape(rule)}</text>'
        for rule, (x, y) in place.items()
    ]
    height = ROW * (len(rows) - 1) + BOX
    return Markup(
        f'<svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" '
        f'aria-label="{len(feeds)} rules and what they take from each other">'
        f"{''.join(lines)}{''.join(texts)}</svg>"
    )
