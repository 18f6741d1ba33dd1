"""Tables as people write them, read as text."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from voxplain.cohort.participants import shortened
from voxplain.errors import CohortError
from voxplain.run.cells import split_lines


def read_text_table(path: Path) -> pd.DataFrame:
    """Read a TSV (or, by its ending, CSV) as text; blanks around values are stripped.

    A byte-order mark and either kind of line ending are accepted. Values stay as they are written,
    so that ``007`` remains ``007``.

    Raises
    ------
    CohortError
        If the file is missing, empty, not UTF-8 or ragged, or names a column twice.
    """
    cells = read_cells(path)
    names = cells.iloc[0].tolist()
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise CohortError(f"{path} has more than one column called {shortened(twice)}")
    return cells.iloc[1:].set_axis(names, axis=1).reset_index(drop=True)


def read_cells(path: Path) -> pd.DataFrame:
    """Read the cells of a TSV or CSV, its first row of names included, lines of blanks left out.

    Raises
    ------
    CohortError
        If the file is missing, empty, not UTF-8 or ragged.
    """
    if not path.is_file():
        raise CohortError(
            f"{path} does not exist; check cohort_root and the file's name in the cohort's settings"
        )
    separator = "," if path.suffix.lower() == ".csv" else "\t"
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CohortError(
            f"{path} is not UTF-8 (byte {error.start}); save it as UTF-8 text"
        ) from error
    numbered, damaged = split_lines(text, separator)
    if damaged:
        where = shortened([str(line) for line in damaged])
        raise CohortError(
            f"{path} has a double quote that is not one of a pair around a cell in line {where}; "
            "put quotes around the whole cell or nowhere, write a quote inside such a cell twice "
            '(""), and keep each row on one line'
        )
    lines, rows = [line for line, _ in numbered], [cells for _, cells in numbered]
    if not rows:
        raise CohortError(f"{path} is empty; it needs a row of names and one per participant")
    if len(rows[0]) == 1 and re.search(r"[\t,;]", rows[0][0]):
        raise CohortError(
            f"{path} has one column, '{rows[0][0]}'; a {path.suffix} file is separated by "
            f"{'commas' if separator == ',' else 'tabs'}: save it so, with decimal points"
        )
    ragged = [
        f"{line} ({len(row)})"
        for line, row in zip(lines, rows, strict=True)
        if len(row) != len(rows[0])
    ]
    if ragged:
        raise CohortError(
            f"{path} is ragged: the first line has {len(rows[0])} cells, but line "
            f"{shortened(ragged)}; leave cells empty where nothing is known, and put text or "
            "numbers with a comma into double quotes"
        )
    return pd.DataFrame(rows, dtype="str")


def comma_hint(value: str) -> str:
    """Return the remedy for a number with a comma, which is ambiguous; else nothing."""
    if not re.fullmatch(r"[+-]?\d+(,\d+)+", value.strip()):
        return ""
    return " (write it without commas, decimals behind a point)"


def respelt(wanted: Sequence[str], there: Iterable[str]) -> str:
    """Say if missing identifiers are there as numbers, changed by a spreadsheet program.

    Parameters
    ----------
    wanted : sequence of str
        Identifiers that are missing.
    there : iterable of str
        Identifiers of the table.
    """
    spoilt = {_as_number(name): name for name in there}
    for name in wanted:
        other = spoilt.get(_as_number(name))
        if other is not None:
            return f" ('{name}' stands there as '{other}': keep identifiers as text)"
    return ""


def _as_number(name: str) -> str:
    """Spell an identifier as a spreadsheet would: 007 and 7.0 as 7, sub-007 as it is."""
    return name.removesuffix(".0").lstrip("0") if name.replace(".", "", 1).isdigit() else name
