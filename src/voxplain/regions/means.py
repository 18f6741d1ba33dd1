"""Means of a map, of its folds' maps and of its surrogates over the regions of an atlas."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

import numpy as np
import pandas as pd
from scipy import sparse

from voxplain.atlas.labels import Atlas
from voxplain.errors import AtlasError


@dataclass(frozen=True)
class RegionMeans:
    """Means of a map, of its folds' maps and of its surrogates over named sets of atlas voxels.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per region: value and name, as in `Atlas`.
    volume_ml, in_view : numpy.ndarray, shape (n_regions,)
        Volume, and the share of it that lies inside the maps' field of view.
    observed : numpy.ndarray, shape (n_regions,)
        Mean of the map; missing (NaN) for a region out of view.
    folds : numpy.ndarray, shape (n_regions, n_folds)
    surrogates : numpy.ndarray, shape (n_regions, n_surrogates)
    """

    table: pd.DataFrame
    volume_ml: np.ndarray
    in_view: np.ndarray
    observed: np.ndarray
    folds: np.ndarray
    surrogates: np.ndarray

    def merged(self, members: Mapping[str, Sequence[str]]) -> "RegionMeans":
        """Join regions into larger ones, each weighted by its volume in view.

        Parameters
        ----------
        members : mapping of str to sequence of str
            By name of the new region, shell-style patterns of its members' names.

        Raises
        ------
        AtlasError
            If a pattern matches no region.
        """
        rows = [self._rows(patterns) for patterns in members.values()]
        volume = np.array([self.volume_ml[row].sum() for row in rows])
        seen = np.array([(self.volume_ml * self.in_view)[row].sum() for row in rows])

        def joined(values: np.ndarray) -> np.ndarray:
            weighted = np.nan_to_num((self.volume_ml * self.in_view * values.T).T)
            sums = np.array([weighted[row].sum(axis=0) for row in rows])
            return (sums.T / np.where(seen > 0, seen, np.nan)).T

        return replace(
            self,
            table=pd.DataFrame({"name": list(members)}),
            volume_ml=volume,
            in_view=seen / volume,
            observed=joined(self.observed),
            folds=joined(self.folds),
            surrogates=joined(self.surrogates),
        )

    def _rows(self, patterns: Sequence[str]) -> np.ndarray:
        names = self.table["name"].tolist()
        matches = {pattern: [fnmatchcase(name, pattern) for name in names] for pattern in patterns}
        unmatched = [pattern for pattern, rows in matches.items() if not any(rows)]
        if unmatched:
            raise AtlasError(
                f"no region matches {', '.join(map(repr, unmatched))}; the atlas has names such as "
                f"{', '.join(names[:3])}"
            )
        return np.any(list(matches.values()), axis=0)


def region_means(
    attribution: np.ndarray,
    atlas: Atlas,
    weights: tuple[sparse.csr_matrix, np.ndarray],
    fold_maps: np.ndarray | None = None,
    surrogates: np.ndarray | None = None,
) -> RegionMeans:
    """Average a map over every region of an atlas.

    Parameters
    ----------
    attribution : numpy.ndarray, shape (X, Y, Z)
        Non-negative map on the run's grid, in the atlas's space.
    atlas : Atlas
    weights : (scipy.sparse.csr_matrix, numpy.ndarray)
        `voxplain.regions.weights.region_weights` of the atlas and the map's grid.
    fold_maps : numpy.ndarray, shape (n_folds, X, Y, Z), optional
        The same map of each fold's network.
    surrogates : numpy.ndarray, shape (n, X, Y, Z), optional
        Random maps of the same values and smoothness (`voxplain.stats.spatial_null`).

    Returns
    -------
    RegionMeans
    """
    matrix, in_view = weights

    def means(maps: np.ndarray | None) -> np.ndarray:
        columns = np.empty((0, attribution.size)) if maps is None else maps.reshape(len(maps), -1)
        return np.where(in_view[:, None] > 0, matrix @ columns.T, np.nan)

    voxel_ml = atlas.grid.voxel_volume / 1000
    present, counts = np.unique(atlas.labels, return_counts=True)
    return RegionMeans(
        atlas.table,
        counts[np.searchsorted(present, atlas.table["value"])] * voxel_ml,
        in_view,
        means(attribution[None])[:, 0],
        means(fold_maps),
        means(surrogates),
    )
