"""Digests of files: what tells a replaced one from the one that was read."""

import contextlib
import csv
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from voxplain.run.templates import fields, filled


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
