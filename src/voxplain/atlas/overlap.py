"""What a map does in the regions of an atlas (Table 2 of Kan 2020)."""

from itertools import product

import numpy as np
import pandas as pd
from scipy import sparse
from statsmodels.stats.multitest import multipletests

from voxplain.atlas.labels import Atlas
from voxplain.grid import Grid


def region_weights(atlas: Atlas, grid: Grid) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Build the matrix that averages a map over every region of an atlas.

    The map is sampled by trilinear interpolation at the centre (in mm) of every labelled atlas
    voxel. Voxels outside the run's field of view are left out.

    Parameters
    ----------
    atlas : Atlas
    grid : Grid
        Grid of the maps.

    Returns
    -------
    weights : scipy.sparse.csr_matrix, shape (n_regions, n_voxels)
        ``weights @ map.ravel()`` is the mean per region, in the order of ``atlas.table``. A row
        sums to 1, or is empty where the region lies outside the field of view.
    in_view : numpy.ndarray, shape (n_regions,)
        Fraction of the region's voxels inside the field of view.
    """
    voxels = np.argwhere(atlas.labels > 0)
    region = np.searchsorted(atlas.table["value"], atlas.labels[tuple(voxels.T)])
    n_regions = len(atlas.table)
    to_map = np.linalg.inv(grid.affine) @ atlas.grid.affine
    points = voxels @ to_map[:3, :3].T + to_map[:3, 3]
    last = np.array(grid.shape) - 1
    inside = ((points >= -0.5) & (points <= last + 0.5)).all(axis=1)
    in_view = np.bincount(region, inside, n_regions) / np.bincount(region, minlength=n_regions)
    # within half a voxel of the border there is no outer neighbour: take the border voxel's value
    points, region = np.clip(points[inside], 0, last), region[inside]
    lower = np.minimum(points.astype(np.int64), np.maximum(last - 1, 0))
    upper_share = points - lower
    share = 1 / np.bincount(region, minlength=n_regions).clip(1)[region]
    weights = sparse.csr_matrix((n_regions, int(np.prod(grid.shape))))
    for corner in product((0, 1), repeat=3):
        factors = np.where(corner, upper_share, 1 - upper_share).prod(axis=1) * share
        neighbours = np.minimum(lower + corner, last)  # an axis of one voxel has no second one
        columns = np.ravel_multi_index(tuple(neighbours.T), grid.shape)
        weights += sparse.csr_matrix((factors, (region, columns)), shape=weights.shape)
    return weights, in_view


def overlap_table(
    attribution: np.ndarray,
    atlas: Atlas,
    grid: Grid,
    binary: np.ndarray | None = None,
    surrogates: np.ndarray | None = None,
) -> pd.DataFrame:
    """Rank the regions of an atlas by a map (Table 2 of Kan 2020).

    Parameters
    ----------
    attribution : numpy.ndarray, shape (X, Y, Z)
        Non-negative map on the run's grid, in the atlas's space.
    atlas : Atlas
    grid : Grid
        Grid of the map.
    binary : numpy.ndarray of bool, shape (X, Y, Z), optional
        Thresholded map, for the coverage.
    surrogates : numpy.ndarray, shape (n, X, Y, Z), optional
        Random maps of the same values and smoothness (`evaluation.smooth_masks`).

    Returns
    -------
    pandas.DataFrame
        One row per region, best first: rank, value, name, score (the region's mean over the sum of
        all regions' means, the paper's normalised score), mean, coverage (share of the region in
        `binary`), volume_ml, in_view, p_null (share of surrogates that score at least as high),
        q_fdr (Benjamini-Hochberg over the regions) and p_fwe (family-wise, see `_max_p`). Regions
        outside the field of view come last with missing values; an all-zero map scores 0
        everywhere.
    """
    weights, in_view = region_weights(atlas, grid)
    seen = in_view > 0
    counts = np.bincount(atlas.labels.ravel())[atlas.table["value"]]
    voxel_ml = abs(np.linalg.det(atlas.grid.affine[:3, :3])) / 1000
    table = atlas.table.copy()
    table["mean"] = np.where(seen, weights @ attribution.ravel(), np.nan)
    table["score"] = _normalised(table["mean"].to_numpy())
    table["coverage"] = np.nan
    if binary is not None:
        table["coverage"] = np.where(seen, weights @ binary.ravel().astype(float), np.nan)
    table["volume_ml"] = counts * voxel_ml
    table["in_view"] = in_view
    table[["p_null", "q_fdr", "p_fwe"]] = np.nan
    if surrogates is not None and seen.any():
        n_surrogates = len(surrogates)
        scores = _normalised(weights @ surrogates.reshape(n_surrogates, -1).T)
        as_high = (scores >= table["score"].to_numpy()[:, None]).sum(axis=1)
        p = (as_high + 1) / (n_surrogates + 1)
        table["p_null"] = np.where(seen, p, np.nan)
        table.loc[seen, "q_fdr"] = multipletests(p[seen], method="fdr_bh")[1]
        table.loc[seen, "p_fwe"] = _max_p(table["score"].to_numpy()[seen], scores[seen])
    table = table.sort_values(["score", "value"], ascending=[False, True], ignore_index=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    columns = "rank value name score mean coverage volume_ml in_view p_null q_fdr p_fwe"
    return table[columns.split()]


def _normalised(means: np.ndarray) -> np.ndarray:
    """Divide region means (n_regions, ...) by their sum; a sum of zero leaves zeros."""
    total = np.nansum(means, axis=0)
    return means / np.where(total == 0, 1, total)


def _max_p(observed: np.ndarray, null: np.ndarray) -> np.ndarray:
    """Family-wise p value of every region by the maximum statistic over regions.

    A small region's mean varies more than a large one's, so raw scores would leave the maximum to
    the small regions. Each score is therefore standardised by its region's mean and standard
    deviation over the surrogates (a studentised maximum). The map itself counts as one more draw
    there, which keeps all n + 1 maps exchangeable and the test exact also with few surrogates.

    Parameters
    ----------
    observed : numpy.ndarray, shape (n_regions,)
    null : numpy.ndarray, shape (n_regions, n)
        Scores of the surrogates.

    Returns
    -------
    numpy.ndarray, shape (n_regions,)
        (1 + surrogates whose largest standardised score reaches the region's) / (n + 1). A region
        whose score never varies has nothing to be tested by: p = 1.
    """
    scores = np.column_stack([observed, null])
    spread = scores.std(axis=1)
    varies = (np.ptp(null, axis=1) > 1e-12) & (spread > 1e-12)
    p = np.ones(len(observed))
    if varies.any():
        centred = scores[varies] - scores[varies].mean(axis=1, keepdims=True)
        standardised = centred / spread[varies, None]
        highest = standardised[:, 1:].max(axis=0)
        as_high = (highest >= standardised[:, :1] - 1e-9).sum(axis=1)
        p[varies] = (as_high + 1) / (null.shape[1] + 1)
    return p
