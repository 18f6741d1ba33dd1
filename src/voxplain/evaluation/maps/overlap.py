"""Overlap of the maps of different methods: true Dice, and the paper's "DICE"."""

from itertools import combinations

import numpy as np
import pandas as pd

from voxplain import paper

NULL_COLUMNS = ["chance", "null_mean", "null_p95", "p_null"]


def dice(a: np.ndarray, b: np.ndarray) -> float:
    """Return the Dice coefficient ``2 |A and B| / (|A| + |B|)`` of two masks.

    Parameters
    ----------
    a, b : numpy.ndarray of bool
        Masks of the same shape.

    Returns
    -------
    float
        0 for two empty masks.

    Examples
    --------
    >>> import numpy as np
    >>> from voxplain import dice
    >>> dice(np.array([True, True, False]), np.array([True, False, False])) == 2 / 3
    True
    """
    total = np.count_nonzero(a) + np.count_nonzero(b)
    return float(2 * np.count_nonzero(a & b) / total) if total else 0.0


def agreement(a: np.ndarray, b: np.ndarray) -> float:
    """Return the share of voxels in which two masks agree, background included.

    This is what the authors' code calls DICE: ``2 sum(a == b) / (size + size)`` over the whole
    box. Disjoint small masks reach over .9 by it.

    Parameters
    ----------
    a, b : numpy.ndarray of bool, of one shape
    """
    return float(2 * np.count_nonzero(a == b) / (a.size + b.size))


def expected_dice(n_a: int, n_b: int, n_voxels: int) -> float:
    """Return the Dice that independent random masks have on average.

    The expected intersection is ``n_a n_b / n_voxels``.

    Parameters
    ----------
    n_a, n_b : int
        Voxels in each mask.
    n_voxels : int
        Voxels that they are drawn from.
    """
    return 2 * n_a * n_b / (n_voxels * (n_a + n_b)) if n_a + n_b else 0.0


def expected_agreement(n_a: int, n_b: int, n_voxels: int) -> float:
    """Return the agreement that independent random masks have on average.

    The masks differ in ``n_a + n_b - 2 n_a n_b / n_voxels`` voxels on average.

    Parameters
    ----------
    n_a, n_b, n_voxels : int
        As for `expected_dice`.
    """
    return 1 - (n_a + n_b - 2 * n_a * n_b / n_voxels) / n_voxels


def disjoint_sizes(agreements: tuple[float, float, float]) -> tuple[float, float, float]:
    """Return the sizes of three masks that share no voxel and yet agree this much, pair by pair.

    Two disjoint masks of shares a and b of the box agree on ``1 - a - b`` of it.

    Parameters
    ----------
    agreements : (float, float, float)
        Of the first mask with the second, the first with the third, the second with the third.

    Returns
    -------
    (float, float, float)
        Share of the box in each mask; a negative one means that no disjoint masks agree like this.
    """
    ab, ac, bc = (1 - value for value in agreements)
    return (ab + ac - bc) / 2, (ab + bc - ac) / 2, (ac + bc - ab) / 2


def top_fraction(attribution: np.ndarray, brain_mask: np.ndarray, fraction: float) -> np.ndarray:
    """Mark the highest voxels of a map, as many as `fraction` of the brain.

    Parameters
    ----------
    attribution : numpy.ndarray, shape (X, Y, Z)
        Non-negative map.
    brain_mask : numpy.ndarray of bool, shape (X, Y, Z)
        Voxels that can be marked.
    fraction : float
        Share of the brain's voxels to mark, in (0, 1].

    Returns
    -------
    numpy.ndarray of bool, shape (X, Y, Z)
        Of equal values, the voxel that comes first in C order is marked first. Zeros are never
        marked: a map with fewer positive voxels than asked for gives all of those and no more.

    Examples
    --------
    >>> import numpy as np
    >>> from voxplain import top_fraction
    >>> brain = np.zeros((8, 8, 8), bool)
    >>> brain[1:7, 1:7, 1:7] = True
    >>> attribution = np.random.default_rng(0).random(brain.shape)
    >>> int(top_fraction(attribution, brain, 0.1).sum())
    22
    """
    values = attribution[brain_mask]
    n_marked = min(round(fraction * values.size), np.count_nonzero(values > 0))
    highest = np.argsort(-values, kind="stable")[:n_marked]
    marked = np.zeros(values.size, bool)
    marked[highest] = True
    mask = np.zeros(brain_mask.shape, bool)
    mask[brain_mask] = marked
    return mask


def table3(
    maps: dict[str, np.ndarray],
    brain_mask: np.ndarray,
    thresholds: dict[str, float],
    sweep: pd.DataFrame,
    fraction: float,
) -> pd.DataFrame:
    """Compare every pair of methods (Table 3 of Kan 2020).

    Parameters
    ----------
    maps : dict of numpy.ndarray, shape (X, Y, Z)
        Conjoined group map by method.
    brain_mask : numpy.ndarray of bool, shape (X, Y, Z)
    thresholds : dict of float
        The paper's threshold by method; a voxel above it belongs to the mask.
    sweep : pandas.DataFrame
        From `voxplain.evaluation.maps.agreement.group_agreement`, `fraction` among its areas.
    fraction : float
        Share of the brain in the equal-area masks.

    Returns
    -------
    pandas.DataFrame
        One row per pair: method_a, method_b, paper; at the thresholds agreement (whole box, the
        paper's measure), agreement_chance and agreement_disjoint (independent masks, and masks
        without a common voxel, of these sizes), dice_threshold (in
        the brain; missing where a mask has no voxel there), dice_threshold_chance, voxels_a and
        voxels_b (in the brain); dice_equal_area, its chance (independent masks of these sizes),
        null_mean and null_p95 (smooth random maps with the second map's values), p_null (share of
        these at least as high).
    """
    n_brain = int(np.count_nonzero(brain_mask))
    above = {method: maps[method] > thresholds[method] for method in maps}
    equal = sweep[(sweep["level"] == "group") & (sweep["area"] == fraction)]
    equal = equal.set_index(["method_a", "method_b"])[["dice", *NULL_COLUMNS]]
    rows = []
    for a, b in combinations(maps, 2):
        in_a, in_b = above[a] & brain_mask, above[b] & brain_mask
        n_a, n_b = int(np.count_nonzero(in_a)), int(np.count_nonzero(in_b))
        size_a, size_b = (int(np.count_nonzero(above[method])) for method in (a, b))
        rows.append(
            {
                "method_a": a,
                "method_b": b,
                "paper": paper.TABLE3.get(frozenset({a, b}), np.nan),
                "agreement": agreement(above[a], above[b]),
                "agreement_chance": expected_agreement(size_a, size_b, brain_mask.size),
                "agreement_disjoint": 1 - (size_a + size_b) / brain_mask.size,
                "dice_threshold": dice(in_a, in_b) if in_a.any() and in_b.any() else np.nan,
                "dice_threshold_chance": expected_dice(n_a, n_b, n_brain),
                "voxels_a": n_a,
                "voxels_b": n_b,
                **equal.loc[(a, b)].rename({"dice": "dice_equal_area"}),
            }
        )
    return pd.DataFrame(rows)
