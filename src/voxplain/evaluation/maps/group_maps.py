"""From one map per participant to the mean map of each class and their conjunction."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from voxplain.errors import AttributionError, CohortError
from voxplain.image.stack import Stack
from voxplain.run.files import write_array

_IN_UNIT_RANGE = frozenset({"meaningful_perturbation"})


@dataclass(frozen=True)
class GroupMaps:
    """Mean maps of the classes, and their conjunction.

    Attributes
    ----------
    negative, positive : numpy.ndarray of float32, shape (X, Y, Z)
        Mean over the participants of class 0, and of class 1.
    conjoined : numpy.ndarray of float32, shape (X, Y, Z)
        Of both classes, see `class_means`.
    """

    negative: np.ndarray
    positive: np.ndarray
    conjoined: np.ndarray

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """Read the file that `write` has written."""
        negative, positive, conjoined = np.load(path)
        return cls(negative, positive, conjoined)

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write one ``.npy`` file: `stacked`."""
        write_array(path, self.stacked())

    def stacked(self) -> np.ndarray:
        """Return the maps in the order of the attributes, (3, X, Y, Z)."""
        return np.stack([self.negative, self.positive, self.conjoined])

    def by_name(self, classes: Sequence[str]) -> dict[str, np.ndarray]:
        """Return the maps by the names of the negative and the positive class, and `conjoined`."""
        return dict(zip([*classes, "conjoined"], self.stacked(), strict=True))


def count_degenerate(maps: np.ndarray | Stack) -> int:
    """Count the maps (n, X, Y, Z) that are zero in every voxel: the method explained nothing."""
    return sum(not volume.any() for volume in maps)


def needs_scale(method: str) -> bool:
    """Return whether a method's maps have no unit, as gradients; others are in [0, 1]."""
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
    return np.stack([_unit(volume, index) for index, volume in enumerate(maps)])


def class_means(maps: np.ndarray | Stack, labels: np.ndarray, scale: bool) -> GroupMaps:
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
    GroupMaps
        The conjoined map is the two means' sum clipped to [0, 1] (Meaningful Perturbations, section
        4.3 of Kan 2020), or with `scale` the mean over everybody (sections 4.4 and 4.5). The
        paper's thresholds belong to these.

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
    sums = np.zeros((2, *maps.shape[1:]))
    for index, label in enumerate(labels):
        sums[label] += _unit(maps[index], index) if scale else _checked(maps[index], index)
    negative, positive = sums / np.bincount(labels, minlength=2)[:, None, None, None]
    conjoined = sums.sum(axis=0) / len(labels) if scale else np.clip(negative + positive, 0, 1)
    return GroupMaps(*(volume.astype(np.float32) for volume in (negative, positive, conjoined)))


def _unit(volume: np.ndarray, index: int) -> np.ndarray:
    volume = _checked(volume, index)
    peak = volume.max()
    return volume / peak if peak > 0 else volume


def _checked(volume: np.ndarray, index: int) -> np.ndarray:
    if not np.isfinite(volume).all() or volume.min() < 0:
        raise AttributionError(
            f"Map {index} (in the order of the array) has values that are negative, infinite or "
            "not a number; compute the maps of this fold again"
        )
    return np.asarray(volume, np.float32)
