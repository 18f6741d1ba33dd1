"""The matrices of smoothing and interpolation."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from voxplain.attribution import separable


@pytest.mark.parametrize(("n", "m"), [(58, 15), (70, 18), (12, 3), (5, 1), (7, 7), (1, 1), (9, 5)])
def test_upsampling_is_torchs_linear_interpolation(n, m):
    expected = F.interpolate(
        torch.eye(m, dtype=torch.float64)[None], size=n, mode="linear", align_corners=False
    )[0].T
    np.testing.assert_allclose(separable.upsampling_matrix(n, m), expected, atol=1e-12)


@pytest.mark.parametrize("sigma", [0, 0.5, 2, 10, 1000])
def test_smoothing_keeps_constants_up_to_the_border(sigma):
    matrix = separable.gaussian_matrix(58, sigma)
    np.testing.assert_allclose(matrix @ np.ones(58), 1, atol=1e-14)
    assert (matrix >= 0).all()


def test_smoothing_by_hand():
    near = np.exp(-0.5 / 4)
    far = np.exp(-0.5)
    middle = np.array([near, 1, near]) / (1 + 2 * near)
    first = np.array([1, near, far]) / (1 + near + far)
    np.testing.assert_allclose(
        separable.gaussian_matrix(3, 2), [first, middle, first[::-1]], atol=1e-15
    )


def test_the_box_averages_what_lies_inside():
    matrix = separable.moving_average_matrix(4, 3)
    expected = [[1 / 2, 1 / 2, 0, 0], [1 / 3, 1 / 3, 1 / 3, 0], [0, 1 / 3, 1 / 3, 1 / 3]]
    np.testing.assert_allclose(matrix, [*expected, [0, 0, 1 / 2, 1 / 2]])
    np.testing.assert_array_equal(separable.moving_average_matrix(3, 1), np.eye(3))


def test_apply_is_one_product_per_axis():
    rng = np.random.default_rng(0)
    volumes = rng.normal(size=(2, 3, 4, 5))
    matrices = [rng.normal(size=shape) for shape in ((7, 3), (6, 4), (8, 5))]
    expected = np.einsum("xa,yb,zc,nabc->nxyz", *matrices, volumes)
    actual = separable.apply([torch.as_tensor(a) for a in matrices], torch.as_tensor(volumes))
    np.testing.assert_allclose(actual, expected, atol=1e-12)
