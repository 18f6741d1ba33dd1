"""Integrated Gradients, SmoothGrad and Occlusion by Captum, under the interface of this package.

Captum is the optional extra ``voxplain[captum]`` and is imported when a method is called. All three
maps are the positive part of what Captum returns (as in eq. 4 of Kan 2020), which is the evidence
for the target.
"""

import math
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import torch

from voxplain.attribution.frozen import (
    Network,
    attribute_in_passes,
    choose_targets,
    images_per_pass,
    target_scores,
)
from voxplain.attribution.perturbation_settings import require_number
from voxplain.attribution.result import AttributionResult
from voxplain.attribution.separable import gaussian_blur
from voxplain.errors import AttributionError

BASELINES = ("zero", "blurred")
_Forward = Callable[[torch.Tensor], torch.Tensor]


def integrated_gradients(
    model: torch.nn.Module,
    images: torch.Tensor,
    targets: torch.Tensor | None = None,
    baseline: str = "zero",
    sigma_0: float = 10.0,
    steps: int = 32,
) -> AttributionResult:
    """Integrate the gradient from a baseline to the image (Sundararajan et al. 2017, eq. 1).

    Parameters
    ----------
    model, images, targets
        As for `voxplain.attribution.grad_cam`.
    baseline : {"zero", "blurred"}
        Image without information: all zero, or the image blurred as by Meaningful Perturbations.
    sigma_0 : float
        Standard deviation of that blur in voxels.
    steps : int
        Points of the Gauss-Legendre quadrature.

    Returns
    -------
    AttributionResult
        `maps` in logits, positive part. ``details["completeness_error"]`` is the sum of the signed
        map minus the difference between the logits of image and baseline.

    Raises
    ------
    AttributionError
        Captum is not installed, a setting has no such value, or model, images and targets do not
        fit together.
    """
    attr = _captum("integrated_gradients")
    steps = _whole("steps", steps)
    _require_baseline(baseline, sigma_0)

    def signed(
        forward: _Forward, part: torch.Tensor, part_targets: torch.Tensor
    ) -> Sequence[torch.Tensor]:
        method = attr.IntegratedGradients(forward, multiply_by_inputs=True)
        map_and_error: tuple[torch.Tensor, torch.Tensor] = method.attribute(
            part,
            _baseline(part, baseline, sigma_0),
            part_targets,
            n_steps=steps,
            internal_batch_size=images_per_pass(part),
            return_convergence_delta=True,
        )
        return map_and_error

    parameters = {"score": "logit", "baseline": baseline, "sigma_0": sigma_0, "steps": steps}
    maps, chosen, scores, errors = _attribute(signed, model, images, targets)
    details = {"completeness_error": errors.cpu().numpy()}
    return AttributionResult(maps, chosen, scores, "integrated_gradients", parameters, details)


def smooth_grad(
    model: torch.nn.Module,
    images: torch.Tensor,
    targets: torch.Tensor | None = None,
    samples: int = 25,
    noise: float = 0.15,
    seed: int = 0,
) -> AttributionResult:
    """Mean gradient of the target's logit over noisy copies of the image (Smilkov et al. 2017).

    Parameters
    ----------
    model, images, targets
        As for `voxplain.attribution.grad_cam`.
    samples : int
        Noisy copies per image.
    noise : float
        Standard deviation of the noise as a share of each image's range of intensities.
    seed : int
        Of the noise, which is the same for every image: no map depends on the rest of the batch.

    Returns
    -------
    AttributionResult
        `maps` in logit per unit of image intensity, positive part of the mean gradient.

    Raises
    ------
    AttributionError
        Captum is not installed, a setting has no such value, or model, images and targets do not
        fit together.
    """
    attr = _captum("smooth_grad")
    samples = _whole("samples", samples)
    _require_at_least_0("noise", noise)

    def signed(
        forward: _Forward, part: torch.Tensor, part_targets: torch.Tensor
    ) -> Sequence[torch.Tensor]:
        saliency = attr.Saliency(forward)
        low, high = part.flatten(1).aminmax(dim=1)
        scale = noise * (high - low)[:, None, None, None, None]
        generator = torch.Generator().manual_seed(seed)  # of the CPU: the same draws everywhere
        total = torch.zeros_like(part)
        for _ in range(samples):
            draw = torch.randn((1, *part.shape[1:]), generator=generator, dtype=torch.float64)
            noisy = (part + scale * draw.to(part)).requires_grad_()
            total += saliency.attribute(noisy, part_targets, abs=False).detach()
        return (total / samples,)

    parameters = {"score": "logit", "samples": samples, "noise": noise, "seed": seed}
    maps, chosen, scores = _attribute(signed, model, images, targets)
    return AttributionResult(maps, chosen, scores, "smooth_grad", parameters)


def occlusion(
    model: torch.nn.Module,
    images: torch.Tensor,
    targets: torch.Tensor | None = None,
    window: int = 8,
    stride: int = 4,
    baseline: str = "zero",
    sigma_0: float = 10.0,
) -> AttributionResult:
    """Drop of the target's logit when a cube of the image is replaced (Zeiler and Fergus 2014).

    Parameters
    ----------
    model, images, targets
        As for `voxplain.attribution.grad_cam`.
    window : int
        Edge of the cube in voxels.
    stride : int
        Distance of neighbouring cubes in voxels; a voxel's value is the mean over its cubes.
    baseline, sigma_0
        What replaces the cube; as for `integrated_gradients`.

    Returns
    -------
    AttributionResult
        `maps` in logits, positive part of the mean drop; Captum rounds it to float32.

    Raises
    ------
    AttributionError
        Captum is not installed, a setting has no such value, or model, images and targets do not
        fit together.
    """
    attr = _captum("occlusion")
    window, stride = _whole("window", window), _whole("stride", stride)
    _require_baseline(baseline, sigma_0)

    def signed(
        forward: _Forward, part: torch.Tensor, part_targets: torch.Tensor
    ) -> Sequence[torch.Tensor]:
        if not 1 <= stride <= window <= min(part.shape[2:]):
            raise AttributionError(
                f"occlusion.window is {window} and occlusion.stride {stride} for images of "
                f"{tuple(part.shape[2:])} voxels; choose 1 <= stride <= window <= the smallest axis"
            )
        drop = attr.Occlusion(forward).attribute(
            part,
            (1, window, window, window),
            (1, stride, stride, stride),
            _baseline(part, baseline, sigma_0),
            part_targets,
            perturbations_per_eval=max(1, images_per_pass(part) // len(part)),
        )
        return (drop.to(part.dtype),)

    parameters = {"score": "logit", "window": window, "stride": stride}
    parameters |= {"baseline": baseline, "sigma_0": sigma_0}
    maps, chosen, scores = _attribute(signed, model, images, targets)
    return AttributionResult(maps, chosen, scores, "occlusion", parameters)


def _captum(method: str) -> ModuleType:
    try:
        import captum.attr
    except ModuleNotFoundError as error:
        raise AttributionError(
            f"{method} needs Captum, which is not installed; pip install 'voxplain[captum]'"
        ) from error
    attr: ModuleType = captum.attr
    return attr


def _whole(name: str, value: Any) -> int:
    require_number(name, value, AttributionError)
    if not (1 <= value < math.inf and value == int(value)):
        raise AttributionError(f"{name} is {value}; choose a whole number, at least 1")
    return int(value)


def _require_at_least_0(name: str, value: Any) -> None:
    require_number(name, value, AttributionError)
    if not 0 <= value < math.inf:
        raise AttributionError(f"{name} is {value}; choose 0 or more")


def _require_baseline(baseline: str, sigma_0: float) -> None:
    if baseline not in BASELINES:
        raise AttributionError(f"baseline is {baseline!r}; choose one of {', '.join(BASELINES)}")
    _require_at_least_0("sigma_0", sigma_0)


def _baseline(images: torch.Tensor, baseline: str, sigma: float) -> torch.Tensor:
    if baseline == "zero":
        return torch.zeros_like(images)
    return gaussian_blur(images[:, 0], sigma)[:, None]


def _attribute(
    signed: Callable[..., Sequence[torch.Tensor]],
    model: torch.nn.Module,
    images: torch.Tensor,
    targets: torch.Tensor | None,
) -> tuple[Any, ...]:
    """Return positive maps, targets, scores and whatever else `signed` returns per image."""

    def explain(
        network: Network, part: torch.Tensor, part_targets: torch.Tensor | None
    ) -> tuple[torch.Tensor, ...]:
        def forward(x: torch.Tensor) -> torch.Tensor:
            return network(x.clone())  # a copy, because the network may change it in place

        with torch.no_grad():
            logits = forward(part)
        part_targets = choose_targets(logits, part_targets)
        values, *more = signed(forward, part.clone(), part_targets)
        scores = target_scores(logits, part_targets)
        return values[:, 0].detach().relu(), part_targets, scores, *more

    return attribute_in_passes(explain, model, images, targets)
