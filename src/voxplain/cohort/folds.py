"""Stratified folds, by default grouped by family, and the guards against leaking across them.

One set of folds serves every model, so that models can be compared fold by fold.
"""

import os
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from voxplain.cohort.groups import FAMILY, GROUP_COLUMNS, SITE, fold_groups, group_problems
from voxplain.errors import CohortError, LeakageError
from voxplain.run.files import read_json
from voxplain.run.paths import WHOLE_COHORT, fold_names
from voxplain.run.seeds import stream_seed

_ATTEMPTS = 100


@dataclass(frozen=True)
class Split:
    """One train/test split.

    Parameters
    ----------
    fold : str
        "01", "02", ... or "all".
    train, test : list of str
        Participant ids, in the order of the participants table.
    groups : str
        What is never divided: ``family``, ``site`` (and families) or ``none``.
    """

    fold: str
    train: list[str]
    test: list[str]
    groups: str = "family"

    def to_dict(self) -> dict[str, Any]:
        """Return the split as plain JSON types."""
        return asdict(self)

    def check(self, participants: pd.DataFrame) -> None:
        """Refuse a split that leaks or that does not belong to this cohort.

        The split ``all`` is in-sample by definition and is only checked for membership.

        Raises
        ------
        LeakageError
            A participant, a family or, where sites are groups, a site is on both sides.
        CohortError
            A participant is not in the table.
        """
        known = set(participants["participant_id"])
        strangers = sorted((set(self.train) | set(self.test)) - known)
        if strangers:
            raise CohortError(
                f"fold {self.fold}: not in the participants table: {_listing(strangers)}; "
                "delete the folds folder so that the folds are drawn again"
            )
        if self.fold == WHOLE_COHORT:
            return
        shared = sorted(set(self.train) & set(self.test))
        if shared:
            raise LeakageError(
                f"fold {self.fold}: in training and test set at once: {_listing(shared)}; "
                "delete the folds folder so that the folds are drawn again"
            )
        for column in GROUP_COLUMNS[self.groups]:
            known = participants.set_index("participant_id")[column].dropna()
            sides = [set(known[known.index.isin(side)]) for side in (self.train, self.test)]
            both = sorted(sides[0] & sides[1])
            if both:
                what = {FAMILY: "families", SITE: "sites"}[column]
                raise LeakageError(
                    f"fold {self.fold}: {what} in training and test set at once: {_listing(both)};"
                    " delete the folds folder so that the folds are drawn again"
                )


def make_splits(
    participants: pd.DataFrame, n_splits: int, seed: int, groups: str = "family"
) -> list[Split]:
    """Draw stratified folds; families, where they are known, are not divided unless so asked.

    Parameters
    ----------
    participants : pandas.DataFrame
        Columns participant_id, label (0/1) and family_id (missing = no known relatives).
    n_splits : int
        Number of folds (paper: 10).
    seed : int
        Seed of the shuffle.
    groups : {"family", "site", "none"}
        ``site`` keeps whole sites together, too: the folds then tell how models do at sites that
        they have not seen. ``none`` divides families, as the paper does.

    Returns
    -------
    list of Split
        `n_splits` folds followed by the split ``all``.

    Raises
    ------
    CohortError
        A class has fewer participants (families, sites) than there are folds, or they are so
        large that folds cannot be drawn.

    Examples
    --------
    >>> import pandas as pd
    >>> from voxplain import make_splits
    >>> ids = [f"sub-{number:02d}" for number in range(20)]
    >>> participants = pd.DataFrame({"participant_id": ids, "label": [0, 1] * 10})
    >>> splits = make_splits(participants.assign(family_id=pd.NA), n_splits=5, seed=0)
    >>> [split.fold for split in splits]
    ['01', '02', '03', '04', '05', 'all']
    """
    from sklearn.model_selection import StratifiedKFold  # not for jobs that only read a split

    ids = participants["participant_id"].to_numpy(dtype=object)
    labels = participants["label"].to_numpy(dtype=int)
    names = fold_groups(participants, groups)
    problems = group_problems(labels, names, n_splits, groups)
    if problems:
        raise CohortError("\n".join(problems))
    # Without families the plain splitter is exactly stratified; the grouped one only nearly.
    if len(set(names)) < len(ids):
        rows = _grouped(labels, names, n_splits, seed)
    else:
        rows = StratifiedKFold(n_splits, shuffle=True, random_state=seed).split(ids, labels)
    splits = [
        Split(fold, list(ids[np.sort(train)]), list(ids[np.sort(test)]), groups)
        for fold, (train, test) in zip(fold_names(n_splits), rows, strict=True)
    ]
    splits.append(Split(WHOLE_COHORT, list(ids), list(ids), groups))
    for split in splits:
        split.check(participants)
    return splits


def _grouped(
    labels: np.ndarray, groups: np.ndarray, n_splits: int, seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Split by families; draw again while a fold of a small cohort lacks a class."""
    from sklearn.model_selection import StratifiedGroupKFold

    for attempt in range(_ATTEMPTS):
        splitter = StratifiedGroupKFold(n_splits, shuffle=True, random_state=seed + attempt)
        rows = list(splitter.split(labels, labels, groups))
        if all(len(set(labels[side])) == 2 for pair in rows for side in pair):
            return rows
    raise CohortError(
        f"cannot draw {n_splits} folds that divide no family or site and hold both classes; "
        "lower folds.n_splits or add participants"
    )


def check_inner_folds(splits: list[Split], inner_splits: int, neighbours: int) -> None:
    """Refuse a nested grid search that the smallest training fold is too small for.

    Parameters
    ----------
    splits : list of Split
    inner_splits : int
        Inner folds of each training fold.
    neighbours : int
        Most neighbours of the grid.

    Raises
    ------
    CohortError
        k-nearest neighbours would have to find more neighbours than there are participants.
    """
    smallest = min(len(split.train) for split in splits)
    inner = smallest * (inner_splits - 1) // inner_splits
    if inner < neighbours:
        raise CohortError(
            f"baselines.knn.n_neighbors asks for {neighbours} neighbours, but an inner training "
            f"fold has {inner} participants; lower n_neighbors, or raise baselines.inner_splits"
        )


@dataclass(frozen=True)
class Fold:
    """A split, its participants by their rows in the table and in the volumes.

    Attributes
    ----------
    split : Split
        Names of the participants.
    labels : numpy.ndarray of int, shape (n,)
        Class of everybody in the table, 0 or 1.
    train, test : numpy.ndarray of int
        Rows, in the order of the split.
    """

    split: Split
    labels: np.ndarray
    train: np.ndarray
    test: np.ndarray

    @property
    def name(self) -> str:
        """Name of the fold: 01, 02, ... or all."""
        return self.split.fold


def read_fold(path: str | os.PathLike[str], participants: pd.DataFrame) -> Fold:
    """Read one split file and look its participants up in the table.

    Parameters
    ----------
    path : path_like
        The split file.
    participants : pandas.DataFrame
        Columns participant_id, label, family_id and site.

    Raises
    ------
    LeakageError, CohortError
        The split leaks, or belongs to another cohort (see `Split.check`).
    """
    split = read_split(path, participants)
    labels = participants["label"].to_numpy(int)
    train, test = rows_of(split.train, participants), rows_of(split.test, participants)
    return Fold(split, labels, train, test)


def read_split(path: str | os.PathLike[str], participants: pd.DataFrame) -> Split:
    """Read one split file and refuse it if it leaks (see `Split.check`).

    Parameters
    ----------
    path : path_like
        The split file.
    participants : pandas.DataFrame
        As for `read_fold`.
    """
    split = Split(**read_json(path))
    split.check(participants)
    return split


def held_out_folds(folds: pd.DataFrame, participants: pd.DataFrame) -> np.ndarray:
    """Look up which fold holds each participant out, (n,) of str.

    Parameters
    ----------
    folds : pandas.DataFrame
        From `folds_table`.
    participants : pandas.DataFrame
        Column participant_id.
    """
    fold = folds.set_index("participant_id")["fold"]
    return np.asarray(fold.loc[participants["participant_id"]], dtype=str)


def folds_table(splits: list[Split], participants: pd.DataFrame) -> pd.DataFrame:
    """Return one row per participant with the fold that holds it out.

    Parameters
    ----------
    splits : list of Split
    participants : pandas.DataFrame
        Columns participant_id, label, class_name and family_id.
    """
    fold_of = {
        member: split.fold
        for split in splits
        if split.fold != WHOLE_COHORT
        for member in split.test
    }
    table = participants[["participant_id", "label", "class_name", "family_id"]].copy()
    table.insert(1, "fold", table["participant_id"].map(fold_of))
    return table


def rows_of(ids: list[str], participants: pd.DataFrame) -> np.ndarray:
    """Return the rows of some participants in the table and the volumes, in their order.

    Parameters
    ----------
    ids : list of str
        Participants.
    participants : pandas.DataFrame
        Column participant_id.
    """
    position = {name: row for row, name in enumerate(participants["participant_id"])}
    return np.array([position[name] for name in ids], dtype=int)


def training_sample(
    split: Split, participants: pd.DataFrame, per_class: int, seed: int
) -> list[str]:
    """Draw at most `per_class` training participants of each class, in table order.

    Group masks for the masked accuracy come from them, because maps of held-out participants of
    other folds come from models that have seen this fold.

    Parameters
    ----------
    split : Split
    participants : pandas.DataFrame
        Columns participant_id and label.
    per_class : int
        Most participants of a class.
    seed : int
        Of the run.
    """
    labels = participants.set_index("participant_id")["label"]
    rng = np.random.default_rng(stream_seed(seed, "training sample", split.fold))
    chosen: set[str] = set()
    for label in (0, 1):
        members = [name for name in split.train if labels[name] == label]
        size = min(per_class, len(members))
        chosen.update(members[k] for k in rng.choice(len(members), size, replace=False))
    return [name for name in split.train if name in chosen]


def _listing(names: list[str], most: int = 10) -> str:
    extra = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + extra
