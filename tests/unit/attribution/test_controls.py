"""Controls that the methods are measured against."""

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from voxplain.attribution.controls import edges, group_difference, image_edges, input_gradient


def test_the_input_gradient_of_a_linear_network_is_its_weight():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(60, 3)).double()
    images = torch.rand(2, 1, 3, 4, 5, dtype=torch.float64)
    result = input_gradient(model, images, torch.tensor([2, 0]))
    expected = model[1].weight.detach()[[2, 0]].abs().reshape(2, 3, 4, 5)
    torch.testing.assert_close(result.maps, expected)
    assert result.method == "input_gradient"


def test_edges_are_where_the_image_changes():
    image = np.zeros((9, 9, 9), np.float32)
    image[5:] = 1
    actual = edges(image)
    assert actual.shape == (9, 9, 9)
    assert set(np.unravel_index(actual.argmax(), actual.shape)[:1]) <= {4, 5}
    assert actual[0].max() < 0.01
    images = torch.from_numpy(np.stack([image, 2 * image]))[:, None]
    result = image_edges(nn.Identity(), images, torch.tensor([1, 0]))
    np.testing.assert_array_equal(result.maps.numpy(), [actual, edges(2 * image)])


def test_group_difference_is_welchs_t():
    rng = np.random.default_rng(0)
    volumes = rng.random((9, 3, 4, 5)).astype(np.float32)
    volumes[:, 0] = 0
    labels = np.array([0, 1, 0, 1, 1, 0, 0, 1, 0])
    actual = group_difference(volumes, labels)
    t = stats.ttest_ind(
        volumes[labels == 1, 1, 2, 3], volumes[labels == 0, 1, 2, 3], equal_var=False
    )
    assert actual[1, 2, 3] == pytest.approx(abs(t.statistic), rel=1e-5)
    assert (actual[0] == 0).all()
