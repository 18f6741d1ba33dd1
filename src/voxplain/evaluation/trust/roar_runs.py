"""The images that networks are retrained on: without the voxels that a map marks."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voxplain.evaluation.maps.overlap import top_fraction
from voxplain.evaluation.trust.deletion_insertion import fill
from voxplain.image.stack import Stack
from voxplain.run.atomic import TEMPORARY
from voxplain.run.files import write_rows
from voxplain.stats.spatial_null import surrogates


def ranked_maps(
    group_map: np.ndarray, brain_mask: np.ndarray, n_random: int, seed: int
) -> dict[tuple[str, int], np.ndarray]:
    """Return the maps whose highest voxels are removed: the method's, and smooth random ones.

    Parameters
    ----------
    group_map : numpy.ndarray, shape (X, Y, Z)
        The method's conjoined map.
    brain_mask : numpy.ndarray of bool, shape (X, Y, Z)
    n_random : int
        Number of random maps.
    seed : int

    Returns
    -------
    dict of numpy.ndarray, shape (X, Y, Z)
        By control (mask or random) and draw.
    """
    random = surrogates(group_map, brain_mask, n_random, seed)
    maps = {("mask", 0): group_map}
    return maps | {("random", draw): volume for draw, volume in enumerate(random)}


@dataclass(frozen=True)
class RemovedVoxels:
    """A cohort's images, and what their voxels are replaced by; all of them on disk.

    Attributes
    ----------
    volumes, fills : Stack, shape (n, X, Y, Z)
        The images, and each with all voxels replaced.
    scratch : Path
        File for the altered images, written again by each `without`.
    brain_mask : numpy.ndarray of bool, shape (X, Y, Z)
    """

    volumes: Stack
    fills: Stack
    scratch: Path
    brain_mask: np.ndarray

    def without(self, ranking: np.ndarray, share: float) -> Stack:
        """Return the images with the highest voxels of a map replaced.

        Parameters
        ----------
        ranking : numpy.ndarray, shape (X, Y, Z)
            The map.
        share : float
            Share of the brain to replace.
        """
        marked = top_fraction(ranking, self.brain_mask, share)
        pairs = zip(self.fills, self.volumes, strict=True)
        altered = (np.where(marked, replacement, image) for replacement, image in pairs)
        write_rows(self.scratch, self.volumes.shape, self.volumes.dtype, altered)
        return Stack(self.scratch)


@contextlib.contextmanager
def removable_voxels(
    volumes: Stack, folder: Path, brain_mask: np.ndarray, kind: str, sigma: float
) -> Iterator[RemovedVoxels]:
    """Write what voxels are replaced by, for as long as it is needed.

    The two files are as large as all images; like files being written, they are removed after a
    kill.

    Parameters
    ----------
    volumes : Stack, shape (n, X, Y, Z)
        The images.
    folder : Path
        Where to write.
    brain_mask : numpy.ndarray of bool, shape (X, Y, Z)
    kind, sigma
        As `voxplain.evaluation.trust.deletion_insertion.fill` takes them.
    """
    fills = folder / f"{TEMPORARY}{os.getpid()}-fills.npy"
    scratch = folder / f"{TEMPORARY}{os.getpid()}-images.npy"
    try:
        filled = (fill(kind, image[None], brain_mask, sigma)[0] for image in volumes)
        write_rows(fills, volumes.shape, volumes.dtype, filled)
        yield RemovedVoxels(volumes, Stack(fills), scratch, brain_mask)
    finally:
        fills.unlink(missing_ok=True)
        scratch.unlink(missing_ok=True)
