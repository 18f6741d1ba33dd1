"""Morphometry tables: one row of numbers per participant."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from voxplain.cohort import hcp_columns
from voxplain.cohort.participants import MISSING_TEXT, shortened
from voxplain.errors import CohortError

ID_COLUMNS = ("participant_id", "Subject")
# What HCP's and BIDS's tables say about a person besides measures: never features of a brain.
IDENTIFIERS = ("Release", "Acquisition", "Gender", "Age", "family_id", "class_name", "label")


def read(path: str | os.PathLike, participant_ids: list[str], *label_columns: str) -> pd.DataFrame:
    """Read the morphometric features of some participants.

    HCP's Expanded FreeSurfer table is understood: the right cerebellar cortex gets its right name.

    Parameters
    ----------
    path : path_like
        TSV (or, by its ending, CSV) with a column ``participant_id`` or ``Subject``.
    participant_ids : list of str
        Whose rows to return; rows of others are ignored.
    *label_columns : str
        Further columns that are no features, such as the one that holds the label.

    Returns
    -------
    features : (n_participants, n_features) float64 DataFrame
        Indexed by participant_id in the order asked for. Columns that are the same for all these
        participants are left out; ``features.attrs["constant"]`` lists them.

    Raises
    ------
    CohortError
        If participants have no row or several, or a value is missing, infinite or no number; all
        of it in one message.
    """
    path = Path(path)
    if not path.is_file():
        raise CohortError(
            f"{path} does not exist; check cohort.table.morphometry or set it to null"
        )
    separator = "," if path.suffix.lower() == ".csv" else "\t"
    try:
        # With a header, pandas marks repeated names by .1, which hcp_columns knows.
        table = pd.read_csv(
            path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig"
        )
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise CohortError(f"{path} is not a readable table ({error})") from error
    table.columns = table.columns.str.strip()
    table = table.rename(columns=hcp_columns.corrected(table.columns.tolist()))
    rows = _rows_of(path, table, participant_ids)
    dropped = {*ID_COLUMNS, *IDENTIFIERS, *label_columns}
    numbers = _numbers(path, rows[[name for name in rows.columns if name not in dropped]])
    constant = numbers.columns[(numbers == numbers.iloc[0]).all()].tolist()
    features = numbers.drop(columns=constant)
    if features.columns.empty:
        raise CohortError(f"{path} has no column of numbers that differ between participants")
    features.attrs["constant"] = constant
    return features


def _rows_of(path: Path, table: pd.DataFrame, participant_ids: list[str]) -> pd.DataFrame:
    names = [name for name in ID_COLUMNS if name in table.columns]
    if not names:
        raise CohortError(f"{path} has neither a column participant_id nor Subject")
    index = pd.Index(table[names[0]].str.strip(), name="participant_id")
    twice = index[index.duplicated() & index.isin(participant_ids)].unique().tolist()
    if twice:
        raise CohortError(f"{path} has several rows for {shortened(twice)}; keep one each")
    missing = [name for name in participant_ids if name not in index]
    if missing:
        raise CohortError(
            f"{path} has no row for {len(missing)} of {len(participant_ids)} participants: "
            f"{shortened(missing)}; add them or drop the participants with cohort.exclude"
        )
    return table.set_index(index).loc[participant_ids]


def _numbers(path: Path, text: pd.DataFrame) -> pd.DataFrame:
    """Convert to float64; raise naming the first cells that are no finite numbers."""
    numbers = text.apply(pd.to_numeric, errors="coerce").astype(np.float64)
    bad_rows, bad_columns = np.nonzero(~np.isfinite(numbers.to_numpy()))
    if len(bad_rows):
        cells = []
        for row, column in zip(bad_rows[:8], bad_columns[:8], strict=True):
            value = str(text.iloc[row, column]).strip()
            shown = "missing" if value in MISSING_TEXT else f"'{value}'"
            cells.append(f"{text.index[row]} {text.columns[column]} is {shown}")
        rest = f" and {len(bad_rows) - 8} more" if len(bad_rows) > 8 else ""
        raise CohortError(
            f"{path} has {len(bad_rows)} values that are not finite numbers: "
            f"{'; '.join(cells)}{rest}; complete them, or drop the columns or participants"
        )
    return numbers
