"""Where a map points, against a truth that is known because it was planted."""

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score

from voxplain.errors import CohortError
from voxplain.evaluation.smooth_masks import surrogates


def localisation(
    attribution: np.ndarray, truth: np.ndarray, brain_mask: np.ndarray, n_null: int, seed: int
) -> dict[str, float]:
    """Score a map against the planted voxels of the brain.

    Parameters
    ----------
    attribution : numpy.ndarray, shape (X, Y, Z)
        Non-negative map.
    truth : numpy.ndarray of bool, shape (X, Y, Z)
        Planted voxels; those outside the brain are ignored.
    brain_mask : numpy.ndarray of bool, shape (X, Y, Z)
    n_null : int
        Number of random maps of the same values and smoothness.
    seed : int

    Returns
    -------
    dict
        n_truth (voxels); prevalence (truth's share of the brain: the chance level of average
        precision and of mass_inside); auc (chance .5); average_precision; peak_inside (1 if the
        map's highest voxel is planted: the pointing game); mass_inside (share of the map's sum);
        null_auc_mean, null_auc_p95, p_auc and the same for average precision (``ap``). An
        all-zero map has auc .5, average_precision equal to prevalence and 0 for the others.

    Raises
    ------
    CohortError
        If the brain lies wholly inside or wholly outside the truth.
    """
    random_maps = surrogates(attribution, brain_mask, n_null, seed)
    return _scores(attribution, truth, brain_mask, random_maps)


def localisation_by_region(
    attribution: np.ndarray,
    regions: dict[str, np.ndarray],
    brain_mask: np.ndarray,
    n_null: int,
    seed: int,
) -> pd.DataFrame:
    """Score a map against each planted region by itself.

    Voxels of the other regions are left out: there the map is right too.

    Parameters
    ----------
    attribution : numpy.ndarray, shape (X, Y, Z)
        Non-negative map.
    regions : dict of numpy.ndarray of bool, shape (X, Y, Z)
        Planted voxels by region.
    brain_mask : numpy.ndarray of bool, shape (X, Y, Z)
    n_null, seed : int
        As in `localisation`.

    Returns
    -------
    pandas.DataFrame
        One row per region: region and the columns of `localisation`.

    Raises
    ------
    CohortError
        If a region has no voxel in the brain.
    """
    random_maps = surrogates(attribution, brain_mask, n_null, seed)
    planted = np.any(list(regions.values()), axis=0)
    rows = [
        {"region": name}
        | _scores(attribution, region, brain_mask & (region | ~planted), random_maps)
        for name, region in regions.items()
    ]
    return pd.DataFrame(rows)


def _scores(
    attribution: np.ndarray, truth: np.ndarray, voxels: np.ndarray, random_maps: np.ndarray
) -> dict[str, float]:
    values, inside = attribution[voxels], truth[voxels]
    prevalence = inside.mean()
    if prevalence in (0, 1):
        raise CohortError(
            f"The truth mask holds {inside.sum()} of {inside.size} brain voxels, so a map cannot "
            "be scored against it; plant effects in regions inside the run's brain mask"
        )
    null = [(_auc(one[voxels], inside), _precision(one[voxels], inside)) for one in random_maps]
    scores = {
        "n_truth": int(inside.sum()),
        "prevalence": float(prevalence),
        "auc": _auc(values, inside),
        "average_precision": _precision(values, inside),
        "peak_inside": int(values.any() and inside[values.argmax()]),
        "mass_inside": float(values[inside].sum() / values.sum()) if values.any() else 0.0,
    }
    for name, found, drawn in zip(
        ("auc", "ap"),
        (scores["auc"], scores["average_precision"]),
        np.array(null).T,
        strict=True,
    ):
        scores[f"null_{name}_mean"] = float(drawn.mean())
        scores[f"null_{name}_p95"] = float(np.quantile(drawn, 0.95))
        scores[f"p_{name}"] = (np.count_nonzero(drawn >= found) + 1) / (len(drawn) + 1)
    return scores


def _auc(values: np.ndarray, inside: np.ndarray) -> float:
    """Area under the ROC curve from the rank sum (Mann-Whitney), ties counted half."""
    n_inside = np.count_nonzero(inside)
    rank_sum = rankdata(values)[inside].sum()
    pairs = n_inside * (inside.size - n_inside)
    return float((rank_sum - n_inside * (n_inside + 1) / 2) / pairs)


def _precision(values: np.ndarray, inside: np.ndarray) -> float:
    return float(average_precision_score(inside, values))
