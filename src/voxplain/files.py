"""Atomic writing of the few file types that runs are made of.

Every writer puts the bytes under a temporary name in the target's folder, flushes them to disk and
renames: a file that exists is complete, whatever killed the process.
"""

import contextlib
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

_TEXT_COLUMNS = (
    *("participant_id", "fold", "family_id", "class_name", "site"),
    *("larger", "mask", "name", "region"),
)


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path that replaces `path` when the block ends without an error.

    The temporary name keeps the suffix of `path`, because many writers choose the format by it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".tmp-{os.getpid()}-{path.name}")
    try:
        yield temporary
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: str | os.PathLike, data: bytes) -> None:
    """Write bytes atomically."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write UTF-8 text atomically."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: str | os.PathLike, value: Any) -> None:
    """Write JSON atomically, readable by people."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: str | os.PathLike) -> Any:
    """Read a JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def write_array(path: str | os.PathLike, array: np.ndarray) -> None:
    """Write one array as `.npy` atomically."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    write_bytes(path, buffer.getvalue())


def write_table(path: str | os.PathLike, table: pd.DataFrame) -> None:
    """Write a BIDS-style TSV atomically: no index, missing values as ``n/a``."""
    write_text(path, table.to_csv(sep="\t", index=False, na_rep="n/a", lineterminator="\n"))


def read_table(path: str | os.PathLike) -> pd.DataFrame:
    """Read a TSV written by `write_table`.

    Identifiers and names stay text, so that ``007`` remains ``007`` and a class may be called 1.
    """
    return pd.read_csv(
        path,
        sep="\t",
        na_values=["n/a"],
        keep_default_na=False,
        dtype=dict.fromkeys(_TEXT_COLUMNS, "string"),
    )
