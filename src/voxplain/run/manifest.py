"""The manifest of a run: size and SHA-256 of each result, to tell what was changed since."""

import csv
import fnmatch
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from voxplain.errors import CohortError
from voxplain.run.atomic import write_text
from voxplain.run.fingerprints import file_sha256
from voxplain.run.paths import RunPaths

# Results that contain run times; all others are the same in two runs.
TIMED = (
    "cohort/read/batch-*.tsv",
    "attribution/*/fold-*/timing.json",
    "tables/runtime.tsv",
    "tables/claims.tsv",
    "figures/runtime.*",
    "report.html",
)
# Not results: records of the work, checkpoints, the runs behind the truth tables, and exports,
# which are the results in other formats.
_NO_RESULTS = (
    "logs/*",
    "benchmarks/*",
    "truth/*",
    "manifest.tsv",
    "*checkpoint.pt",
    "*/.*",
    ".*",
    "derivatives/*",
    "code/*",
    "ro-crate-metadata.json",
)


@dataclass(frozen=True)
class Differences:
    """Results that differ from a run's manifest; paths relative to the run's folder.

    Attributes
    ----------
    changed, missing : list of str
        In the manifest, with other content or without a file.
    unlisted : list of str
        Files that the manifest does not list.
    """

    changed: list[str]
    missing: list[str]
    unlisted: list[str]


def results_of(folder: str | os.PathLike[str]) -> list[str]:
    """Return the paths of all results in a run's folder, relative to it, sorted."""
    files = (path for path in Path(folder).rglob("*") if path.is_file())
    names = (path.relative_to(folder).as_posix() for path in files)
    return sorted(name for name in names if not _matches(name, _NO_RESULTS))


def is_timed(name: str) -> bool:
    """Whether a result contains run times, so that it differs between runs."""
    return _matches(name, TIMED)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def write_manifest(path: str | os.PathLike[str]) -> None:
    """Write the size and SHA-256 of every result of a run; columns path, bytes, sha256.

    Parameters
    ----------
    path : path_like
        The manifest, at the top of the run's folder.
    """
    folder = Path(path).parent
    rows = [
        f"{name}\t{(folder / name).stat().st_size}\t{file_sha256(folder / name)}\n"
        for name in results_of(folder)
    ]
    write_text(path, "path\tbytes\tsha256\n" + "".join(rows))


def verify(folder: str | os.PathLike[str]) -> Differences:
    """Compare a run's results with its manifest.

    Raises
    ------
    CohortError
        The run has no manifest.
    """
    folder = Path(folder)
    path = folder / Path(RunPaths("run").manifest).name
    if not path.is_file():
        raise CohortError(f"{path} does not exist; the run writes it at its end: finish the run")
    with open(path, encoding="utf-8", newline="") as file:
        listed = {row["path"]: row["sha256"] for row in csv.DictReader(file, delimiter="\t")}
    present = set(results_of(folder))
    changed = [
        name for name in listed if name in present and file_sha256(folder / name) != listed[name]
    ]
    return Differences(
        changed, [name for name in listed if name not in present], sorted(present - set(listed))
    )
