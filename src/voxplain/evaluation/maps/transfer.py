"""Whether a cohort's models and maps hold on another cohort."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata

from voxplain.errors import ConfigError, LeakageError
from voxplain.evaluation.maps.localisation import localisation
from voxplain.stats.over_folds import against_null
from voxplain.stats.spatial_null import surrogates

MUST_MATCH = ("shape", "normalisation", "classes", "contrast")


def check_transfer(
    trained: Mapping[str, Any],
    here: Mapping[str, Any],
    others: Mapping[str, str],
    people: Mapping[str, str],
) -> None:
    """Refuse models that were trained on other images or on the same people.

    Parameters
    ----------
    trained, here : mapping
        What the models were trained on (`voxplain.network.input_form`), and what this run's images
        are.
    others, people : mapping of str to str
        SHA-256 of each participant's image in the other run and in this one (``images_sha256`` of
        ``provenance.json``), so that a copy is found wherever it lies.

    Raises
    ------
    ConfigError
        The images have another shape, normalisation or contrast, or the classes other names.
    LeakageError
        An image is in both cohorts.
    """
    for key in MUST_MATCH:
        theirs, ours = trained[key], here[key]
        if (list(theirs) != list(ours)) if isinstance(theirs, Sequence) else theirs != ours:
            raise ConfigError(
                f"other_run: its models were trained with {key} {theirs}, this run has {ours}; "
                "run this cohort with the other run's value"
            )
    known = set(others.values())
    shared = [name for name, digest in people.items() if digest in known]
    if shared:
        raise LeakageError(
            f"other_run: {len(shared)} of {len(people)} images are in both runs, such as "
            f"{shared[0]}'s; external validation needs other people (snakemake compare does not)"
        )


def map_correlation(
    a: np.ndarray, b: np.ndarray, brain_mask: np.ndarray, n_null: int, seed: int
) -> dict[str, float]:
    """Correlate two group maps, and the first with smooth random maps in place of the second.

    Parameters
    ----------
    a, b : numpy.ndarray, shape (X, Y, Z)
    brain_mask : numpy.ndarray of bool, shape (X, Y, Z)
    n_null : int
        Random maps with the second map's values and smoothness.
    seed : int

    Returns
    -------
    dict
        spearman (over the brain's voxels; 0 where a map is constant there), null_mean, null_p95
        and p, ``(k + 1) / (n_null + 1)`` with k random maps of at least that correlation.
    """
    return _correlation(a, b, brain_mask, surrogates(b, brain_mask, n_null, seed))


def _correlation(
    a: np.ndarray, b: np.ndarray, brain_mask: np.ndarray, random_maps: np.ndarray
) -> dict[str, float]:
    ranks = rankdata(a[brain_mask])

    def correlate(other: np.ndarray) -> float:
        varies = np.ptp(other[brain_mask]) > 0 and np.ptp(ranks) > 0
        return float(np.corrcoef(ranks, rankdata(other[brain_mask]))[0, 1]) if varies else 0.0

    spearman = correlate(b)
    null = against_null(np.array([correlate(volume) for volume in random_maps]), spearman)
    p = null.pop("p_null")
    return {"spearman": spearman, **null, "p": p}


def compare_group_maps(
    map_of_run: np.ndarray,
    other: np.ndarray,
    brain_mask: np.ndarray,
    planted: np.ndarray | None,
    n_null: int,
    seed: int,
) -> dict[str, float]:
    """Compare another group map of a method with the run's own.

    Parameters
    ----------
    map_of_run, other : numpy.ndarray, shape (X, Y, Z)
    brain_mask : numpy.ndarray of bool, shape (X, Y, Z)
    planted : numpy.ndarray of bool, shape (X, Y, Z), optional
        Where the truth is known, its voxels.
    n_null : int
        Random maps with the other map's values and smoothness.
    seed : int

    Returns
    -------
    dict
        `map_correlation`; with `planted` also auc_own and auc (of the other map), null_auc_p95 and
        p_auc (`voxplain.evaluation.maps.localisation.localisation`).
    """
    random = surrogates(other, brain_mask, n_null, seed)
    correlation = _correlation(map_of_run, other, brain_mask, random)
    if planted is None:
        return correlation
    scores = localisation(other, planted, brain_mask, random)
    auc_own = localisation(map_of_run, planted, brain_mask, random[:1])["auc"]
    shown = {name: scores[name] for name in ("auc", "null_auc_p95", "p_auc")}
    return {**correlation, "auc_own": auc_own, **shown}
