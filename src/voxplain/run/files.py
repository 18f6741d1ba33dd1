"""Atomic writing, and reading, of the file types of a run."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import Any, overload

import numpy as np
import pandas as pd

from voxplain.errors import ImageError
from voxplain.run.atomic import atomic_path as atomic_path
from voxplain.run.atomic import write_bytes as write_bytes
from voxplain.run.atomic import write_text
from voxplain.run.json_files import read_json as read_json
from voxplain.run.json_files import write_json as write_json

_TEXT_COLUMNS = (
    "participant_id",
    "fold",
    "family_id",
    "class_name",
    "site",
    "larger",
    "mask",
    "transform",
    "name",
    "region",
    "reason",
)


def targets_in(
    folder: str | os.PathLike[str], sources: Sequence[str | os.PathLike[str]], ending: str
) -> list[Path]:
    """Return a path in a folder for each NIfTI file.

    Parameters
    ----------
    folder : path_like
        The folder.
    sources : sequence of path_like
        NIfTI files.
    ending : str
        Replaces ``.nii`` or ``.nii.gz``.

    Raises
    ------
    ImageError
        Two sources would get the same name.
    """
    paths = [
        Path(folder, Path(source).name.removesuffix(".gz").removesuffix(".nii") + ending)
        for source in sources
    ]
    for path, count in Counter(paths).items():
        if count > 1:
            raise ImageError(
                f"{count} of the images would be written to {path}; give them one by one, each "
                "with another --out"
            )
    return paths


@overload
def keyed(paths: Sequence[str], names: Iterable[str], /) -> dict[str, str]: ...
@overload
def keyed(paths: Sequence[str], *names: Iterable[str]) -> dict[tuple[str, ...], str]: ...
def keyed(paths: Sequence[str], *names: Iterable[str]) -> dict[Any, str]:
    """Return files by what they belong to, such as method and fold.

    Parameters
    ----------
    paths : sequence of str
        As Snakemake's ``expand`` lists them: the last names change fastest.
    *names : iterable of str
        Methods, or methods and folds, and so on.

    Returns
    -------
    dict of str
        By name, or by tuple of one name of each kind.

    Raises
    ------
    ValueError
        There is not one file for each key.
    """
    keys = [key if len(names) > 1 else key[0] for key in product(*names)]
    if len(keys) != len(paths):
        raise ValueError(
            f"{len(paths)} files for {len(keys)} keys, such as {keys[:3]}; correct the rule, whose "
            "input and parameters must name the same methods and folds"
        )
    return dict(zip(keys, paths, strict=True))


def write_array(path: str | os.PathLike[str], array: np.ndarray) -> None:
    """Write an array as ``.npy``, atomically.

    Parameters
    ----------
    path : path_like
        The ``.npy`` file.
    array : numpy.ndarray
        Of any shape and numeric type.
    """
    write_rows(path, array.shape, array.dtype, [array])


def write_rows(
    path: str | os.PathLike[str],
    shape: tuple[int, ...],
    dtype: np.dtype | type,
    rows: Iterable[np.ndarray],
) -> None:
    """Write an array as ``.npy``, atomically and without holding it in memory.

    Parameters
    ----------
    path : path_like
        The ``.npy`` file.
    shape : tuple of int
        Of the whole array.
    dtype : numpy.dtype or type
        Of the whole array; rows are converted.
    rows : iterable of numpy.ndarray
        Its rows, or blocks of rows, in order.
    """
    header = {
        "shape": shape,
        "fortran_order": False,
        "descr": np.lib.format.dtype_to_descr(np.dtype(dtype)),
    }
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for row in rows:
            file.write(np.ascontiguousarray(row, dtype).data)


def write_table(path: str | os.PathLike[str], table: pd.DataFrame) -> None:
    """Write a table as a BIDS-style TSV, atomically: no index, missing values as ``n/a``.

    Parameters
    ----------
    path : path_like
        The ``.tsv`` file.
    table : pandas.DataFrame
        Its index is not written.
    """
    write_text(path, table.to_csv(sep="\t", index=False, na_rep="n/a", lineterminator="\n"))


def read_tables(paths: Iterable[str | os.PathLike[str]]) -> pd.DataFrame:
    """Read several tables with the same columns into one, in the order of `paths`."""
    return pd.concat(map(read_table, paths), ignore_index=True)


def read_table(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a TSV written by `write_table`.

    Identifiers and names are read as text, so that ``007`` stays ``007`` and a class may be ``1``.
    """
    return pd.read_csv(
        path,
        sep="\t",
        na_values=["n/a"],
        keep_default_na=False,
        dtype=dict.fromkeys(_TEXT_COLUMNS, "string"),
    )
