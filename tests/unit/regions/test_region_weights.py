import numpy as np
import pandas as pd
import pytest

from voxplain.atlas.labels import Atlas
from voxplain.image.grid import Grid
from voxplain.regions.weights import region_weights


def affine(scale, offset, flip_x=False):
    matrix = np.diag([-scale if flip_x else scale, scale, scale, 1.0])
    matrix[:3, 3] = offset
    return matrix


def small_atlas(shape=(6, 5, 4), matrix=None):
    labels = np.zeros(shape, np.int32)
    labels[1:3, 1:4, 1:3] = 7
    labels[4, 2, 2] = 3
    table = pd.DataFrame({"value": [3, 7], "name": ["three", "seven"]})
    return Atlas("small", labels, Grid(shape, np.eye(4) if matrix is None else matrix), table)


def test_weights_on_the_same_grid_are_plain_region_means():
    atlas = small_atlas()
    weights, in_view = region_weights(atlas, atlas.grid)
    values = np.random.default_rng(0).random(atlas.labels.shape)
    expected = [values[atlas.labels == value].mean() for value in (3, 7)]
    np.testing.assert_allclose(weights @ values.ravel(), expected, rtol=1e-12)
    np.testing.assert_array_equal(in_view, 1)


def test_weights_average_a_linear_field_exactly_across_spaces():
    # trilinear interpolation reproduces a linear function of the world coordinates
    atlas = small_atlas(matrix=affine(1.5, (-3, -4, -2), flip_x=True))
    grid = Grid((20, 21, 22), affine(0.7, (-12, -7, -6)))
    world = grid.world(np.indices(grid.shape).reshape(3, -1).T)
    field = world @ (0.3, -1.0, 2.0) + 5
    weights, in_view = region_weights(atlas, grid)
    for row, value in enumerate((3, 7)):
        centres = atlas.grid.world(np.argwhere(atlas.labels == value))
        expected = (centres @ (0.3, -1.0, 2.0) + 5).mean()
        assert (weights @ field)[row] == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(in_view, 1)


def test_voxels_out_of_view_are_left_out_and_counted():
    atlas = small_atlas()
    grid = Grid((2, 5, 4), np.eye(4))  # sees x = 0 and 1 of region 7's x = 1 and 2, none of 3
    weights, in_view = region_weights(atlas, grid)
    np.testing.assert_allclose(in_view, [0, 0.5])
    np.testing.assert_allclose(np.ravel(weights.sum(axis=1)), [0, 1])


def test_a_map_one_voxel_thick_is_sampled():
    atlas = small_atlas()
    grid = Grid((6, 5, 1), np.diag([1.0, 1, 6, 1]))
    weights, _ = region_weights(atlas, grid)
    np.testing.assert_allclose(weights @ np.full(30, 2.0), 2)
