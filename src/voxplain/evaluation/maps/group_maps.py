"""From one map per participant to the mean map of each class and their conjunction."""

import numpy as np

from voxplain.errors import AttributionError, CohortError
from voxplain.image.stack import Stack

_IN_UNIT_RANGE = frozenset({"meaningful_perturbation"})


def count_degenerate(maps: np.ndarray | Stack) -> int:
    """Count the maps (n, X, Y, Z) that are zero in every voxel: the method explained nothing."""
    return sum(not one.any() for one in maps)


def needs_scale(method: str) -> bool:
    """Whether a method's maps have no unit of their own, as gradients; others are in [0, 1]."""
    return method not in _IN_UNIT_RANGE


def scale_to_unit(maps: np.ndarray) -> np.ndarray:
    """Divide every map by its own maximum, as the authors do for Grad-CAM and Guided Backprop.

    Parameters
    ----------
    maps : numpy.ndarray, shape (n, X, Y, Z)
        Non-negative maps.

    Returns
    -------
    numpy.ndarray of float32, shape (n, X, Y, Z)
        Maps with maximum 1; an all-zero map stays zero.

    Raises
    ------
    AttributionError
        If a map has values that are negative, infinite or not a number.
    """
    return np.stack([_unit(one, index) for index, one in enumerate(maps)])


def class_means(maps: np.ndarray | Stack, labels: np.ndarray, scale: bool) -> np.ndarray:
    """Average the maps of each class and join the two means.

    Parameters
    ----------
    maps : numpy.ndarray or Stack, shape (n, X, Y, Z)
        One non-negative map per participant; one is read at a time.
    labels : numpy.ndarray of int, shape (n,)
        True class, 0 or 1.
    scale : bool
        Divide every map by its own maximum first, and join by the mean over everybody; for
        gradient maps, which have no unit of their own.

    Returns
    -------
    numpy.ndarray of float32, shape (3, X, Y, Z)
        Mean of class 0, mean of class 1, and the conjoined map: the two means' sum clipped to
        [0, 1] (Meaningful Perturbations, section 4.3 of Kan 2020), or with `scale` the mean over
        everybody (sections 4.4 and 4.5). The paper's thresholds belong to these.

    Raises
    ------
    CohortError
        If a class has no map.
    AttributionError
        If a map has values that are negative, infinite or not a number.
    """
    labels = np.asarray(labels)
    missing = [label for label in (0, 1) if not (labels == label).any()]
    if missing:
        raise CohortError(
            f"No map of class {missing[0]} among {len(labels)} participants, so there is no mean "
            "map; use fewer folds or more participants"
        )
    means = np.zeros((3, *maps.shape[1:]))
    for index, label in enumerate(labels):
        one = _unit(maps[index], index) if scale else _checked(maps[index], index)
        means[label] += one
    total = means[0] + means[1]
    means[:2] /= np.bincount(labels, minlength=2)[:, None, None, None]
    means[2] = total / len(labels) if scale else np.clip(means[0] + means[1], 0, 1)
    return means.astype(np.float32)


def _unit(one: np.ndarray, index: int) -> np.ndarray:
    one = _checked(one, index)
    peak = one.max()
    return one / peak if peak > 0 else one


def _checked(one: np.ndarray, index: int) -> np.ndarray:
    if not np.isfinite(one).all() or one.min() < 0:
        raise AttributionError(
            f"Map {index} (in the order of the array) has values that are negative, infinite or "
            "not a number; compute the maps of this fold again"
        )
    return np.asarray(one, np.float32)
