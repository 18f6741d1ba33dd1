"""What every layout is checked for, in one pass: ids, labels, numbers, images, morphometry."""

import contextlib
import os
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from voxplain import archives
from voxplain.cohort import morphometry
from voxplain.cohort.participants import MISSING_TEXT, Problems, as_participants, shortened
from voxplain.cohort.scans import (
    Scan,
    check_grids,
    check_scans,
    fields,
    filled,
    leads_out,
    read_grids,
    with_transform,
)
from voxplain.cohort.values import ID, labels_of, numbers_of, texts_of
from voxplain.errors import CohortError
from voxplain.groups import fold_groups, group_problems

UNREGISTERED = MappingProxyType({"method": "none"})
_NO_FILE_NAME = re.compile(r"[/\\\x00-\x1f]|^\.")
_LONGEST_ID = 100  # characters; file systems end at 255, with what is appended
_TEXT_COLUMNS = {"family": "family_id", "site": "site", "age_band": "age_band"}
_NUMBER_COLUMNS = {"age": "age", "tiv": "tiv"}


@dataclass(frozen=True)
class Study:
    """A cohort as its layout found it, not yet checked.

    Attributes
    ----------
    layout : str
        Name of the layout, for messages.
    source : Path
        The participants table, for messages.
    table : DataFrame
        Its cells as text, with a column ``participant_id``.
    root : Path
        The cohort's folder.
    locate : callable
        From a row (dict) to the participant's `Scan`.
    packages : sequence of str
        Zip archives below `root` that may hold a participant's files, with columns in braces.
    templates : list of str
        Paths below `root` that `locate` fills in from the row.
    columns : mapping
        ``label`` (column) with ``negative`` and ``positive`` (its values: one each, or a list), and
        columns for ``family``, ``age`` (years), ``age_band``, ``tiv`` (ml) and ``site``, absent or
        None where there is none.
    morphometry : list of Path
        Tables of features.
    without : mapping
        How to do without a column (``family`` or ``tiv``) in which values are missing. A column
        that is not here may have gaps.
    problems : Problems
        What the layout itself found wrong.
    """

    layout: str
    source: Path
    table: pd.DataFrame
    root: Path
    locate: Callable[[Mapping[str, str]], Scan]
    columns: Mapping[str, Any]
    packages: Sequence[str] = ()
    templates: list[str] = field(default_factory=list)
    morphometry: list[Path] = field(default_factory=list)
    without: Mapping[str, str] = field(default_factory=dict)
    problems: Problems = field(default_factory=Problems)


def participants_of(
    study: Study,
    *,
    classes: Mapping[str, str],
    exclude: Sequence[str] = (),
    n_splits: int = 2,
    groups: str = "family",
    shape: Sequence[int] | None = None,
    on_missing: str = "error",
    registration: Mapping[str, Any] = UNREGISTERED,
) -> pd.DataFrame:
    """Check a cohort and return its participants table.

    All checks run before an error is raised, so that one message lists every problem. Of the
    images, the headers are read; damage further inside shows when they are downsampled.

    Parameters
    ----------
    study : Study
        From a layout.
    classes : mapping
        Names of the classes: ``negative`` (label 0) and ``positive`` (label 1).
    exclude : sequence of str
        Participants to leave out.
    n_splits : int
        Number of folds; each class needs as many groups.
    groups : {"family", "site"}
        What folds must not divide (`voxplain.groups`).
    shape : sequence of int, optional
        RAS size that images will be averaged down to; none may be smaller.
    on_missing : {"error", "drop"}
        What happens to participants without an image that can be used, a label or a row of
        morphometry. Those dropped stand in ``participants.attrs["dropped"]``, a dict of participant
        to reason; everybody in the table, in ``participants.attrs["listed"]``.
    registration : mapping
        The config's ``registration``: with ``method: transforms`` each participant needs a file;
        with any but ``none`` the images may lie on unlike grids.

    Returns
    -------
    participants : DataFrame
        See `voxplain.cohort.participants.COLUMNS`; in the order of the source.

    Raises
    ------
    CohortError
        If anything is wrong with the table, the labels, the images or the morphometry.
    GridMismatchError
        If the only thing wrong is that images lie on different grids.
    """
    problems = study.problems
    problems.title = str(study.source)
    if not _has_columns(study, registration):
        problems.raise_any()
    source = _without_excluded(study.table, exclude, problems)
    _check_ids(source, problems)
    scans = [_located(study, row, registration) for row in source.to_dict("records")]
    grids, unusable = read_grids(source[ID], scans)
    dropped: dict[str, str] = {}
    if on_missing == "drop":
        dropped = _missing(study, source, scans, unusable)
        kept = ~source[ID].isin(dropped)
        scans = [scan for scan, keep in zip(scans, kept, strict=True) if keep]
        source = source[kept].reset_index(drop=True)
    labels = labels_of(source, study.layout, study.columns, problems)
    table = pd.DataFrame(
        {
            ID: source[ID],
            "image": [scan.image for scan in scans],
            "mask": pd.array([scan.mask for scan in scans], dtype="string"),
            "transform": pd.array([scan.transform for scan in scans], dtype="string"),
            "label": labels,
            "class_name": labels.map({0: classes["negative"], 1: classes["positive"]}),
        }
    )
    for key, name in _TEXT_COLUMNS.items():
        table[name] = texts_of(source, study.columns.get(key))
    for key, name in _NUMBER_COLUMNS.items():
        table[name] = numbers_of(source, study.columns.get(key), problems)
    check_scans(source[ID], scans, unusable, problems)
    grids = {name: grids[name] for name in source[ID] if name in grids}
    if grids and registration["method"] == "none":
        check_grids(grids, shape, problems)
    _check_groups(study, table, n_splits, groups)
    _check_morphometry(study, table)
    _check_gaps(study, table)
    problems.raise_any()
    participants = as_participants(table)
    participants.attrs |= {"dropped": dropped, "listed": study.table[ID].tolist()}
    return participants


def _located(study: Study, row: Mapping[str, str], registration: Mapping[str, Any]) -> Scan:
    """Find a participant's files; no cell of the table makes them lie outside the cohort's folder.

    Links inside the folder are followed: whoever made them could have copied the files.
    """
    if _NO_FILE_NAME.search(row[ID]):
        return Scan()  # `_check_ids` tells
    transform = registration["transform"] if registration["method"] == "transforms" else None
    for template in (*study.templates, *([transform] if transform else [])):
        if leads_out(template, row):
            return Scan(
                problem=f"{filled(template, row)} leads out of cohort_root; name a file below it, "
                "or link it there"
            )
    scan = study.locate(row)
    if transform is None:
        return scan
    packages = [filled(package, row) for package in study.packages]
    return with_transform(scan, filled(transform, row), study.root, packages)


def _has_columns(study: Study, registration: Mapping[str, Any]) -> bool:
    """Whether there is a table to go on with; note the columns that are not there."""
    there = study.table.columns
    keys = ("label", *_TEXT_COLUMNS, *_NUMBER_COLUMNS)
    wanted = [(ID, "the identifier"), *((study.columns.get(key), key) for key in keys)]
    wanted += [(name, "image") for path in study.templates for name in fields(path)]
    wanted = [(name, f"cohort.{study.layout}.{key}" if name != ID else key) for name, key in wanted]
    if registration["method"] == "transforms":
        wanted += [(name, "registration.transform") for name in fields(registration["transform"])]
    missing = [(name, where) for name, where in wanted if name and name not in there]
    for name, where in missing:
        shown = shortened(there.tolist(), 12)
        study.problems.add(f"there is no column '{name}' ({where}); the columns are {shown}")
    if study.table.empty:
        study.problems.add("the table has no rows")
    return not missing and not study.table.empty


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
    for name in source[ID]:
        if _NO_FILE_NAME.search(name) or len(name) > _LONGEST_ID:
            problems.add(f"{name[:40]!r} cannot be a {ID}, because files are named after it")
    counts = Counter(name for name in source[ID] if name not in MISSING_TEXT)
    for name, count in counts.items():
        if count > 1:
            problems.add(f"{name}: stands in the table {count} times; keep one row")


def _missing(
    study: Study, source: pd.DataFrame, scans: Sequence[Scan], unusable: Mapping[str, str]
) -> dict[str, str]:
    """Return who has to be dropped, and why."""
    measured = None
    if study.morphometry:
        with contextlib.suppress(CohortError):  # `_check_morphometry` tells of unreadable tables
            measured = morphometry.known_participants(study.morphometry)
    reasons = {}
    for row, scan in zip(source.to_dict("records"), scans, strict=True):
        if scan.missing:
            reasons[row[ID]] = scan.missing
        elif scan.image and not os.path.exists(archives.split(scan.image)[0]):
            reasons[row[ID]] = f"{scan.image} does not exist"
        elif row[ID] in unusable:
            reasons[row[ID]] = unusable[row[ID]]
        elif row[study.columns["label"]] in MISSING_TEXT:
            reasons[row[ID]] = f"no value in '{study.columns['label']}'"
        elif measured is not None and row[ID] not in measured:
            reasons[row[ID]] = "no row of morphometry"
    return reasons


def _check_groups(study: Study, table: pd.DataFrame, n_splits: int, by: str) -> None:
    """Note why the folds asked for cannot be drawn."""
    unknown = table.loc[table["site"].isna(), ID].tolist()
    if by == "site" and unknown:
        study.problems.add(
            f"folds.groups is site, but {shortened(unknown)} have none; name the column of the "
            f"site (cohort.{study.layout}.site), fill it, or set folds.groups to family"
        )
        return
    labelled = table[table["label"] >= 0]
    if labelled["label"].nunique() == 2:
        classes = labelled["class_name"].to_numpy(str)
        for problem in group_problems(classes, fold_groups(labelled, by), n_splits, by):
            study.problems.add(problem)


def _check_morphometry(study: Study, table: pd.DataFrame) -> None:
    """Read the features for their errors, and the head size if there is no other."""
    if not study.morphometry or table.empty:
        return
    ids = table[ID].tolist()
    try:
        morphometry.read(study.morphometry, ids, study.columns["label"])
        size = morphometry.head_size(study.morphometry, ids)
    except CohortError as error:
        study.problems.add(str(error))
    else:
        if size is not None and not study.columns.get("tiv"):
            table["tiv"] = size.to_numpy()


def _check_gaps(study: Study, table: pd.DataFrame) -> None:
    names = _TEXT_COLUMNS | _NUMBER_COLUMNS
    for key, remedy in study.without.items():
        column = study.columns.get(key)
        gaps = table.loc[table[names[key]].isna(), ID].tolist()
        if column and gaps:
            study.problems.add(
                f"{shortened(gaps)}: no value in '{column}'; fill it, use cohort.exclude, or "
                f"{remedy}"
            )
