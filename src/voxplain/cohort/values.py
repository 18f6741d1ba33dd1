"""Cells of a participants table as values: classes, names and numbers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from voxplain.cohort.participants import MISSING_TEXT, Problems, shortened
from voxplain.cohort.text_tables import comma_hint

ID = "participant_id"


def _values(wanted: Any) -> list[str]:
    """Return the values of a class, one or a list, as text."""
    return [str(value).strip() for value in (wanted if isinstance(wanted, list) else [wanted])]


def labels_of(
    source: pd.DataFrame, layout: str, columns: Mapping[str, Any], problems: Problems
) -> pd.Series:
    """Labels 0 and 1; -1 where the value is neither class."""
    column = columns["label"]
    values = [_values(columns[key]) for key in ("negative", "positive")]
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
    """Text of a column, missing where the cell is blank; missing for all without a column."""
    if column is None:
        return pd.NA
    return source[column].mask(source[column].isin(MISSING_TEXT))


def numbers_of(
    source: pd.DataFrame, column: str | None, least: float, most: float, problems: Problems
) -> Any:
    """Numbers of a column; what is neither blank nor between `least` and `most` is a problem."""
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
