"""What a claim is made of, and the rules its verdict follows."""

from typing import NamedTuple

import pandas as pd
from scipy import stats

from voxplain.stats.over_folds import corrected_error

NOT_TESTED = "not tested here"
NEAR_CHANCE = "near chance"
UNDECIDED = "undecided"
NOT_TESTABLE = "not testable"
EMPTY_MASK = f"{NOT_TESTABLE}: a mask is empty"
BLANK_MAP = f"{NOT_TESTABLE}: the map is zero everywhere"
ONE_MODEL = f"{NOT_TESTABLE}: one model, no folds"
OWN_CLASS = (
    f"{NOT_TESTABLE}: the maps of the two classes explain different outputs; set "
    "attribution.target to positive_class"
)
ONLY_RETRAINED = f"{NOT_TESTED}: snakemake roar"
NOT_COMPARABLE = "not comparable"
SVM_NEAR_CHANCE = f"{NOT_COMPARABLE}: the SVM is near chance"
OTHER_MODALITY = "only quoted: this run has no FA images"
BY_ITS_OWN_NUMBERS = "not supported by the paper's own numbers"
# Verdicts that would be the same for any cohort
WITHOUT_COHORT = (
    NOT_TESTED,
    NEAR_CHANCE,
    NOT_TESTABLE,
    NOT_COMPARABLE,
    OTHER_MODALITY,
    BY_ITS_OWN_NUMBERS,
)
AT_CHANCE = "at chance"
# Accuracies this close are called equal
MARGIN = 0.05
MISSING = "n/a"


class Claim(NamedTuple):
    """One row of the claims table; all fields are text."""

    claim: str
    section: str
    paper: str
    kan2020: str = MISSING  # what the paper's way of computing gives
    ours: str = ""
    uncertainty: str = ""
    chance: str = ""
    source: str = ""  # comma-separated names of the run's tables
    verdict: str = NOT_TESTED


def find(table: pd.DataFrame | None, **keys: str) -> pd.Series | None:
    """Return the first row of a table with these values, or None without table or row."""
    if table is None:
        return None
    rows = table[(table[list(keys)] == pd.Series(keys)).all(axis=1)]
    return None if rows.empty else rows.iloc[0]


def numeric(published: float, low: float, high: float, chance: float) -> str:
    """Compare a published number with our 95 % interval.

    An interval that is longer than half of the distance between the paper's value and chance is
    too wide to reproduce anything.

    Parameters
    ----------
    published : float
        The paper's value.
    low, high : float
        Our 95 % interval.
    chance : float

    Returns
    -------
    str
        ``reproduced``, ``differs`` or `UNDECIDED`.
    """
    if not low <= published <= high:
        return "differs"
    return "reproduced" if high - low <= abs(published - chance) / 2 else UNDECIDED


def above(low: float, high: float, bound: float = 0.0) -> bool | None:
    """Whether an interval (low, high) lies above a bound; None: it holds the bound, or is n/a.

    Parameters
    ----------
    low, high : float
        The interval.
    bound : float
    """
    if low > bound:
        return True
    return False if high <= bound else None


def equal(low: float, high: float, margin: float = MARGIN) -> bool | None:
    """Whether the interval (low, high) of a difference lies within +-margin; None: undecided.

    Parameters
    ----------
    low, high : float
        The interval.
    margin : float
    """
    if -margin <= low and high <= margin:
        return True
    return False if low > margin or high < -margin else None


def together(*conditions: bool | None) -> bool | None:
    """Whether all conditions hold: False if one fails, None if one is undecided."""
    if any(condition is not None and not condition for condition in conditions):
        return False
    return None if None in conditions else True


def statement(holds: bool | None) -> str:
    """Say whether a statement holds; None is undecided."""
    if holds is None:
        return UNDECIDED
    return "supported" if holds else "not supported"


def judged(holds: bool | None, evidence: bool) -> str:
    """Say whether a statement about maps holds; those of a network near chance show nothing.

    Parameters
    ----------
    holds : bool or None
        None: undecided.
    evidence : bool
        Whether the network is above chance.
    """
    return statement(holds) if evidence else NEAR_CHANCE


def over_folds(low: float, high: float, form: str = ".2f") -> str:
    """Write an interval over folds in a number format; a model of the whole cohort has none.

    Parameters
    ----------
    low, high : float
        The interval; missing for one model.
    form : str
        Format of the numbers.
    """
    if pd.isna(low):
        return "one model, no interval over folds"
    return f"95 % CI {low:{form}} to {high:{form}} over folds"


def fold_interval(row: pd.Series) -> tuple[float, float]:
    """95 % interval of a mean over folds (columns accuracy_mean, accuracy_sd, n_folds).

    By Student's t with the variance corrected for shared training participants
    (`voxplain.stats.over_folds`). An accuracy has no values outside [0, 1], so the
    interval is cut there.
    """
    k, mean = int(row["n_folds"]), row["accuracy_mean"]
    half = stats.t.ppf(0.975, k - 1) * corrected_error(row["accuracy_sd"], k)
    return float(max(mean - half, 0.0)), float(min(mean + half, 1.0))
