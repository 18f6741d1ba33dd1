"""Tables as people write them, read as text."""

from collections import Counter
from pathlib import Path

import pandas as pd

from voxplain.cohort.participants import shortened
from voxplain.errors import CohortError


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
    """Read the cells of a TSV or CSV, its first row of names included.

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
        cells = pd.read_csv(
            path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig", header=None
        )
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise CohortError(f"{path} is not a readable table ({error})") from error
    return cells.fillna("").apply(lambda column: column.str.strip())
