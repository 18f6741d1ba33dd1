"""Whether a map marks the voxels in which an effect was planted."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from voxplain.errors import CohortError
from voxplain.image.downsample import downsample_volume
from voxplain.image.nifti import read_volume
from voxplain.image.stack import Stack
from voxplain.run.files import read_table
from voxplain.stats.over_folds import against_null, corrected_t, jackknife_t

_COLUMNS = {
    "auc": "auc",
    "ap": "average_precision",
    "peak": "peak_inside",
    "mass": "mass_inside",
}


def planted_regions(truth: str, names: str, shape: tuple[int, int, int]) -> dict[str, np.ndarray]:
    """Read the planted regions, and bring them to a run's grid.

    Parameters
    ----------
    truth : str
        Path of a label volume.
    names : str
        Path of a table: the name of each region by its value there.
    shape : tuple of int
        The run's grid.

    Returns
    -------
    dict of numpy.ndarray of bool, shape `shape`
        By name: the voxels of which at least half is planted.
    """
    labels, grid = read_volume(truth)
    called = read_table(names).set_index("value")["name"]
    return {
        name: downsample_volume((labels == value).astype(np.float32), grid, shape)[0] >= 0.5
        for value, name in called.items()
    }


def planted_voxels(truth: str, names: str, shape: tuple[int, int, int]) -> np.ndarray:
    """Return where any effect was planted, bool of shape `shape`.

    Parameters
    ----------
    truth, names, shape
        As for `planted_regions`.
    """
    return np.any(list(planted_regions(truth, names, shape).values()), axis=0)


def localisation(
    attribution: np.ndarray, truth: np.ndarray, brain_mask: np.ndarray, random_maps: np.ndarray
) -> dict[str, float]:
    """Score a map against the planted voxels of the brain.

    Parameters
    ----------
    attribution : numpy.ndarray, shape (X, Y, Z)
        Non-negative map.
    truth : numpy.ndarray of bool, shape (X, Y, Z)
        Planted voxels; those outside the brain are ignored.
    brain_mask : numpy.ndarray of bool, shape (X, Y, Z)
        Voxels to score.
    random_maps : numpy.ndarray, shape (n, X, Y, Z)
        Maps of the same values and smoothness (`voxplain.stats.spatial_null.surrogates`).

    Returns
    -------
    dict
        n_truth (voxels); prevalence (truth's share of the brain: the chance level of average
        precision and of mass_inside); auc (chance .5); average_precision; peak_inside (1 if the
        map's highest voxel is planted); mass_inside (share of the map's sum); by the random maps
        null_auc_mean, null_auc_p95, p_auc and the same for average precision (``ap``) and mass,
        null_peak_mean (share of random maps whose highest voxel is planted) and p_peak. An
        all-zero map has auc .5, average_precision equal to prevalence and 0 for the others.

    Raises
    ------
    CohortError
        If the brain lies wholly inside or wholly outside the truth.

    Examples
    --------
    >>> import numpy as np
    >>> from voxplain import localisation, surrogates
    >>> brain = np.zeros((8, 8, 8), bool)
    >>> brain[1:7, 1:7, 1:7] = True
    >>> truth = np.zeros_like(brain)
    >>> truth[2:4, 2:4, 2:4] = True
    >>> attribution = truth + 0.1 * np.random.default_rng(0).random(brain.shape)
    >>> scores = localisation(attribution, truth, brain, surrogates(attribution, brain, 9, seed=0))
    >>> scores["n_truth"], scores["auc"], scores["peak_inside"]
    (8, 1.0, 1)
    """
    return _scores(attribution, {"": (truth, brain_mask)}, brain_mask, random_maps)[""]


def pointing_game(
    folds: Iterable[Stack], truth: np.ndarray, brain_mask: np.ndarray
) -> dict[str, float]:
    """Count the held-out participants whose own map has its highest voxel in the truth.

    After Zhang et al. 2018 (Int J Comput Vis 126:1084).

    Parameters
    ----------
    folds : iterable of Stack, shape (n, X, Y, Z)
        Maps of each fold's participants.
    truth, brain_mask : numpy.ndarray of bool, shape (X, Y, Z)

    Returns
    -------
    dict
        pointing_maps (their number), pointing (share of hits; an all-zero map has none),
        pointing_low and pointing_high: 95 % interval over folds (`corrected_t`: the networks have
        not seen these people), missing for one fold.
    """
    inside = truth[brain_mask]
    hits = []
    for maps in folds:
        values = (volume[brain_mask] for volume in maps)
        hits.append([bool(value.any() and inside[value.argmax()]) for value in values])
    _, low, high, _ = corrected_t(np.array([np.mean(fold) for fold in hits]))
    of_all = np.concatenate(hits)
    return {
        "pointing_maps": len(of_all),
        "pointing": float(of_all.mean()),
        "pointing_low": max(low, 0.0),
        "pointing_high": min(high, 1.0),
    }


def auc_over_folds(
    folds: np.ndarray, auc: float, truth: np.ndarray, brain_mask: np.ndarray
) -> dict[str, float]:
    """Find how far a group map's area under the ROC curve depends on single folds.

    Parameters
    ----------
    folds : numpy.ndarray, shape (k, X, Y, Z)
        Mean map of each fold.
    auc : float
        Of the group map.
    truth, brain_mask : numpy.ndarray of bool, shape (X, Y, Z)

    Returns
    -------
    dict
        auc_low and auc_high: 95 % interval around `auc`, from the areas with one fold after the
        other left out (`jackknife_t`); missing for one fold. It holds for other people and
        networks of one cohort.
    """
    kept = {"": (truth[brain_mask], np.ones(np.count_nonzero(brain_mask), bool))}
    total = folds.sum(axis=0)
    rest = np.array([_measures((total - fold)[brain_mask], kept)[""]["auc"] for fold in folds])
    _, low, high, _ = jackknife_t(rest - rest.mean() + auc, 0, 1)
    return {"auc_low": low, "auc_high": high}


def localisation_by_region(
    attribution: np.ndarray,
    regions: dict[str, np.ndarray],
    brain_mask: np.ndarray,
    random_maps: np.ndarray,
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
    random_maps : numpy.ndarray, shape (n, X, Y, Z)
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
    planted = np.any(list(regions.values()), axis=0)
    truths = {name: (region, brain_mask & (region | ~planted)) for name, region in regions.items()}
    scores = _scores(attribution, truths, brain_mask, random_maps)
    return pd.DataFrame([{"region": name} | score for name, score in scores.items()])


def _scores(
    attribution: np.ndarray,
    truths: dict[str, tuple[np.ndarray, np.ndarray]],
    brain_mask: np.ndarray,
    random_maps: np.ndarray,
) -> dict[str, dict[str, float]]:
    """Score a map against each truth among the voxels that count for it."""
    kept = {}
    for name, (truth, voxels) in truths.items():
        inside = truth[voxels]
        if inside.mean() in (0, 1):
            raise CohortError(
                f"The truth mask holds {inside.sum()} of {inside.size} brain voxels, so a map "
                "cannot be scored against it; plant effects in regions inside the run's brain mask"
            )
        kept[name] = truth[brain_mask], voxels[brain_mask]
    null = [_measures(volume[brain_mask], kept) for volume in random_maps]
    scores = {}
    for name, measures in _measures(attribution[brain_mask], kept).items():
        truth, voxels = kept[name]
        scores[name] = {
            "n_truth": int(truth[voxels].sum()),
            "prevalence": float(truth[voxels].mean()),
            **{_COLUMNS[kind]: value for kind, value in measures.items()},
        }
        for kind, value in measures.items():
            tested = against_null(np.array([drawn[name][kind] for drawn in null]), value)
            scores[name][f"null_{kind}_mean"] = tested["null_mean"]
            if kind != "peak":  # it is either inside or not
                scores[name][f"null_{kind}_p95"] = tested["null_p95"]
            scores[name][f"p_{kind}"] = tested["p_null"]
    return scores


def _measures(
    values: np.ndarray, truths: dict[str, tuple[np.ndarray, np.ndarray]]
) -> dict[str, dict[str, float]]:
    """Return the areas under the ROC curve and the precision-recall steps, peak and mass inside.

    From one sorting. Tied values enter together, as in scikit-learn: half a rank for the first
    area, one threshold for the second (`roc_auc_score`, `average_precision_score`).
    """
    order = np.argsort(-values, kind="stable")
    measures = {}
    for name, (truth, voxels) in truths.items():
        ranked = order[voxels[order]]
        last = np.append(np.diff(values[ranked]) != 0, True)  # of each group of ties
        hits = truth[ranked].cumsum()[last]
        taken = np.flatnonzero(last) + 1
        recall = np.append(0, hits / hits[-1])
        fall_out = np.append(0, (taken - hits) / (taken[-1] - hits[-1]))
        precision = (np.diff(recall) * hits / taken).sum()
        total = values[ranked].sum(dtype=float)
        inside = values[ranked][truth[ranked]].sum(dtype=float)
        measures[name] = {
            "auc": float(np.trapezoid(recall, fall_out)),
            "ap": float(precision),
            "peak": int(total > 0 and truth[ranked[0]]),
            "mass": float(inside / total) if total > 0 else 0.0,
        }
    return measures
