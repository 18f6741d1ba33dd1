"""What the maps of all folds took in time."""

import pandas as pd

from voxplain import paper


def runtime_over_folds(timing: pd.DataFrame) -> pd.DataFrame:
    """Sum the time of each method over folds.

    Parameters
    ----------
    timing : pandas.DataFrame
        Columns method, device, maps (all that were computed), test_maps (those of held-out
        participants), seconds; one row per method and fold.

    Returns
    -------
    pandas.DataFrame
        One row per method and device: method, device, maps, seconds, seconds_per_map,
        cohort_seconds (one map for each held-out participant of all folds, at this device's speed)
        and paper (its words).
    """
    table = timing.groupby(["method", "device"], sort=False)[["maps", "seconds"]].sum()
    table = table.reset_index()
    table["seconds_per_map"] = table["seconds"] / table["maps"]
    participants = timing.groupby("method")["test_maps"].sum()
    table["cohort_seconds"] = table["seconds_per_map"] * table["method"].map(participants)
    table["paper"] = table["method"].map(paper.RUNTIME_WORDS)
    return table
