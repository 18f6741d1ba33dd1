"""Meaningful Perturbations against a float64 loop written straight from eq. 1 to 3.

The loop knows nothing of the implementation: one image and one draw at a time, upsampling by
`F.interpolate`, dense renormalised Gaussians, autograd through everything, torch's own Adam.
"""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from voxplain.attribution import meaningful_perturbation

SHAPE = (13, 10, 11)


def network() -> nn.Module:
    torch.manual_seed(1)
    model = nn.Sequential(
        nn.Conv3d(1, 4, 3),
        nn.BatchNorm3d(4),
        nn.ReLU(),
        nn.MaxPool3d(2),
        nn.Conv3d(4, 6, 3),
        nn.BatchNorm3d(6),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(6 * 3 * 2 * 2, 3),
    )
    for norm in (model[1], model[5]):
        norm.running_mean.normal_(0, 0.2)
        norm.running_var.uniform_(0.2, 0.5)
    model[-1].weight.data.mul_(4)
    return model.double().eval()


def images(n: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(2)
    return torch.rand((n, 1, *SHAPE), generator=generator, dtype=torch.float64)


def blur(volume: torch.Tensor, sigma: float) -> torch.Tensor:
    """Gaussian of unlimited reach over the whole box, divided by what of it lies inside."""
    for axis in range(3):
        index = torch.arange(volume.shape[axis], dtype=torch.float64)
        kernel = torch.exp(-((index[:, None] - index) ** 2) / (2 * sigma**2))
        kernel = kernel / kernel.sum(1, keepdim=True)
        volume = torch.tensordot(volume, kernel, dims=([axis], [1])).movedim(-1, axis)
    return volume


def box(volume: torch.Tensor, width: int) -> torch.Tensor:
    return F.avg_pool3d(volume[None], width, 1, width // 2, count_include_pad=False)[0]


def reference(model, image, target, offsets, s):
    """Return the map, the loss of each iteration and its probability."""
    coarse = [math.ceil(size / s["mask_scale"]) for size in SHAPE]
    m = torch.ones(coarse, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam(
        [m], lr=s["learning_rate"], betas=(0.9, 0.99), amsgrad=s["amsgrad"]
    )
    schedule = torch.optim.lr_scheduler.StepLR(optimiser, s["decay_every"] or 1000, gamma=0.1)
    j = s["jitter"]
    padded = F.pad(image, (0, j, 0, j, 0, j))
    filters = {
        "gaussian": (lambda x: blur(x, s["sigma_0"]), lambda x: blur(x, s["sigma_m"])),
        "box": (lambda x: box(x, s["box_width"]),) * 2,
    }
    replace, smooth = filters[s["blur"]]
    replaced = replace(padded)
    losses, probabilities, best = [], [], None
    for step, draws in enumerate(offsets, start=1):
        up = F.interpolate(m[None, None], size=SHAPE, mode="trilinear", align_corners=False)
        M = smooth(up[0, 0])
        probability = 0
        for a, b, c in draws:
            crop = (slice(a, a + SHAPE[0]), slice(b, b + SHAPE[1]), slice(c, c + SHAPE[2]))
            perturbed = padded[crop] * M + replaced[crop] * (1 - M)
            of_target = model(perturbed[None, None]).softmax(1)[0, target]
            probability = probability + of_target / len(draws)
        tv = [(M.diff(dim=axis).abs() ** s["beta"]) for axis in range(3)]
        if s["norm"] == "mean":
            tv, l1 = sum(term.mean() for term in tv), (1 - m).abs().mean()
        else:
            tv, l1 = sum(term.sum() for term in tv), (1 - m).abs().sum()
        data = (probability - s["hinge"]).relu()
        loss = data + s["lambda_1"] * l1 + s["lambda_2"] * tv
        ramp = min(1, step / s["ramp"]) if s["ramp"] else 1
        objective = data + ramp * (s["lambda_1"] * l1 + s["lambda_2"] * tv)
        if not losses or loss.item() < min(losses):
            best = (1 - M).detach()
        losses.append(loss.item())
        probabilities.append(probability.item())
        optimiser.zero_grad()
        objective.backward()
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            m.clamp_(0, 1)
    return best, losses, probabilities


SETTINGS = {
    "jitter": 3,
    "mask_scale": 4,
    "sigma_0": 2.0,
    "sigma_m": 1.0,
    "lambda_1": 0.05,
    "lambda_2": 1.0,
    "beta": 3.0,
    "learning_rate": 0.1,
    "norm": "mean",
    "blur": "gaussian",
    "box_width": 3,
    "hinge": 0.0,
    "ramp": 0,
    "amsgrad": False,
    "decay_every": 0,
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"norm": "sum", "lambda_1": 0.001, "lambda_2": 0.01},
        {"beta": 7.0, "sigma_0": 10.0, "sigma_m": 2.0},
        {"jitter_axes": "independent", "mask_scale": 3},
        {"blur": "box", "mask_scale": 2},
        {"hinge": 0.25, "lambda_1": 0.01},
        {"ramp": 15, "amsgrad": True, "decay_every": 10},
    ],
)
def test_the_loop_of_the_equations_gives_the_same_masks(change):
    settings = {**SETTINGS, **change}
    iterations, draws, seed = 25, 3, 4
    model, x = network(), images(3)
    targets = torch.tensor([2, 0, 1])
    actual = meaningful_perturbation(model, x, targets, iterations, draws, seed, **settings)
    axes = 3 if settings.get("jitter_axes") == "independent" else 1
    rng = np.random.default_rng([seed])
    offsets = rng.integers(settings["jitter"], size=(iterations, draws, axes))
    offsets = np.broadcast_to(offsets, (iterations, draws, 3))
    for i in range(3):
        best, losses, probabilities = reference(model, x[i, 0], targets[i], offsets, settings)
        np.testing.assert_allclose(actual.maps[i], best, atol=1e-6)
        np.testing.assert_allclose(actual.details["loss_curve"][i], losses, atol=1e-7)
        np.testing.assert_allclose(actual.details["probability_curve"][i], probabilities, atol=1e-7)
        assert actual.details["area"][i] == pytest.approx(best.mean().item(), abs=1e-7)
        at_best = probabilities[int(np.argmin(losses))]
        assert actual.details["probability"][i] == pytest.approx(at_best, abs=1e-7)
    assert actual.maps.max() > 0.05
