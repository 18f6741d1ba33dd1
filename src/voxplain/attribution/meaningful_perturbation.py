"""Meaningful Perturbations, eq. 1 to 3 of Kan 2020 (Fong and Vedaldi 2017)."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import torch

from voxplain.attribution import separable
from voxplain.attribution.frozen import (
    Network,
    check_inputs,
    choose_targets,
    frozen,
    images_per_pass,
    target_scores,
)
from voxplain.attribution.fused import fused
from voxplain.attribution.result import AttributionResult
from voxplain.errors import AttributionError, ConfigError

_ADAM_BETAS = (0.9, 0.99)
_ADAM_EPSILON = 1e-8
# Converged: the mean loss of the last tenth of the iterations differs from the tenth before by
# no more than this. The loss starts at the target's probability, so 0.01 is one percent of it.
_LOSS_TOLERANCE = 0.01


@dataclass(frozen=True)
class Settings:
    """Settings of eq. 1 to 3; the defaults are the paper's.

    Attributes
    ----------
    iterations : int
        Adam steps.
    draws : int
        Jitters K per step, over which the probability is averaged.
    seed : int
        Of the jitters, which are the same for every image of a call.
    jitter : int
        j: K is uniform on 0 to j - 1 voxels; 1 means no jitter.
    jitter_axes : {"common", "independent"}
        One K for all three axes (eq. 2), or one per axis (the authors' code).
    mask_scale : float
        s: the mask has ``ceil(size / s)`` voxels along each axis.
    sigma_0, sigma_m : float
        Standard deviations of the Gaussians that replace the image and smooth the mask, voxels.
    lambda_1, lambda_2 : float
        Weights of the L1 and the total-variation term. They mean something else under each `norm`.
    beta : float
        Exponent of the total variation, at least 1.
    learning_rate : float
        Adam's alpha.
    norm : {"mean", "sum"}
        "mean": both terms are means, as in the authors' code, so that they do not depend on the
        number of voxels. "sum": both are sums, as eq. 3 reads. The probability can fall by at most
        1, so ``lambda_1`` then has to be of the order of 1 over the number of mask voxels: with
        the paper's 3 the best mask replaces nothing and the maps are blank.
    """

    iterations: int = 300
    draws: int = 10
    seed: int = 0
    jitter: int = 5
    jitter_axes: str = "common"
    mask_scale: float = 4
    sigma_0: float = 10.0
    sigma_m: float = 10.0
    lambda_1: float = 3.0
    lambda_2: float = 1.0
    beta: float = 7.0
    learning_rate: float = 0.3
    norm: str = "mean"

    def __post_init__(self):
        least = {"iterations": 1, "draws": 1, "seed": 0, "jitter": 1, "mask_scale": 1, "beta": 1}
        least |= {"sigma_0": 0, "sigma_m": 0, "lambda_1": 0, "lambda_2": 0}
        for name, minimum in least.items():
            if not minimum <= getattr(self, name) < math.inf:
                raise ConfigError(f"{name} is {getattr(self, name)}; give {minimum} or more")
        for name in ("iterations", "draws", "seed", "jitter"):
            if getattr(self, name) != int(getattr(self, name)):
                raise ConfigError(f"{name} is {getattr(self, name)}; give a whole number")
        if not 0 < self.learning_rate < math.inf:
            raise ConfigError(f"learning_rate is {self.learning_rate}; give a number above 0")
        choices = {"norm": ("mean", "sum"), "jitter_axes": ("common", "independent")}
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise ConfigError(f"{name} is {getattr(self, name)!r}; give one of {allowed}")


def meaningful_perturbation(
    model: torch.nn.Module,
    images: torch.Tensor,
    targets: torch.Tensor | None = None,
    iterations: int = 300,
    draws: int = 10,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    **settings: Any,
) -> AttributionResult:
    """Smallest smooth region whose replacement by a blur changes the network's decision.

    Per image, a mask m on a coarse grid is optimised with Adam, starting from ones and clamped to
    [0, 1] after every step (eq. 3)::

        mean_K f_c(P(x^K, M)) + lambda_1 ||1 - m||_1 + lambda_2 sum |grad M|^beta
        M = g_sigma_m * Up(m, s),   P(x, M) = x M + (g_sigma_0 * x) (1 - M)

    f_c is the softmax probability of the target, x^K the image padded with j zeros at the end of
    each axis and cropped at K (eq. 2); M does not move with it. The gradient is the forward
    difference, its norm the beta-norm over the axes. Upsampling and both Gaussians are fixed
    matrices whose rows sum to 1: a mask of ones leaves the image as it is, up to the border.

    Parameters
    ----------
    model : torch.nn.Module
        (n, 1, D, H, W) -> (n, n_classes) logits. Evaluated in eval mode and left as it was found.
    images : torch.Tensor, (n, 1, D, H, W)
        float32 or float64, like the model. Not modified.
    targets : torch.Tensor, (n,), int64, optional
        Class to explain per image; None means the predicted class.
    iterations, draws, seed, **settings
        See `Settings`.
    progress : callable, optional
        Called after each iteration with the iterations done and those to do in all (images are
        optimised in groups that fit memory, each for all its iterations).

    Returns
    -------
    AttributionResult
        ``maps = 1 - M`` in [0, 1], with the M of the iteration that had the lowest loss. That mask
        is never worse than the blank one that every run starts from, which the last mask can be.
        `details`: `probability` and `area` (mean of the map) at that iteration, `iterations`,
        `converged` (mean loss of the last tenth of the iterations within 0.01 of that of the tenth
        before), each (n,); `loss_curve`, `probability_curve`, `area_curve`, (n, iterations).

    Raises
    ------
    ConfigError
        A setting is unknown or out of range.
    AttributionError
        The network has a single logit or does not depend on the images differentiably, or model,
        images and targets do not fit together.
    """
    known = {field.name for field in fields(Settings)}
    unknown = sorted(set(settings) - known)
    if unknown:
        raise ConfigError(
            f"meaningful_perturbation knows no setting {', '.join(unknown)}; it knows "
            f"{', '.join(sorted(known))}"
        )
    chosen = Settings(iterations=iterations, draws=draws, seed=seed, **settings)
    targets = check_inputs(model, images, targets)
    per_group = max(1, images_per_pass(images) // draws)
    groups = range(0, len(images), per_group)
    found = []
    with frozen(model, images) as network:
        targets, scores = _explain_unaltered(network, images.detach(), targets)
        network = fused(network, images[:per_group].detach())
        for number, start in enumerate(groups):
            part = slice(start, start + per_group)

            def report(done, before=number * iterations):
                if progress is not None:
                    progress(before + done, len(groups) * iterations)

            search = _Search(network, images[part, 0].detach(), targets[part], chosen)
            found.append(search.run(report))
    maps = torch.cat([maps for maps, _ in found])
    details = {name: np.concatenate([part[name] for _, part in found]) for name in found[0][1]}
    return AttributionResult(
        maps, targets, scores, "meaningful_perturbation", asdict(chosen), details
    )


def _explain_unaltered(
    network: Network, images: torch.Tensor, targets: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    with torch.no_grad():
        parts = images.split(images_per_pass(images))
        logits = torch.cat([network(part.clone()) for part in parts])
    if logits.shape[1] < 2:
        raise AttributionError(
            "the network has a single logit, whose softmax is always 1; give it one logit per class"
        )
    targets = choose_targets(logits, targets)
    return targets, target_scores(logits, targets)


class _Search:
    """The optimisation of eq. 3 for a group of images, each independent of the others."""

    def __init__(
        self,
        network: Callable[[torch.Tensor], torch.Tensor],
        images: torch.Tensor,  # (n, D, H, W)
        targets: torch.Tensor,
        settings: Settings,
    ):
        self._network = network
        self._targets = targets
        self._settings = settings
        self._shape = images.shape[1:]
        self._coarse = [math.ceil(size / settings.mask_scale) for size in self._shape]

        def matrices(arrays):
            return [torch.as_tensor(array).to(images) for array in arrays]

        self._to_image = matrices(
            separable.gaussian_matrix(size, settings.sigma_m)
            @ separable.upsampling_matrix(size, coarse)
            for size, coarse in zip(self._shape, self._coarse, strict=True)
        )
        self._to_mask = [matrix.T for matrix in self._to_image]
        # Cropping commutes with neither padding nor the blur's border, so the blur is the padded
        # image's; being the same for every draw and iteration, it is computed once.
        self._padded = torch.nn.functional.pad(images, (0, settings.jitter) * 3)
        blur = matrices(
            separable.gaussian_matrix(n, settings.sigma_0) for n in self._padded.shape[1:]
        )
        self._change = self._padded - separable.apply(blur, self._padded)
        self._offsets = _draw_offsets(settings)
        self._draws_per_pass = max(1, images_per_pass(images) // len(images))

    def run(self, report: Callable[[int], None]) -> tuple[torch.Tensor, dict[str, np.ndarray]]:
        """Return the maps, (n, D, H, W), and the details of each image."""
        settings = self._settings
        n = len(self._targets)
        mask = self._padded.new_ones((n, *self._coarse))
        first, second = torch.zeros_like(mask), torch.zeros_like(mask)
        best_mask, best_loss = mask.clone(), mask.new_full((n,), math.inf)
        curves = mask.new_empty((3, settings.iterations, n))
        for step in range(1, settings.iterations + 1):
            probability, area, loss, gradient = self._evaluate(mask, self._offsets[step - 1])
            curves[:, step - 1] = torch.stack((loss, probability, area))
            better = loss < best_loss
            best_loss = torch.where(better, loss, best_loss)
            best_mask = torch.where(better[:, None, None, None], mask, best_mask)
            first.lerp_(gradient, 1 - _ADAM_BETAS[0])
            second.lerp_(gradient**2, 1 - _ADAM_BETAS[1])
            direction = first / (1 - _ADAM_BETAS[0] ** step)
            scale = (second / (1 - _ADAM_BETAS[1] ** step)).sqrt() + _ADAM_EPSILON
            mask = (mask - settings.learning_rate * direction / scale).clamp(0, 1)
            report(step)
        maps = separable.apply(self._to_image, 1 - best_mask).clamp(max=1)
        loss, probability, area = curves.transpose(1, 2).cpu().numpy()
        best = np.arange(n), loss.argmin(1)
        return maps, {
            "probability": probability[best],
            "area": area[best],
            "iterations": np.full(n, settings.iterations),
            "converged": _has_converged(loss),
            "loss_curve": loss,
            "probability_curve": probability,
            "area_curve": area,
        }

    def _evaluate(self, mask: torch.Tensor, offsets: np.ndarray) -> tuple[torch.Tensor, ...]:
        """Return probability, area and loss of each image, and the loss's gradient by the mask."""
        settings = self._settings
        # Held as 1 - M, a mask of ones is exactly no perturbation also after rounding.
        removed = separable.apply(self._to_image, 1 - mask).requires_grad_()
        probability = mask.new_zeros(len(mask))
        gradient = torch.zeros_like(removed, requires_grad=False)
        for start in range(0, len(offsets), self._draws_per_pass):
            part = self._mean_probability(removed, offsets[start : start + self._draws_per_pass])
            if not part.requires_grad:
                raise AttributionError(
                    "the logits do not depend on the images differentiably; remove detach() or "
                    "no_grad() from the network's forward"
                )
            gradient += torch.autograd.grad(part.sum(), removed)[0]
            probability += part.detach()
        variation = total_variation(removed, settings.beta, settings.norm)
        gradient += settings.lambda_2 * torch.autograd.grad(variation.sum(), removed)[0]
        lacking = (1 - mask).flatten(1)
        count = 1 if settings.norm == "sum" else lacking.shape[1]
        loss = (
            probability
            + settings.lambda_1 * lacking.abs().sum(1) / count
            + settings.lambda_2 * variation.detach()
        )
        # sign(0) is 0, as torch has it for |x|: voxels at 1 are not held there by the L1 term.
        slope = settings.lambda_1 * (mask - 1).sign() / count
        area = removed.detach().flatten(1).mean(1)
        return probability, area, loss, slope - separable.apply(self._to_mask, gradient)

    def _mean_probability(self, removed: torch.Tensor, offsets: np.ndarray) -> torch.Tensor:
        """Return these draws' part of the mean over all draws, (n,), with its graph."""
        perturbed = torch.stack([self._perturb(removed, offset) for offset in offsets])
        logits = self._network(perturbed.flatten(0, 1)[:, None])
        targets = self._targets.repeat(len(offsets))
        probability = target_scores(logits.softmax(1), targets)
        return probability.reshape(len(offsets), -1).sum(0) / self._settings.draws

    def _perturb(self, removed: torch.Tensor, offset: np.ndarray) -> torch.Tensor:
        """Return eq. 1 of the images cropped at K (eq. 2), (n, D, H, W)."""
        crop = tuple(slice(k, k + size) for k, size in zip(offset, self._shape, strict=True))
        crop = (slice(None), *crop)
        return torch.addcmul(self._padded[crop], removed, self._change[crop], value=-1)


def _draw_offsets(settings: Settings) -> np.ndarray:
    """Return K of every iteration and draw, (iterations, draws, 3) voxels."""
    axes = 1 if settings.jitter_axes == "common" else 3
    rng = np.random.default_rng([settings.seed])
    offsets = rng.integers(settings.jitter, size=(settings.iterations, settings.draws, axes))
    return np.broadcast_to(offsets, (settings.iterations, settings.draws, 3))


def total_variation(masks: torch.Tensor, beta: float, norm: str) -> torch.Tensor:
    """Return the sum over the axes of the sum or mean of |forward difference|^beta, (n,)."""
    total = masks.new_zeros(len(masks))
    for axis in (1, 2, 3):
        if masks.shape[axis] > 1:
            powers = masks.diff(dim=axis).abs().pow(beta).flatten(1)
            total = total + (powers.mean(1) if norm == "mean" else powers.sum(1))
    return total


def _has_converged(loss: np.ndarray) -> np.ndarray:
    window = max(1, loss.shape[1] // 10)
    if loss.shape[1] < 2 * window:
        return np.zeros(len(loss), dtype=bool)
    last, before = loss[:, -window:].mean(1), loss[:, -2 * window : -window].mean(1)
    return np.abs(last - before) <= _LOSS_TOLERANCE
