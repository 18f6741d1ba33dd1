"""The methods through Captum, against completeness, a hand-made loop and closed forms."""

import sys

import numpy as np
import pytest
import torch
from torch import nn

from voxplain.attribution import integrated_gradients, occlusion, smooth_grad
from voxplain.attribution.separable import gaussian_matrix
from voxplain.errors import AttributionError

pytest.importorskip("captum.attr", reason="Captum is not installed")

SHAPE = (10, 12, 11)


def network():
    torch.manual_seed(0)
    layers = [nn.Conv3d(1, 3, 3), nn.ReLU(), nn.MaxPool3d(2), nn.Conv3d(3, 4, 3), nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(4 * 2 * 3 * 2, 3)).double().eval()


def images(n=3):
    generator = torch.Generator().manual_seed(1)
    return torch.rand((n, 1, *SHAPE), generator=generator, dtype=torch.float64)


def blurred(x, sigma):
    for axis in (2, 3, 4):
        matrix = torch.as_tensor(gaussian_matrix(x.shape[axis], sigma))
        x = torch.tensordot(x, matrix, dims=([axis], [1])).movedim(-1, axis)
    return x


TARGETS = torch.tensor([2, 0, 1])


def test_integrated_gradients_are_complete():
    model, x = network(), images()
    for baseline, start in (("zero", torch.zeros_like(x)), ("blurred", blurred(x, 2.0))):
        actual = integrated_gradients(model, x, TARGETS, baseline, sigma_0=2.0, steps=200)
        # Positive and negative part together make up the difference of the two logits.
        signed = signed_integrated_gradients(model, x, start, 200)
        with torch.no_grad():
            rise = (model(x) - model(start)).gather(1, TARGETS[:, None])[:, 0]
        torch.testing.assert_close(signed.sum((1, 2, 3)), rise, rtol=0.02, atol=1e-3)
        torch.testing.assert_close(actual.maps, signed.clamp(min=0), rtol=1e-6, atol=1e-9)
        error = (signed.sum((1, 2, 3)) - rise).abs().numpy()
        np.testing.assert_allclose(abs(actual.details["completeness_error"]), error, atol=1e-8)
        assert actual.parameters["baseline"] == baseline


def signed_integrated_gradients(model, x, start, steps):
    """Gauss-Legendre quadrature of the path integral, point by point."""
    points, weights = np.polynomial.legendre.leggauss(steps)
    total = torch.zeros_like(x)
    for point, weight in zip((points + 1) / 2, weights / 2, strict=True):
        leaf = (start + point * (x - start)).requires_grad_()
        score = model(leaf).gather(1, TARGETS[:, None]).sum()
        total += weight * torch.autograd.grad(score, leaf)[0]
    return ((x - start) * total)[:, 0]


@pytest.mark.parametrize(("window", "stride"), [(4, 4), (5, 3), (3, 1)])
def test_occlusion_is_a_loop_over_cubes(window, stride):
    model, x = network(), images()
    total, count = torch.zeros(3, *SHAPE).double(), torch.zeros(SHAPE)
    corners = [range(0, -(-(n - window) // stride) * stride + 1, stride) for n in SHAPE]
    with torch.no_grad():
        score = model(x).gather(1, TARGETS[:, None])
        for corner in torch.cartesian_prod(*map(torch.tensor, corners)).tolist():
            cube = tuple(slice(c, c + window) for c in corner)
            changed = x.clone()
            changed[(slice(None), 0, *cube)] = blurred(x, 2.0)[(slice(None), 0, *cube)]
            drop = (score - model(changed).gather(1, TARGETS[:, None]))[:, 0]
            total[(slice(None), *cube)] += drop[:, None, None, None]
            count[cube] += 1
    actual = occlusion(model, x, TARGETS, window, stride, "blurred", sigma_0=2.0)
    torch.testing.assert_close(actual.maps, (total / count).clamp(min=0), rtol=1e-5, atol=1e-8)
    assert actual.maps.max() > 0


def test_smooth_grad_is_the_gradient_of_a_linear_network_whatever_the_noise():
    model = nn.Sequential(nn.Flatten(), nn.Linear(int(np.prod(SHAPE)), 3)).double()
    actual = smooth_grad(model, images(), TARGETS, samples=4, noise=0.5)
    expected = model[1].weight[TARGETS].reshape(3, *SHAPE).clamp(min=0).detach()
    torch.testing.assert_close(actual.maps, expected)


def test_smooth_grads_noise_has_the_stated_size_and_seed():
    class Square(nn.Module):
        """The gradient of the first logit is the image itself, so the map is image and noise."""

        def forward(self, x):
            square = (x**2 / 2).sum((1, 2, 3, 4))
            return torch.stack((square, -square), 1)

    x, targets = 100 + 10 * images(), torch.zeros(3, dtype=torch.int64)
    once = smooth_grad(Square(), x, targets, samples=1, noise=0.2, seed=3)
    noise = once.maps - x[:, 0]
    spread = noise.flatten(1).std(1) / (x.flatten(1).amax(1) - x.flatten(1).amin(1))
    torch.testing.assert_close(spread, torch.full((3,), 0.2).double(), rtol=0.05, atol=0)
    again = smooth_grad(Square(), x[1:2], targets[1:2], samples=1, noise=0.2, seed=3)
    torch.testing.assert_close(again.maps[0], once.maps[1])
    other = smooth_grad(Square(), x, targets, samples=1, noise=0.2, seed=4)
    assert not torch.equal(other.maps, once.maps)
    mean = smooth_grad(Square(), x, targets, samples=100, noise=0.2, seed=3).maps - x[:, 0]
    assert mean.std() < 0.15 * noise.std()


@pytest.mark.parametrize(
    ("method", "settings", "message"),
    [
        (integrated_gradients, {"steps": 0}, "steps is 0"),
        (integrated_gradients, {"baseline": "black"}, "'black'; choose one of zero, blurred"),
        (integrated_gradients, {"steps": 2.5}, "steps is 2.5; choose a whole number"),
        (integrated_gradients, {"sigma_0": "abc"}, "sigma_0 is 'abc'; give a number"),
        (smooth_grad, {"samples": 0}, "samples is 0"),
        (smooth_grad, {"noise": -1}, "noise is -1; choose 0 or more"),
        (occlusion, {"window": None}, "window is None; give a number"),
        (occlusion, {"window": 11}, "smallest axis"),
        (occlusion, {"window": 3, "stride": 4}, "stride <= window"),
    ],
)
def test_impossible_settings_are_refused(method, settings, message):
    with pytest.raises(AttributionError, match=message):
        method(network(), images(), **settings)


@pytest.mark.parametrize("method", [integrated_gradients, smooth_grad, occlusion])
def test_without_captum_the_extra_is_named(method, monkeypatch):
    monkeypatch.setitem(sys.modules, "captum", None)
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    with pytest.raises(AttributionError, match=r"pip install 'voxplain\[captum\]'"):
        method(network(), images())
