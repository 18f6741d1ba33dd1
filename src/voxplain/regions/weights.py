"""Where a map and an atlas meet: means over regions in world space."""

from itertools import product

import numpy as np
from scipy import sparse

from voxplain.atlas.labels import Atlas
from voxplain.image.grid import Grid


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
    to_map = grid.from_voxels_of(atlas.grid)
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
