"""Who must not be divided between training and test: families, whole sites, or nobody."""

from collections import Counter

import numpy as np
import pandas as pd

FAMILY, SITE = "family_id", "site"
# What `folds.groups` in the configuration stands for.
GROUP_COLUMNS = {"family": (FAMILY,), "site": (FAMILY, SITE), "none": ()}


def family_groups(participants: pd.DataFrame) -> np.ndarray:
    """Return each participant's family, (n,) of str; without a known family, one of its own."""
    # the words keep ids and family ids apart
    alone = "alone: " + participants["participant_id"]
    return np.asarray(participants[FAMILY].fillna(alone), dtype=object)


def fold_groups(participants: pd.DataFrame, by: str = "family") -> np.ndarray:
    """Return the group of each participant that has to stay in one fold, (n,) of str.

    Parameters
    ----------
    participants : pandas.DataFrame
        Columns participant_id, family_id and site.
    by : {"family", "site", "none"}
        With ``site`` a site stays together, and sites that share a family become one group; with
        ``none`` everybody is a group alone, relatives too.
    """
    if by == "none":
        return np.asarray(participants["participant_id"], dtype=object)
    families = family_groups(participants)
    if by == "family":
        return families
    groups = participants[SITE].astype(object)
    while True:
        joined = groups.groupby(families).transform("min")
        joined = joined.groupby(participants[SITE].to_numpy(object)).transform("min")
        if joined.equals(groups):
            return np.asarray(groups, dtype=object)
        groups = joined


def group_problems(
    labels: np.ndarray, groups: np.ndarray, n_splits: int, by: str = "family"
) -> list[str]:
    """Say why no `n_splits` folds can be drawn that divide no group, if so.

    Parameters
    ----------
    labels : (n,) array
        Class of each participant, by number or name.
    groups : (n,) array of str
        From `fold_groups`.
    n_splits : int
    by : {"family", "site", "none"}
        What the groups are.
    """
    things = {"family": "independent participants", "site": "sites", "none": "participants"}[by]
    problems = []
    for label in np.unique(labels):
        count = len(set(groups[labels == label]))
        if count < n_splits:
            problems.append(
                f"class {label} has {count} {things}, fewer than the {n_splits} folds asked for; "
                "lower folds.n_splits or add participants"
            )
    name, size = Counter(groups).most_common(1)[0] if len(groups) else ("", 0)
    if by == "family" and size > -(-len(groups) // n_splits):
        problems.append(
            f"family {name} has {size} members, more than one of {n_splits} folds of "
            f"{len(groups)} participants holds; check that the column tells families apart, or "
            "lower folds.n_splits"
        )
    return problems
