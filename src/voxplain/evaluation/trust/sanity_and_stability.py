"""Sanity and stability: how similar the maps of changed networks are to the intact network's.

The kinds of change are those of `voxplain.evaluation.trust.network_variants` and training from
another seed or on shuffled labels. A sane map becomes another when the network does (randomised,
shuffled); a stable one stays when the network hardly changes (noise, dropout, seed). Each
participant has a draw of its own: many participants of one draw would say nothing about others.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from voxplain.evaluation.maps.similarity import similarity

INTACT = ("intact", "")
OTHER_PARTICIPANT = "other participant"
DRAWN = ("randomised", "noise", "dropout")  # a network of its own for each participant
IGNORANT = ("randomised", "shuffled")  # kinds of networks that have learnt nothing
MEASURES = ["spearman", "pearson", "ssim", "dice"]
# A map whose ranks still agree this well with those of a network that has learnt nothing shows the
# image, not what was learnt. A convention; Adebayo et al. 2018 compare by eye and by rank.
SANE_BELOW = 0.5


def compare_with_intact(
    maps: Mapping[tuple[str, str], np.ndarray], brain_mask: np.ndarray, fraction: float
) -> pd.DataFrame:
    """Compare each participant's map by changed networks with the intact network's.

    Parameters
    ----------
    maps : mapping of (kind, level) to numpy.ndarray, shape (n, X, Y, Z)
        Maps of the same participants and targets by the `INTACT` network and by changed ones, of
        `DRAWN` kinds one for each participant.
    brain_mask : numpy.ndarray of bool, shape (X, Y, Z)
        Voxels to compare.
    fraction : float
        Share of the brain in the equal-area masks.

    Returns
    -------
    pandas.DataFrame
        Columns kind, level, participant (row of the maps), spearman, pearson, ssim, dice. Rows of
        the kind ``other participant`` compare each intact map with the next participant's: the
        similarity that remains where only the brain has changed.

    Examples
    --------
    >>> import numpy as np
    >>> from voxplain import compare_with_intact
    >>> from voxplain.evaluation.trust.sanity_and_stability import INTACT
    >>> maps = np.random.default_rng(0).random((2, 16, 16, 16))
    >>> brain = np.ones((16, 16, 16), bool)
    >>> table = compare_with_intact({INTACT: maps, ("noise", "0.1"): 2 * maps}, brain, fraction=0.1)
    >>> table.query("kind == 'noise'")["spearman"].round(6).tolist()
    [1.0, 1.0]
    """
    intact = maps[INTACT]
    changed = {key: volumes for key, volumes in maps.items() if key != INTACT}
    pairs = {key: list(zip(intact, volumes, strict=True)) for key, volumes in changed.items()}
    if len(intact) > 1:
        pairs[OTHER_PARTICIPANT, ""] = list(zip(intact, np.roll(intact, -1, axis=0), strict=True))
    rows = [
        {"kind": kind, "level": level, "participant": k} | similarity(a, b, brain_mask, fraction)
        for (kind, level), both in pairs.items()
        for k, (a, b) in enumerate(both)
    ]
    return pd.DataFrame(rows)


def average_over_participants(rows: pd.DataFrame, steadiest: str) -> pd.DataFrame:
    """Average over participants, and compare each method with one that is said to change less.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `compare_with_intact`, of all methods, with a column method.
    steadiest : str
        That method, run or not.

    Returns
    -------
    pandas.DataFrame
        One row per method, kind and level, in the order they come: participants, the mean of each
        measure, ci_low and ci_high: 95 % interval of Spearman's rho over participants (Student's
        t), and lag_low and lag_high: the same of how far the method's rho lies below that of
        `steadiest`, paired by participant and network; missing for one participant or without it.
        Of the kinds `DRAWN` each participant has a draw of its own, so the intervals hold for
        other draws as well as for other people; where one network serves all, there is no lag:
        people say nothing of other networks.
    """
    keys = ["kind", "level", "participant"]
    rows = rows.fillna({"level": ""})
    steady = rows.loc[rows["method"] == steadiest, [*keys, "spearman"]]
    rows = rows.merge(steady, how="left", on=keys, suffixes=("", "_steadiest"))
    lag = rows["spearman_steadiest"] - rows["spearman"]
    rows["lag"] = lag.where(rows["kind"].isin(DRAWN))
    groups = rows.groupby(["method", "kind", "level"], sort=False)
    table = groups[MEASURES].mean()
    table.insert(0, "participants", groups.size())
    quantile = stats.t.ppf(0.975, table["participants"] - 1)
    for name, values in (("ci", groups["spearman"]), ("lag", groups["lag"])):
        half = quantile * values.sem()
        table[f"{name}_low"], table[f"{name}_high"] = values.mean() - half, values.mean() + half
    # a correlation has no values beyond 1
    table[["ci_low", "ci_high"]] = table[["ci_low", "ci_high"]].clip(-1, 1)
    return table.reset_index()


def sanity(table: pd.DataFrame) -> pd.DataFrame:
    """Judge each method by the networks that have learnt nothing.

    Parameters
    ----------
    table : pandas.DataFrame
        From `average_over_participants`.

    Returns
    -------
    pandas.DataFrame
        Columns method; layer: the last one drawn anew in the randomised networks whose interval
        reaches highest, randomised, randomised_low and randomised_high: their
        Spearman's rho; shuffled, shuffled_low, shuffled_high: that with shuffled labels; verdict:
        ``passes`` if the intervals of every randomised network and with shuffled labels lie below
        `SANE_BELOW`, ``fails`` if one does not reach below it, else ``undecided``, and ``blank``
        where every map is blank, which is like no other map by convention.
    """
    rows = []
    for method, part in table.groupby("method", sort=False):
        ignorant = part[part["kind"].isin(IGNORANT)]
        random = part[part["kind"] == "randomised"]
        highest = random["ci_high"].fillna(random["spearman"])  # one participant has no interval
        random = random.loc[highest.idxmax()]
        shuffled = part[part["kind"] == "shuffled"].iloc[0]
        if (part["spearman"] == 0).all():
            verdict = "blank"
        elif (ignorant["ci_high"] < SANE_BELOW).all():
            verdict = "passes"
        else:
            verdict = "fails" if (ignorant["ci_low"] >= SANE_BELOW).any() else "undecided"
        row = {"method": method, "layer": random["level"]}
        for name, similarity_to in (("randomised", random), ("shuffled", shuffled)):
            row |= {
                name: similarity_to["spearman"],
                f"{name}_low": similarity_to["ci_low"],
                f"{name}_high": similarity_to["ci_high"],
            }
        rows.append(row | {"verdict": verdict})
    return pd.DataFrame(rows)
