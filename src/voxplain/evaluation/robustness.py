"""Sanity and stability in numbers: how alike the maps of changed networks are to the intact ones.

The kinds of change are those of `voxplain.evaluation.variants` and training from another seed or on
shuffled labels. A sane map becomes another when the network does (randomised, shuffled); a stable
one stays when the network hardly changes (noise, dropout, seed).
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from voxplain.evaluation.similarity import similarity

OTHER_PARTICIPANT = "other participant"
MEASURES = ["spearman", "pearson", "ssim", "dice"]
# A map whose ranks still agree this well with those of a network that has learnt nothing shows the
# image, not what was learnt. A convention; Adebayo et al. 2018 compare by eye and by rank.
SANE_BELOW = 0.5


def compare(
    intact: np.ndarray,
    changed: Mapping[tuple[str, str], np.ndarray],
    brain_mask: np.ndarray,
    fraction: float,
) -> pd.DataFrame:
    """Compare each participant's map by changed networks with the intact network's.

    Parameters
    ----------
    intact : numpy.ndarray, shape (n, X, Y, Z)
        Maps of the intact network.
    changed : mapping of (kind, level) to numpy.ndarray, shape (n, X, Y, Z)
        Maps of the same participants and targets by changed networks.
    brain_mask : numpy.ndarray of bool, shape (X, Y, Z)
    fraction : float
        Share of the brain in the equal-area masks.

    Returns
    -------
    pandas.DataFrame
        Columns kind, level, participant (row of `intact`), spearman, pearson, ssim, dice. Rows of
        the kind ``other participant`` compare each intact map with the next participant's: what
        likeness means where nothing but the brain has changed.
    """
    pairs = {key: list(zip(intact, maps, strict=True)) for key, maps in changed.items()}
    if len(intact) > 1:
        pairs[OTHER_PARTICIPANT, ""] = list(zip(intact, np.roll(intact, -1, axis=0), strict=True))
    rows = [
        {"kind": kind, "level": level, "participant": k} | similarity(a, b, brain_mask, fraction)
        for (kind, level), maps in pairs.items()
        for k, (a, b) in enumerate(maps)
    ]
    return pd.DataFrame(rows)


def summarise(rows: pd.DataFrame, steadiest: str) -> pd.DataFrame:
    """Average over participants, and compare each method with one that is said to change less.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `compare`, of all methods, with a column method.
    steadiest : str
        That method, run or not.

    Returns
    -------
    pandas.DataFrame
        One row per method, kind and level, in the order they come: participants, the mean of each
        measure, spearman_low and spearman_high (lowest and highest participant), lag_low and
        lag_high: 95 % interval over participants (Student's t of paired differences) of how far
        the method's rho lies below that of `steadiest`; missing for one participant or without it.
    """
    keys = ["kind", "level", "participant"]
    rows = rows.fillna({"level": ""})
    steady = rows.loc[rows["method"] == steadiest, [*keys, "spearman"]]
    rows = rows.merge(steady, how="left", on=keys, suffixes=("", "_steadiest"))
    rows["lag"] = rows["spearman_steadiest"] - rows["spearman"]
    groups = rows.groupby(["method", "kind", "level"], sort=False)
    table = groups[MEASURES].mean()
    table.insert(0, "participants", groups.size())
    table["spearman_low"] = groups["spearman"].min()
    table["spearman_high"] = groups["spearman"].max()
    lag = groups["lag"].agg(["mean", "sem"])
    half = stats.t.ppf(0.975, table["participants"] - 1) * lag["sem"]
    table["lag_low"], table["lag_high"] = lag["mean"] - half, lag["mean"] + half
    return table.reset_index()


def sanity(table: pd.DataFrame) -> pd.DataFrame:
    """Judge each method by the networks that have learnt nothing.

    Parameters
    ----------
    table : pandas.DataFrame
        From `summarise`.

    Returns
    -------
    pandas.DataFrame
        Columns method, randomised (Spearman's rho with every layer drawn anew), shuffled (with
        shuffled labels), passes: both below `SANE_BELOW`; missing where every map is blank, which
        is like no other map by convention.
    """
    rows = []
    for method, part in table.groupby("method", sort=False):
        random = part.loc[part["kind"] == "randomised", "spearman"].iloc[-1]
        shuffled = part.loc[part["kind"] == "shuffled", "spearman"].iloc[-1]
        blank = (part["spearman"] == 0).all()
        passes = None if blank else max(random, shuffled) < SANE_BELOW
        rows.append((method, random, shuffled, passes))
    return pd.DataFrame(rows, columns=["method", "randomised", "shuffled", "passes"])
