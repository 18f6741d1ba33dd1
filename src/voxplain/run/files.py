"""Atomic writing, and reading, of the few file types that runs are made of."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from voxplain.errors import ImageError
from voxplain.run.atomic import atomic_path as atomic_path
from voxplain.run.atomic import write_bytes as write_bytes
from voxplain.run.atomic import write_text

_TEXT_COLUMNS = (
    *("participant_id", "fold", "family_id", "class_name", "site"),
    *("larger", "mask", "transform", "name", "region", "reason"),
)


def targets_in(
    folder: str | os.PathLike[str], sources: Sequence[str | os.PathLike[str]], ending: str
) -> list[Path]:
    """Return one path in `folder` for each NIfTI file: its own stem and `ending`.

    Raises
    ------
    ImageError
        Two sources would get one name.
    """
    paths = [
        Path(folder, Path(source).name.removesuffix(".gz").removesuffix(".nii") + ending)
        for source in sources
    ]
    for path, count in Counter(paths).items():
        if count > 1:
            raise ImageError(
                f"{count} of the images would be written to {path}; give them one by one, with "
                "another --out each"
            )
    return paths


def write_json(path: str | os.PathLike[str], value: Any) -> None:
    """Write JSON atomically, readable by people."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: str | os.PathLike[str]) -> Any:
    """Read a JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def write_array(path: str | os.PathLike[str], array: np.ndarray) -> None:
    """Write one array as `.npy` atomically."""
    write_rows(path, array.shape, array.dtype, [array])


def write_rows(
    path: str | os.PathLike[str],
    shape: tuple[int, ...],
    dtype: np.dtype | type,
    rows: Iterable[np.ndarray],
) -> None:
    """Write one array as `.npy` atomically; its rows, or blocks of rows, come one by one."""
    form = {"shape": shape, "fortran_order": False}
    form |= {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype))}
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        np.lib.format.write_array_header_1_0(file, form)
        for row in rows:
            file.write(np.ascontiguousarray(row, dtype))


def write_table(path: str | os.PathLike[str], table: pd.DataFrame) -> None:
    """Write a BIDS-style TSV atomically: no index, missing values as ``n/a``."""
    write_text(path, table.to_csv(sep="\t", index=False, na_rep="n/a", lineterminator="\n"))


def read_tables(paths: Iterable[str | os.PathLike[str]]) -> pd.DataFrame:
    """Read tables of the same columns below each other."""
    return pd.concat(map(read_table, paths), ignore_index=True)


def read_table(path: str | os.PathLike[str]) -> pd.DataFrame:
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
