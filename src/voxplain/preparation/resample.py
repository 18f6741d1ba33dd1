"""Resampling into MNI152 at the image's own resolution, then averaging over the run's grid.

One value per coarse voxel would alias a 0.7-mm image on a 3-mm grid. Each coarse voxel is therefore
divided, along each axis, into points no further apart than the image's finest voxel edge, at least
two. The image is interpolated linearly at each point, and `box_average` takes their mean.
"""

from collections.abc import Iterator
from math import ceil

import numpy as np
from scipy import ndimage

from voxplain.image.downsample import box_average
from voxplain.image.grid import Grid
from voxplain.preparation.transforms import Transform

# The field of view of FSL's MNI152 (91 x 109 x 91 voxels of 2 mm), which its atlases share.
MNI152 = Grid(
    (91, 109, 91), np.array([[2, 0, 0, -90], [0, 2, 0, -126], [0, 0, 2, -72], [0, 0, 0, 1]])
)
_SLAB_POINTS = 1 << 19  # 12 MB of coordinates


def resample(
    data: np.ndarray, grid: Grid, transform: Transform, shape: tuple[int, int, int]
) -> tuple[np.ndarray, Grid]:
    """Average an image over the boxes of a grid in MNI152.

    Parameters
    ----------
    data : (X, Y, Z) float32 array
        The participant's image, zero outside the brain.
    grid : Grid
        Its grid.
    transform : Transform
        MNI152's world to the image's world.
    shape : tuple of int
        Size of the result along the right, anterior and superior axes.

    Returns
    -------
    coarse : shape float32 array
        RAS.
    coarse_grid : Grid
        MNI152's field of view in `shape` boxes.
    """
    coarse = MNI152.coarsen(shape)
    finest = grid.voxel_sizes.min()
    factors = [max(2, ceil(size / finest - 1e-6)) for size in coarse.voxel_sizes]
    n_x, n_y, n_z = (size * factor for size, factor in zip(shape, factors, strict=True))
    fine = MNI152.coarsen((n_x, n_y, n_z))
    values = box_average(_blocks(data, grid, transform, fine), fine.shape, coarse.shape)
    return np.ascontiguousarray(values), coarse


def _blocks(
    data: np.ndarray, grid: Grid, transform: Transform, fine: Grid
) -> Iterator[tuple[tuple[slice, slice, slice], np.ndarray]]:
    """Yield the image at the points of a fine grid, as `box_average` takes it."""
    n_x, n_y, n_z = fine.shape
    depth = max(1, _SLAB_POINTS // (n_x * n_y))
    for start in range(0, n_z, depth):
        stop = min(start + depth, n_z)
        z, y, x = np.mgrid[start:stop, :n_y, :n_x].reshape(3, -1)
        points = transform(fine.world(np.stack([x, y, z], axis=1)).T)
        slab = np.empty((stop - start, n_y, n_x), np.float32)
        ndimage.map_coordinates(
            data,
            grid.voxels(points.T).T,
            output=slab.reshape(-1),
            order=1,
            mode="grid-constant",  # surrounded by zeros, one voxel from the outermost centres
        )
        yield (slice(start, stop), slice(0, n_y), slice(0, n_x)), slab
