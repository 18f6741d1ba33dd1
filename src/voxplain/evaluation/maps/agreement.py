"""Do the methods mark the same places? Dice at equal area, over a sweep of areas.

Masks of equal area make methods comparable whose values have different units. Each Dice is given
with that of independent masks of its area (the area's own share) and of smooth random maps.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd

from voxplain.image.stack import Stack, parts
from voxplain.stats.over_folds import against_null, jackknife_t, one_sided
from voxplain.stats.spatial_null import rank_matched_noise, surrogate_values

AREAS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)  # shares of the brain
AXIAL = 2
N_SMOOTHNESS = 5  # participants on whose maps a method's smoothness is found
_RANKS = 2**21  # voxels ranked together, of all participants of a part: 17 MB


class Places:
    """Brain voxels in groups: the whole brain as one, or its slices along an axis."""

    def __init__(self, brain_mask: np.ndarray, axis: int | None = None) -> None:
        voxels = np.argwhere(brain_mask)
        group = np.zeros(len(voxels), int) if axis is None else voxels[:, axis]
        self.order = np.argsort(group, kind="stable")
        group = group[self.order]
        self.starts = np.flatnonzero(np.diff(group, prepend=-1))
        self.sizes = np.diff(self.starts, append=len(group))
        self.group = np.repeat(np.arange(len(self.starts)), self.sizes)

    def ranks(self, values: np.ndarray) -> np.ndarray:
        """Rank the voxels of each group, 0 = highest; voxels without a positive value come nowhere.

        Parameters
        ----------
        values : numpy.ndarray, shape (n_maps, n_brain)
            In C order of the brain mask. Of equal values, the first in C order ranks higher.

        Returns
        -------
        numpy.ndarray of int, shape (n_maps, n_brain), in this object's order
        """
        values = values[:, self.order]
        ranks = np.empty(values.shape, np.int64)
        for of_map, ranks_of_map in zip(values, ranks, strict=True):
            ranks_of_map[np.lexsort((-of_map, self.group))] = np.arange(of_map.size)
        ranks -= self.starts[self.group]
        ranks[values <= 0] = values.shape[1]
        return ranks

    def dice(self, a: np.ndarray, b: np.ndarray, fraction: float) -> np.ndarray:
        """Return the Dice of the highest voxels of each group, mean over groups.

        Groups whose share rounds to no voxel are left out; two empty masks have 0.

        Parameters
        ----------
        a, b : numpy.ndarray of int, shape (n_maps, n_brain)
            From `ranks`.
        fraction : float
            Share of each group in the masks.

        Returns
        -------
        numpy.ndarray, shape (n_maps,)
        """
        limit = self._quota(fraction)[self.group]
        both = self._count((a < limit) & (b < limit))
        total = self._count(a < limit) + self._count(b < limit)
        return self._mean(2 * both / np.where(total == 0, 1, total), fraction)

    def chance(self, a: np.ndarray, b: np.ndarray, fraction: float) -> np.ndarray:
        """Return the Dice that independent masks of the same sizes have on average, (n_maps,).

        Parameters
        ----------
        a, b, fraction
            As for `dice`.
        """
        limit = self._quota(fraction)[self.group]
        n_a, n_b = self._count(a < limit), self._count(b < limit)
        total = (n_a + n_b) * self.sizes
        return self._mean(2 * n_a * n_b / np.where(total == 0, 1, total), fraction)

    def _quota(self, fraction: float) -> np.ndarray:
        return np.rint(fraction * self.sizes).astype(int)

    def _count(self, marked: np.ndarray) -> np.ndarray:
        return np.add.reduceat(marked, self.starts, axis=1, dtype=float)

    def _mean(self, values: np.ndarray, fraction: float) -> np.ndarray:
        return values[:, self._quota(fraction) > 0].mean(axis=1)


def group_agreement(
    maps: Mapping[str, np.ndarray],
    brain_mask: np.ndarray,
    areas: Sequence[float],
    n_null: int,
    seed: int,
    controls: Mapping[str, np.ndarray] = MappingProxyType({}),
) -> pd.DataFrame:
    """Compare group maps pair by pair, in the whole brain and axial slice by axial slice.

    Parameters
    ----------
    maps : mapping of str to numpy.ndarray, shape (X, Y, Z)
        Conjoined group map by method.
    brain_mask : numpy.ndarray of bool, shape (X, Y, Z)
    areas : sequence of float
        Shares of the brain.
    n_null : int
        Number of smooth random maps that stand in for the second map.
    seed : int
    controls : mapping of str to numpy.ndarray, shape (X, Y, Z), optional
        Group maps that each method is compared with as well, but not with one another.

    Returns
    -------
    pandas.DataFrame
        One row per level (``group``; ``slice``: equal areas within each axial slice, mean over
        slices), pair and area: level, method_a, method_b, area, dice, chance (independent masks),
        null_mean, null_p95, p_null (share of smooth random maps that agree at least as much).
    """
    rows = []
    everything = {**maps, **controls}
    levels = {"group": Places(brain_mask), "slice": Places(brain_mask, AXIAL)}
    ranks = {
        level: {name: places.ranks(map_[brain_mask][None]) for name, map_ in everything.items()}
        for level, places in levels.items()
    }
    for number, b in enumerate(everything):
        if number == 0:
            continue
        null = surrogate_values(everything[b], brain_mask, n_null, seed)
        for level, places in levels.items():
            rank_b, random = ranks[level][b], places.ranks(null)
            for a in list(maps)[:number]:
                rank_a = ranks[level][a]
                for area in areas:
                    observed = places.dice(rank_a, rank_b, area)[0]
                    rows.append(
                        {
                            "level": level,
                            "method_a": a,
                            "method_b": b,
                            "area": area,
                            "dice": observed,
                            "chance": places.chance(rank_a, rank_b, area)[0],
                            **against_null(places.dice(rank_a, random, area), observed),
                        }
                    )
    return pd.DataFrame(rows)


def fold_agreement(
    maps: Mapping[str, np.ndarray | Stack],
    brain_mask: np.ndarray,
    fwhm: Mapping[str, float],
    areas: Sequence[float],
    seed: list[int],
) -> pd.DataFrame:
    """Compare the methods' maps of each held-out participant of one fold.

    Parameters
    ----------
    maps : mapping of str to numpy.ndarray or Stack, shape (n, X, Y, Z)
        Maps of the same participants by method; stacks are read a few participants at a time.
    brain_mask : numpy.ndarray of bool, shape (X, Y, Z)
    fwhm : mapping of str to float
        Smoothness of the random maps that stand in for the second map, voxels.
    areas : sequence of float
        Shares of the brain.
    seed : list of int
        Of this fold.

    Returns
    -------
    pandas.DataFrame
        One row per pair, area and participant: method_a, method_b, area, dice, chance
        (independent masks), random (the second map replaced by a smooth random one), other (by the
        next participant's; missing where there is none).
    """
    places, n = Places(brain_mask), len(next(iter(maps.values())))
    rows = defaultdict(list)
    for part in parts(n, _RANKS // int(np.count_nonzero(brain_mask))):
        people = np.arange(part.start, part.stop + 1) % n  # the last one is the next part's first
        inside = {method: maps[method][people][:, brain_mask] for method in maps}
        ranks = {method: places.ranks(values) for method, values in inside.items()}
        for number, b in enumerate(maps):
            noise = [
                rank_matched_noise(values, brain_mask, fwhm[b], [*seed, number, k])
                for k, values in zip(people[:-1], inside[b], strict=False)
            ]
            random = places.ranks(np.stack(noise))
            for a in list(maps)[:number]:
                first, second, other = ranks[a][:-1], ranks[b][:-1], ranks[b][1:]
                for area in areas:
                    columns = {
                        "dice": places.dice(first, second, area),
                        "chance": places.chance(first, second, area),
                        "random": places.dice(first, random, area),
                        "other": places.dice(first, other, area) if n > 1 else np.nan,
                    }
                    table = pd.DataFrame(columns).assign(method_a=a, method_b=b, area=area)
                    rows[a, b, area].append(table)
    return pd.concat([table for pair in rows.values() for table in pair], ignore_index=True)


def participant_agreement(rows: pd.DataFrame) -> pd.DataFrame:
    """Sum up `fold_agreement` over participants and folds.

    Parameters
    ----------
    rows : pandas.DataFrame
        Of all folds, with a column fold.

    Returns
    -------
    pandas.DataFrame
        The columns of `group_agreement` with level ``participant``, and dice_low and dice_high
        (95 % interval over folds, `jackknife_t`) and other_mean (with another participant's map by
        the second method). Here p_null is one-sided, of the same test of the excess over random
        maps.
    """
    table = []
    for (a, b, area), part in rows.groupby(["method_a", "method_b", "area"], sort=False):
        folds = part.groupby("fold")[["dice", "random"]].mean()
        _, low, high, _ = jackknife_t(folds["dice"], 0, 1)
        excess, _, _, p = jackknife_t(folds["dice"] - folds["random"])
        table.append(
            {
                "level": "participant",
                "method_a": a,
                "method_b": b,
                "area": area,
                "dice": part["dice"].mean(),
                "dice_low": low,
                "dice_high": high,
                "chance": part["chance"].mean(),
                "null_mean": part["random"].mean(),
                "null_p95": part["random"].quantile(0.95),
                "p_null": one_sided(excess, p),
                "other_mean": part["other"].mean(),
            }
        )
    return pd.DataFrame(table)
