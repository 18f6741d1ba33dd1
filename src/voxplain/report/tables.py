"""Result tables as readers see them: readable names, rounded values, sortable cells."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from voxplain.columns import heading
from voxplain.names import MISSING, duration, is_missing, method_name, model_name, number


class Cell(NamedTuple):
    """What is shown, what it sorts by, whether it is a number, and small lines below it."""

    text: str
    key: str
    numeric: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table of the report.

    Parameters
    ----------
    identifier : str
        Element id, unique on the page.
    caption : str
        Sentence above the table.
    headers : list of str
        Column names as shown.
    rows : list of list of Cell
    source : str
        File below the run's folder that holds the table in full, or several after commas; empty if
        there is none.
    folded : bool
        True hides the rows until asked for.
    """

    identifier: str
    caption: str
    headers: list[str]
    rows: list[list[Cell]]
    source: str = ""
    folded: bool = False
    kind: str = field(default="table", init=False)


def cell(value: Any, column: str) -> Cell:
    """Make a cell of one value of a result table.

    Parameters
    ----------
    value : object
    column : str
        Name of the column, which says how numbers and names are written.
    """
    if is_missing(value):
        return Cell(MISSING, "", False)
    if isinstance(value, (bool, np.bool_)):
        return Cell("yes" if value else "no", str(int(value)), False)
    if isinstance(value, str):
        spelled = {"model": model_name, "method": method_name}.get(column.split("_")[0])
        return Cell(spelled(value) if spelled else value, value.lower(), False)
    if math.isinf(value):
        return Cell("∞" if value > 0 else "−∞", str(value), True)
    if "seconds" in column:
        return Cell(duration(value), repr(float(value)), True)
    return Cell(number(value, column), repr(float(value)), True)


def table(
    data: pd.DataFrame,
    identifier: str,
    caption: str,
    source: str = "",
    folded: bool = False,
    labels: Mapping[str, str] | None = None,
) -> Table:
    """Make a report table of a result table; methods and models are spelled out.

    Parameters
    ----------
    data : pandas.DataFrame
    identifier, caption, source, folded
        As for `Table`. The headings are those that `voxplain.columns` has for the file `source`.
    labels : mapping of str to str, optional
        Other headings, by column.
    """
    columns = list(data.columns)
    rows = [
        [cell(value, column) for value, column in zip(row, columns, strict=True)]
        for row in data.itertuples(index=False)
    ]
    name, labels = Path(source.partition(",")[0]).stem, labels or {}
    headers = [labels.get(column) or heading(name, column) for column in columns]
    return Table(identifier, caption, headers, rows, source, folded)
