"""Cells of a participants table as values: classes, names and numbers."""

from typing import Any

import numpy as np
import pandas as pd

from voxplain.cohort.columns import Columns
from voxplain.cohort.participants import MISSING_TEXT, Problems, shortened
from voxplain.cohort.text_tables import comma_hint

ID = "participant_id"


def labels_of(source: pd.DataFrame, layout: str, columns: Columns, problems: Problems) -> pd.Series:
    """Return labels 0 and 1; -1 where the value is neither class.

    Parameters
    ----------
    source : pandas.DataFrame
        Cells of the participants table as text.
    layout : str
        Name of the layout, for messages.
    columns : Columns
        The column of the label and its values.
    problems : Problems
        Told of every value that is neither class.
    """
    column, values = columns.label, (columns.negative, columns.positive)
    shown = ["' or '".join(names) for names in values]
    codes = {value: code for code, names in enumerate(values) for value in names}
    both = sorted({*values[0]} & {*values[1]})
    if both:
        key = f"cohort.{layout}"
        problems.add(f"{key}.positive and .negative are both '{shortened(both)}'")
    labels = source[column].map(codes).fillna(-1).astype(int)
    for name, value in source.loc[labels < 0, [ID, column]].itertuples(index=False):
        if value in MISSING_TEXT:
            problems.add(f"{name}: no value in '{column}'; fill it in or use cohort.exclude")
        else:
            problems.add(
                f"{name}: '{column}' is '{value}', neither '{shown[0]}' nor '{shown[1]}'; correct "
                "it or the values of the classes, or use cohort.exclude"
            )
    for value, code in zip(shown, (0, 1), strict=True):
        if not (labels == code).any():
            problems.add(f"no participant has '{column}' = '{value}': there is only one class")
    return labels


def texts_of(source: pd.DataFrame, column: str | None) -> Any:
    """Return the text of a column, missing where the cell is blank.

    Parameters
    ----------
    source : pandas.DataFrame
        Cells of the participants table as text.
    column : str or None
        None gives a missing value for everybody.
    """
    if column is None:
        return pd.NA
    return source[column].mask(source[column].isin(MISSING_TEXT))


def numbers_of(
    source: pd.DataFrame, column: str | None, least: float, most: float, problems: Problems
) -> Any:
    """Return the numbers of a column, missing where the cell is blank.

    Parameters
    ----------
    source : pandas.DataFrame
        Cells of the participants table as text.
    column : str or None
        None gives a missing value for everybody.
    least, most : float
        Range of the numbers that can be right.
    problems : Problems
        Told of every cell that is neither blank nor a number in this range.
    """
    if column is None:
        return np.nan
    text = source[column].mask(source[column].isin(MISSING_TEXT))
    numbers = pd.to_numeric(text, errors="coerce").astype(float)
    bad = text.notna() & ~numbers.between(least, most)
    for name, value in zip(source.loc[bad, ID], text[bad], strict=True):
        problems.add(
            f"{name}: '{column}' is '{value}', not a number from {least:g} to "
            f"{most:g}{comma_hint(value)}"
        )
    return numbers
