"""Grad-CAM and Guided Backpropagation against Captum, on the paper's architecture."""

import numpy as np
import pytest
import torch
from torch import nn

from voxplain.attribution import grad_cam, gradient_maps, guided_backprop

attr = pytest.importorskip("captum.attr", reason="Captum is not installed")
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

SHAPE = (30, 36, 30)
TARGETS = torch.tensor([1, 0, 0, 1])


def paper_network(dtype: torch.dtype) -> nn.Module:
    torch.manual_seed(3)
    layers = []
    for n_in, n_out in ((1, 4), (4, 8), (8, 16)):
        norm = nn.BatchNorm3d(n_out)
        norm.running_mean.normal_(0, 0.3)
        norm.running_var.uniform_(0.5, 2)
        nn.init.uniform_(norm.weight, 0.5, 1.5)
        nn.init.normal_(norm.bias, 0, 0.3)
        layers.append(nn.Sequential(nn.Conv3d(n_in, n_out, 3), norm, nn.ReLU(), nn.MaxPool3d(2)))
    head = [nn.Flatten(), nn.Dropout(0.5), nn.Linear(16 * 2 * 2 * 2, 2)]
    return nn.Sequential(*layers, *head).to(dtype).eval()


def images(dtype: torch.dtype) -> torch.Tensor:
    generator = torch.Generator().manual_seed(5)
    return torch.rand((4, 1, *SHAPE), generator=generator, dtype=torch.float64).to(dtype)


def relative_error(actual: torch.Tensor, expected: torch.Tensor) -> float:
    return ((actual - expected).abs().max() / expected.abs().max()).item()


def captum_grad_cam(model, x, layer):
    features = attr.LayerGradCam(model, layer).attribute(x, TARGETS, relu_attributions=True)
    return features, attr.LayerAttribution.interpolate(features, SHAPE, "trilinear")[:, 0]


@pytest.fixture(autouse=True)
def last_block_is_smaller_than_the_box():
    model = paper_network(torch.float32)
    assert model[:3](images(torch.float32)).shape[1:] == (16, 2, 2, 2)


@pytest.mark.parametrize("name", [None, "2.2", "1", "0.0"])
@pytest.mark.parametrize(("dtype", "limit"), [(torch.float64, 1e-6), (torch.float32, 1e-4)])
def test_grad_cam_is_captums(dtype, limit, name):
    model, x = paper_network(dtype), images(dtype)
    _, expected = captum_grad_cam(model, x, model.get_submodule(name or "2.2"))
    actual = grad_cam(model, x, TARGETS, layer=name)
    assert actual.maps.dtype == dtype
    assert expected.max() > 0
    assert relative_error(actual.maps, expected.detach()) < limit


def on_the_feature_grid(actual):
    """Solve for the features that linear interpolation between their centres turned into maps."""
    features = actual.maps.numpy()
    parameters = actual.parameters
    for axis, (n, m) in enumerate(zip(SHAPE, parameters["feature_shape"], strict=True), start=1):
        jump, first = parameters["jump"][axis - 1], parameters["first_centre"][axis - 1]
        voxels, centres = np.arange(n), first + jump * np.arange(m)
        covered = (voxels >= first - jump / 2) & (voxels <= centres[-1] + jump / 2)
        matrix = np.array([np.interp(voxels, centres, unit) * covered for unit in np.eye(m)]).T
        features = np.apply_along_axis(np.linalg.pinv(matrix).__matmul__, axis, features)
    return torch.from_numpy(features)


@pytest.mark.parametrize("upsampling", ["paper", "receptive_field"])
@pytest.mark.parametrize("name", [None, "1", "0.0"])
def test_grad_cam_is_captums_on_the_feature_grid(name, upsampling):
    model, x = paper_network(torch.float64), images(torch.float64)
    features, _ = captum_grad_cam(model, x, model.get_submodule(name or "2.2"))
    actual = grad_cam(model, x, TARGETS, layer=name, upsampling=upsampling)
    assert actual.parameters["feature_shape"] == tuple(features.shape[2:])
    assert relative_error(on_the_feature_grid(actual), features[:, 0].detach()) < 1e-10


def test_both_in_one_pass_are_captums():
    model, x = paper_network(torch.float64), images(torch.float64)
    guided, cam = gradient_maps(model, x, TARGETS)
    expected = attr.GuidedBackprop(model).attribute(x, TARGETS)[:, 0].clamp(min=0).detach()
    assert relative_error(guided.maps, expected) < 1e-10
    _, expected = captum_grad_cam(model, x, model[2][2])
    assert relative_error(cam.maps, expected.detach()) < 1e-10


@pytest.mark.parametrize(("dtype", "limit"), [(torch.float64, 1e-6), (torch.float32, 1e-4)])
def test_guided_backprop_is_captums(dtype, limit):
    model, x = paper_network(dtype), images(dtype)
    expected = attr.GuidedBackprop(model).attribute(x, TARGETS)[:, 0].clamp(min=0).detach()
    actual = guided_backprop(model, x, TARGETS)
    assert actual.maps.dtype == dtype
    assert expected.max() > 0
    assert relative_error(actual.maps, expected) < limit


@pytest.mark.parametrize("method", [grad_cam, guided_backprop])
def test_float32_agrees_with_float64(method):
    single = method(paper_network(torch.float32), images(torch.float32), TARGETS).maps.double()
    double = method(paper_network(torch.float64), images(torch.float32).double(), TARGETS).maps
    # A max-pool tie decided by rounding may move single voxels, so the L2 norm is compared.
    assert (single - double).norm() / double.norm() < 1e-3
