"""The `table` layout: any folder of images described by one TSV or CSV file."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from voxplain import nifti
from voxplain.cohort import morphometry
from voxplain.cohort.participants import MISSING_TEXT, Problems, as_participants, shortened
from voxplain.errors import CohortError, ImageError
from voxplain.grid import Grid

ID = "participant_id"
_TEXT_COLUMNS = {"family": "family_id", "site": "site"}
_NUMBER_COLUMNS = {"age": "age", "tiv": "tiv"}
_FIELD = re.compile(r"\{([^{}]+)\}")


def read_text_table(path: Path) -> pd.DataFrame:
    """Read a TSV (or, by its ending, CSV) as text; blanks around values are stripped.

    A byte-order mark and either kind of line ending are accepted. Values stay as they are written,
    so that ``007`` remains ``007``.

    Raises
    ------
    CohortError
        If the file is missing, empty, not UTF-8 or ragged, or names a column twice.
    """
    if not path.is_file():
        raise CohortError(f"{path} does not exist; check cohort_root and cohort.table")
    separator = "," if path.suffix.lower() == ".csv" else "\t"
    try:
        cells = pd.read_csv(
            path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig", header=None
        )
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise CohortError(f"{path} is not a readable table ({error})") from error
    cells = cells.fillna("").apply(lambda column: column.str.strip())
    names = cells.iloc[0].tolist()
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise CohortError(f"{path} has more than one column called {shortened(twice)}")
    return cells.iloc[1:].set_axis(names, axis=1).reset_index(drop=True)


def read_participants(
    root: str | Path,
    settings: Mapping[str, Any],
    *,
    classes: Mapping[str, str],
    exclude: Sequence[str] = (),
    n_splits: int = 2,
) -> pd.DataFrame:
    """Read and check the participants of a folder of images.

    All checks run before an error is raised, so that one message lists every problem. Of the
    images, the headers are read; damage further inside shows when they are downsampled.

    Parameters
    ----------
    root : path_like
        The cohort's folder; paths in `settings` and in the table are relative to it.
    settings : mapping
        The config's ``cohort.table``: ``participants`` (file), ``image`` (path with columns in
        braces), ``label`` (column), ``positive`` and ``negative`` (its two values), and columns for
        ``family``, ``tiv`` (ml), ``age`` (years), ``site`` and a ``morphometry`` file, each null
        where there is none.
    classes : mapping
        Names of the classes: ``negative`` (label 0) and ``positive`` (label 1).
    exclude : sequence of str
        Participants to leave out.
    n_splits : int
        Number of folds; each class needs as many participants.

    Returns
    -------
    participants : DataFrame
        The contract's columns (participant_id, image, label, class_name, family_id, age, tiv,
        site), in the order of the file.

    Raises
    ------
    CohortError
        If anything is wrong with the table, the labels, the images or the morphometry.
    GridMismatchError
        If the only thing wrong is that images lie on different grids.
    """
    root = Path(root)
    path = root / settings["participants"]
    source = read_text_table(path)
    problems = Problems(str(path))
    _check_columns(source, settings, problems)
    problems.raise_any()
    source = _without_excluded(source, exclude, problems)
    _check_ids(source, problems)
    labels = _labels(source, settings, n_splits, problems)
    table = pd.DataFrame(
        {
            ID: source[ID],
            "image": _image_paths(source, root, settings["image"]),
            "label": labels,
            "class_name": labels.map({0: classes["negative"], 1: classes["positive"]}),
        }
    )
    for key, name in _TEXT_COLUMNS.items():
        table[name] = _text(source, settings.get(key))
    for key, name in _NUMBER_COLUMNS.items():
        table[name] = _numbers(source, settings.get(key), problems)
    if settings.get("tiv") and table["tiv"].isna().any():
        gaps = table.loc[table["tiv"].isna(), ID].tolist()
        problems.add(
            f"{shortened(gaps)}: no head size in '{settings['tiv']}'; fill it, or set "
            "cohort.table.tiv to null to measure brain volume on the images"
        )
    _check_images(table, problems)
    if settings.get("morphometry"):
        try:
            morphometry.read(root / settings["morphometry"], table[ID].tolist(), settings["label"])
        except CohortError as error:
            problems.add(str(error))
    problems.raise_any()
    return as_participants(table)


def _check_columns(source: pd.DataFrame, settings: Mapping[str, Any], problems: Problems) -> None:
    keys = ("label", *_TEXT_COLUMNS, *_NUMBER_COLUMNS)
    wanted = {f"cohort.table.{key}": [settings[key]] for key in keys if settings.get(key)}
    wanted["cohort.table.image"] = _FIELD.findall(settings["image"])
    wanted["the identifier"] = [ID]
    for key, names in wanted.items():
        for name in names:
            if name not in source.columns:
                there = shortened(source.columns.tolist(), 12)
                problems.add(f"there is no column '{name}' ({key}); the columns are {there}")
    if source.empty:
        problems.add("the table has no rows")


def _without_excluded(
    source: pd.DataFrame, exclude: Sequence[str], problems: Problems
) -> pd.DataFrame:
    excluded = [str(name) for name in exclude]
    unknown = [name for name in excluded if name not in set(source[ID])]
    if unknown:
        problems.add(f"cohort.exclude names participants that are not there: {shortened(unknown)}")
    return source[~source[ID].isin(excluded)].reset_index(drop=True)


def _check_ids(source: pd.DataFrame, problems: Problems) -> None:
    n_blank = int(source[ID].isin(MISSING_TEXT).sum())
    if n_blank:
        problems.add(f"{n_blank} rows have no {ID}")
    counts = Counter(name for name in source[ID] if name not in MISSING_TEXT)
    for name, count in counts.items():
        if count > 1:
            problems.add(f"{name}: stands in the table {count} times; keep one row")


def _labels(
    source: pd.DataFrame, settings: Mapping[str, Any], n_splits: int, problems: Problems
) -> pd.Series:
    """Labels 0 and 1; -1 where the value is neither class."""
    column = settings["label"]
    values = [str(settings[key]).strip() for key in ("negative", "positive")]
    codes = {value: code for code, value in enumerate(values)}
    if len(codes) < 2:
        problems.add(f"cohort.table.positive and .negative are both '{values[0]}'")
    labels = source[column].map(codes).fillna(-1).astype(int)
    for name, value in source.loc[labels < 0, [ID, column]].itertuples(index=False):
        if value in MISSING_TEXT:
            problems.add(f"{name}: no value in '{column}'; fill it in or use cohort.exclude")
        else:
            problems.add(
                f"{name}: '{column}' is '{value}', neither '{values[0]}' nor '{values[1]}'; "
                "correct it, cohort.table.negative or .positive, or use cohort.exclude"
            )
    counts = [int((labels == code).sum()) for code in (0, 1)]
    for value, count in zip(values, counts, strict=True):
        if count == 0:
            problems.add(f"no participant has '{column}' = '{value}': there is only one class")
        elif count < n_splits:
            problems.add(
                f"'{column}' = '{value}' has {count} participants, fewer than the {n_splits} folds;"
                " use fewer folds"
            )
    return labels


def _image_paths(source: pd.DataFrame, root: Path, template: str) -> list[str]:
    records = source.to_dict("records")
    return [
        str(root / _FIELD.sub(lambda match, row=row: row[match[1]], template)) for row in records
    ]


def _text(source: pd.DataFrame, column: str | None) -> Any:
    if column is None:
        return pd.NA
    return source[column].mask(source[column].isin(MISSING_TEXT))


def _numbers(source: pd.DataFrame, column: str | None, problems: Problems) -> Any:
    if column is None:
        return np.nan
    text = source[column].mask(source[column].isin(MISSING_TEXT))
    numbers = pd.to_numeric(text, errors="coerce").astype(float)
    bad = text.notna() & ~(np.isfinite(numbers) & (numbers > 0))
    for name, value in zip(source.loc[bad, ID], text[bad], strict=True):
        problems.add(f"{name}: '{column}' is '{value}', not a positive number")
    return numbers


def _check_images(table: pd.DataFrame, problems: Problems) -> None:
    """Read every header; find unusable files, files used twice and grids unlike the others."""
    owners = table.groupby("image", sort=False)[ID].agg(list)
    for image, names in owners.items():
        if len(set(names)) > 1:
            problems.add(f"{shortened(names)}: share one image, {image}")
    grids: dict[str, Grid] = {}
    for name, image in zip(table[ID], table["image"], strict=True):
        try:
            grids[name] = nifti.read_header(image, name).grid
        except ImageError as error:
            problems.add(str(error))
    if not grids:
        return
    # Headers differ in the last bits of their floats: rounding finds the grid that most share,
    # and a tolerance in mm decides who shares it.
    keys = {name: (grid.shape, tuple(grid.affine.round(2).ravel())) for name, grid in grids.items()}
    common_key = Counter(keys.values()).most_common(1)[0][0]
    common = next(grid for name, grid in grids.items() if keys[name] == common_key)
    for name, grid in grids.items():
        if not grid.matches(common):
            problems.grids.append(
                f"{name}: its grid {_described(grid)} is not that of most images, "
                f"{_described(common)}; resample it or use cohort.exclude"
            )


def _described(grid: Grid) -> str:
    sizes = " x ".join(map(str, grid.shape))
    edges = " x ".join(f"{edge:.4g}" for edge in grid.voxel_sizes)
    origin = ", ".join(f"{value:.4g}" for value in grid.affine[:3, 3])
    return f"({sizes} voxels of {edges} mm, {grid.orientation}, first voxel at {origin} mm)"
