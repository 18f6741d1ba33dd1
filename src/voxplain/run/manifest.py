"""Fingerprints of source code and results, so that a result knows what made it.

The hash of every module that a rule's script imports is a parameter of the rule: a changed kernel
re-runs its results, a changed figure retrains nothing. `verify` tells which of a run's
results are no longer what it wrote.
"""

import ast
import contextlib
import csv
import fnmatch
import functools
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from voxplain.errors import CohortError
from voxplain.run.atomic import write_text
from voxplain.run.paths import RunPaths
from voxplain.run.templates import fields, filled

PACKAGE = Path(__file__).resolve().parents[1]
ASSETS = (".html", ".css", ".js")  # of packages; they make the report as much as its code does
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


@functools.cache
def _imports(source: Path) -> frozenset[Path]:
    """Return the files of voxplain that one source file imports directly."""
    found: set[Path] = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        found.update(file for name in names for file in _module_files(name))
    return frozenset(found)


def _module_files(name: str) -> list[Path]:
    """Return the file of a voxplain module and its packages' ``__init__``, if it is one."""
    package, *parts = name.split(".")
    if package != PACKAGE.name:
        return []
    files, folder = [], PACKAGE
    for part in parts:
        if (folder / f"{part}.py").is_file():
            files.append(folder / f"{part}.py")
        folder /= part
        if (folder / "__init__.py").is_file():
            files.append(folder / "__init__.py")
    return files


def imported_files(script: str | Path) -> list[Path]:
    """Return every file of voxplain that a script reaches through imports, sorted."""
    reached: set[Path] = set()
    waiting = [Path(script)]
    while waiting:
        new = _imports(waiting.pop()) - reached
        reached |= new
        waiting.extend(new)
    return sorted(reached)


@functools.cache
def source_hash(script: str | Path) -> str:
    """Return a digest of a script and of all of voxplain that it imports."""
    digest = hashlib.sha256(Path(script).read_bytes())
    modules = imported_files(script)
    folders = {file.parent for file in modules if file.name == "__init__.py"} - {PACKAGE}
    assets = [file for folder in folders for suffix in ASSETS for file in folder.glob(f"*{suffix}")]
    for file in sorted([*modules, *assets]):
        digest.update(file.relative_to(PACKAGE).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def files_fingerprint(paths: Iterable[Path]) -> str:
    """Return a digest of names, sizes and modification times: what a replaced file changes."""
    digest = hashlib.sha256()
    for path in sorted(path for path in paths if os.path.isfile(path)):
        stat = path.stat()
        digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def images_fingerprint(root: str | os.PathLike[str], table: str, template: str) -> str:
    """Return a digest of the sizes and times of the images that a participants table names.

    Cheap enough to be asked at every start of the workflow, so that replaced images are noticed.
    A table or a row that cannot be read adds nothing: the job that checks the cohort reports it.

    Parameters
    ----------
    root : path_like
        The cohort's folder.
    table : str
        The participants table below `root`.
    template : str
        Image path below `root`, with columns in braces.
    """
    path = Path(root, table)
    if not path.is_file():
        return files_fingerprint([])
    separator = "," if path.suffix.lower() == ".csv" else "\t"
    rows: list[dict[str, str]] = []
    with (
        open(path, encoding="utf-8-sig", errors="replace", newline="") as file,
        contextlib.suppress(csv.Error),
    ):
        rows += csv.DictReader(file, delimiter=separator)
    columns = fields(template)
    complete = [row for row in rows if all(row.get(name) is not None for name in columns)]

    def image(row: dict[str, str]) -> Path:
        name = filled(template, {column: row[column].strip() for column in columns})
        archive, mark, _ = name.partition(".zip!/")
        return Path(root, f"{archive}.zip" if mark else name)

    return files_fingerprint(map(image, complete))


def file_sha256(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Differences:
    """Paths of results that differ from a run's manifest, relative to the run's folder."""

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
