"""The checks of every layout, in one pass: ids, labels, numbers, images, morphometry."""

import contextlib
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from voxplain.cohort.columns import NUMBER_COLUMNS, RANGES, TEXT_COLUMNS
from voxplain.cohort.groups import fold_groups, group_problems
from voxplain.cohort.morphometry import tables as morphometry
from voxplain.cohort.participants import (
    MISSING_TEXT,
    CheckedCohort,
    Problems,
    as_participants,
    shortened,
)
from voxplain.cohort.scans import Scan, check_grids, check_scans, read_grids, read_voxels
from voxplain.cohort.study import NO_FILE_NAME, Study
from voxplain.cohort.values import ID, labels_of, numbers_of, texts_of
from voxplain.errors import CohortError
from voxplain.image import archives
from voxplain.preparation.settings import RegistrationSettings

_BLANK_ID = ("", "n/a")  # somebody may be called NA
_LONGEST_ID = 100  # characters; file systems end at 255, with what is appended


@dataclass(frozen=True)
class Requirements:
    """What a run asks of its cohort.

    Attributes
    ----------
    classes : mapping of str to str
        Names of the classes: ``negative`` (label 0) and ``positive`` (label 1).
    exclude : sequence of str
        Participants to leave out.
    n_splits : int
        Number of folds; each class needs as many groups.
    groups : {"family", "site", "none"}
        What folds must not divide (`voxplain.cohort.groups`).
    shape : sequence of int or None
        RAS size that images will be averaged down to; none may be smaller.
    on_missing : {"error", "drop"}
        What happens to participants without an image that can be used, a label or a row of
        morphometry.
    registration : RegistrationSettings
        With the method ``transforms`` each participant needs a file; with any but ``none`` the
        images may lie on unlike grids.
    """

    classes: Mapping[str, str]
    exclude: Sequence[str] = ()
    n_splits: int = 2
    groups: str = "family"
    shape: Sequence[int] | None = None
    on_missing: str = "error"
    registration: RegistrationSettings = field(default_factory=RegistrationSettings)


def check_study(
    study: Study, required: Requirements, progress: Callable[[int, int], None] | None = None
) -> CheckedCohort:
    """Check a cohort and return its participants table.

    All checks run before an error is raised, so that one message lists every problem. Of images,
    the headers are read: what lies further inside shows when they are downsampled, and is then
    listed at once. Where the study is refused in any case, it can be listed here, too (`progress`).

    Parameters
    ----------
    study : Study
        From a layout.
    required : Requirements
        What the run asks of it.
    progress : callable, optional
        Told how many images are done and to do: if anything else is wrong, all are read to their
        ends, and what is wrong inside them joins the list.

    Returns
    -------
    CheckedCohort

    Raises
    ------
    CohortError
        If anything is wrong with the table, the labels, the images or the morphometry.
    GridMismatchError
        If the only thing wrong is that images lie on different grids.
    """
    problems = study.problems
    problems.title = str(study.source)
    if not study.has_columns(required.registration):
        problems.raise_any()
    source = _without_excluded(study.table, required.exclude, problems)
    _check_ids(source, problems)
    scans = [study.located(row, required.registration) for row in source.to_dict("records")]
    grids, unusable = read_grids(source[ID], scans)
    dropped: dict[str, str] = {}
    if required.on_missing == "drop":
        dropped = _missing(study, source, scans, unusable)
        kept = ~source[ID].isin(dropped)
        scans = [scan for scan, keep in zip(scans, kept, strict=True) if keep]
        source = source[kept].reset_index(drop=True)
    table = _participants_table(study, source, scans, required.classes)
    check_scans(source[ID], scans, unusable, problems)
    grids = {name: grids[name] for name in source[ID] if name in grids}
    if grids and required.registration.method == "none":
        check_grids(grids, required.shape, problems)
    _check_groups(study, table, required.n_splits, required.groups)
    _check_morphometry(study, table)
    _check_gaps(study, table)
    if progress and problems and required.on_missing == "error":
        readable = [
            (name, scan) for name, scan in zip(source[ID], scans, strict=True) if name in grids
        ]
        for name, reason in read_voxels(readable, progress).items():
            problems.add_unusable(name, reason)
    if problems and dropped:
        reasons = [f"{name}: {reason}" for name, reason in dropped.items()]
        problems.note = (
            f"Before that, {len(dropped)} of {len(dropped) + len(table)} participants were left "
            f"out (cohort.on_missing: drop): {shortened(reasons, 3)}"
        )
    problems.raise_any()
    return CheckedCohort(
        as_participants(table), dropped, study.table[ID].tolist(), study.known_columns
    )


def _participants_table(
    study: Study, source: pd.DataFrame, scans: Sequence[Scan], classes: Mapping[str, str]
) -> pd.DataFrame:
    """Turn the cells of the source into values; note those that are none."""
    labels = labels_of(source, study.layout, study.columns, study.problems)
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
    columns = study.columns.named()
    for key, name in TEXT_COLUMNS.items():
        table[name] = texts_of(source, columns.get(key))
    for key, name in NUMBER_COLUMNS.items():
        table[name] = numbers_of(source, columns.get(key), *RANGES[key], study.problems)
    return table


def _without_excluded(
    source: pd.DataFrame, exclude: Sequence[str], problems: Problems
) -> pd.DataFrame:
    excluded = [str(name) for name in exclude]
    unknown = [name for name in excluded if name not in set(source[ID])]
    if unknown:
        problems.add(f"cohort.exclude names participants that are not there: {shortened(unknown)}")
    return source[~source[ID].isin(excluded)].reset_index(drop=True)


def _check_ids(source: pd.DataFrame, problems: Problems) -> None:
    blank = source[ID].isin(_BLANK_ID)
    n_blank = int(blank.sum())
    if n_blank:
        problems.add(f"{n_blank} rows have no {ID}")
    for name in source[ID]:
        if NO_FILE_NAME.search(name) or len(name) > _LONGEST_ID:
            problems.add(f"{name[:40]!r} cannot be a {ID}, because files are named after it")
    counts = Counter(source.loc[~blank, ID])
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
        elif row[study.columns.label] in MISSING_TEXT:
            reasons[row[ID]] = f"no value in '{study.columns.label}'"
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
        features = morphometry.read(study.morphometry, ids, study.known_columns).features
        size = morphometry.head_size(study.morphometry, ids)
    except CohortError as error:
        study.problems.add(str(error))
    else:
        for name in _labels_in_disguise(features, table["label"]):
            study.problems.add(
                f"morphometry: column '{name}' has two values, one in each class, so it is the "
                "label and no measure: drop it from the table"
            )
        if size is not None and not study.columns.tiv:
            table["tiv"] = size.to_numpy()


def _labels_in_disguise(features: pd.DataFrame, labels: pd.Series) -> list[str]:
    """Return the features that tell the class without fail, by one value each."""
    classes = [features[labels.to_numpy() == label] for label in (0, 1)]
    if any(part.empty for part in classes):
        return []
    one_each = [(part == part.iloc[0]).all() for part in classes]
    return list(features.columns[one_each[0] & one_each[1]])


def _check_gaps(study: Study, table: pd.DataFrame) -> None:
    names, columns = TEXT_COLUMNS | NUMBER_COLUMNS, study.columns.named()
    for key, remedy in study.without.items():
        column = columns.get(key)
        gaps = table.loc[table[names[key]].isna(), ID].tolist()
        if column and gaps:
            study.problems.add(
                f"{shortened(gaps)}: no value in '{column}'; fill it, use cohort.exclude, or "
                f"{remedy}"
            )
