"""Remove and retrain (ROAR, Hooker et al. 2019): what a network learns without a method's voxels.

A network that was never trained on altered images may fail on them because they are strange to it.
Trained again on images without the marked voxels, it fails only if they held what the others lack.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from voxplain.evaluation.maps.overlap import top_fraction
from voxplain.evaluation.trust.deletion_insertion import fill
from voxplain.image.stack import Stack
from voxplain.run.atomic import TEMPORARY
from voxplain.run.files import write_rows
from voxplain.stats.over_folds import beyond_random_maps
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


def roar_over_folds(rows: pd.DataFrame, intact: pd.Series) -> pd.DataFrame:
    """Average the retrained networks' accuracy over folds, beside random masks of equal volume.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns method, share (of the brain replaced), control (mask or random), draw, fold and
        accuracy (of the held-out participants).
    intact : pandas.Series
        Accuracy of the network on intact images, by fold.

    Returns
    -------
    pandas.DataFrame
        One row per method and share: n_folds; intact, accuracy and random (means over folds, draws
        averaged first); cost (random minus accuracy: how much more the marked voxels are missed
        than others) with cost_low, cost_high and p (`beyond_random_maps`).
    """
    out = []
    for (method, share), part in rows.groupby(["method", "share"], sort=False):
        folds = part.pivot_table(index="fold", columns="control", values="accuracy")
        random = part[part["control"] == "random"].pivot_table("accuracy", "fold", "draw")
        cost, low, high, p = beyond_random_maps(-folds["mask"].to_numpy(), -random.to_numpy())
        out.append(
            {
                "method": method,
                "share": share,
                "n_folds": len(folds),
                "intact": intact.mean(),
                "accuracy": folds["mask"].mean(),
                "random": folds["random"].mean(),
                "cost": cost,
                "cost_low": low,
                "cost_high": high,
                "p": p,
            }
        )
    return pd.DataFrame(out)
