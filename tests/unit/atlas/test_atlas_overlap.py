import numpy as np
import pandas as pd
import pytest

from voxplain.atlas.labels import Atlas
from voxplain.atlas.overlap import _max_p, overlap_table, region_weights
from voxplain.grid import Grid


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
    table = overlap_table(np.ones(grid.shape), atlas, grid, surrogates=np.ones((3, *grid.shape)))
    assert table["name"].tolist() == ["seven", "three"]
    assert table["score"].iloc[0] == 1
    assert table[["mean", "score", "coverage", "p_null", "q_fdr", "p_fwe"]].iloc[1].isna().all()


def test_a_map_one_voxel_thick_is_sampled():
    atlas = small_atlas()
    grid = Grid((6, 5, 1), np.diag([1.0, 1, 6, 1]))
    weights, _ = region_weights(atlas, grid)
    np.testing.assert_allclose(weights @ np.full(30, 2.0), 2)


def test_overlap_table_by_hand():
    atlas = small_atlas()
    attribution = np.zeros(atlas.labels.shape)
    attribution[4, 2, 2] = 0.6  # region 3: one voxel, mean .6
    attribution[1, 1:4, 1:3] = 0.4  # region 7: half of its 12 voxels, mean .2
    binary = attribution > 0.3
    shuffled = np.stack([attribution, np.zeros_like(attribution), np.full_like(attribution, 0.1)])
    table = overlap_table(attribution, atlas, atlas.grid, binary, shuffled)
    assert table["rank"].tolist() == [1, 2]
    assert table["name"].tolist() == ["three", "seven"]
    np.testing.assert_allclose(table["mean"], [0.6, 0.2])
    np.testing.assert_allclose(table["score"], [0.75, 0.25])
    np.testing.assert_allclose(table["coverage"], [1, 0.5])
    np.testing.assert_allclose(table["volume_ml"], [0.001, 0.012])
    np.testing.assert_allclose(table["p_null"], [2 / 4, 3 / 4])
    np.testing.assert_allclose(table["q_fdr"], [0.75, 0.75])
    # scores of map and surrogates: three .75 .75 0 .5, seven .25 .25 0 .5; standardised, three has
    # .816 .816 -1.633 0 and seven 0 0 -1.414 1.414, so the surrogates' maxima are .816 -1.414 1.414
    np.testing.assert_allclose(table["p_fwe"], [3 / 4, 3 / 4])


def test_family_wise_p_by_hand():
    # regions' means are (0, m) over 4 surrogates; the map's own score counts as one more draw
    observed = np.array([0.5, 0.2, 0.3])
    null = np.array([[0.1, 0.2, 0.1, 0.2], [0.2, 0.1, 0.2, 0.1], [0.3, 0.3, 0.3, 0.3]])
    # first: mean .22, sd .14697, the map at 1.905, surrogates at most -.136; second: mean .16,
    # sd .04899, the map at .816 as two surrogates are; third never varies: untestable
    np.testing.assert_allclose(_max_p(observed, null), [1 / 5, 3 / 5, 1])


def test_small_regions_do_not_dominate_the_maximum():
    rng = np.random.default_rng(0)
    null = rng.normal([[0.1], [0.9]], [[0.05], [0.001]], (2, 99))
    # the second region lies ten of its own deviations up, far below the first one's raw noise
    p = _max_p(np.array([0.1, 0.91]), null)
    assert p[1] == 1 / 100
    assert p[0] > 0.5


def test_family_wise_p_is_calibrated():
    rng = np.random.default_rng(1)
    smallest = []
    for _ in range(400):
        scores = rng.gamma(0.3, size=(12, 20))
        smallest.append(_max_p(scores[:, 0], scores[:, 1:]).min())
    # exact: some region has p <= 1/20 in 5 % of the families
    assert np.mean(np.array(smallest) < 0.0501) == pytest.approx(0.05, abs=0.03)


def test_an_all_zero_map_gives_zeros():
    atlas = small_atlas()
    zero = np.zeros(atlas.labels.shape)
    table = overlap_table(zero, atlas, atlas.grid, zero > 0, np.stack([zero, zero]))
    assert (table[["mean", "score", "coverage"]] == 0).all(axis=None)
    assert (table[["p_null", "q_fdr", "p_fwe"]] == 1).all(axis=None)
