"""The optimisation behind Meaningful Perturbations: many images and jitters at a time.

What does not change from one iteration to the next is done once per image (padding, blur) or once
per call (the matrices of the mask); jitters that an iteration draws twice are evaluated once.
"""

import math
from collections.abc import Callable

import numpy as np
import torch

from voxplain.attribution import separable
from voxplain.attribution.frozen import gradient_by, images_per_pass, target_scores
from voxplain.attribution.perturbation_settings import PerturbationSettings

_ADAM_BETAS = (0.9, 0.99)
_ADAM_EPSILON = 1e-8
_DECAY = 0.1
# The loss starts at the target's probability, so this is one percent of what can be gained.
_LOSS_TOLERANCE = 0.01


class Search:
    """The optimisation of eq. 3 for a group of images, each independent of the others.

    Parameters
    ----------
    network : callable
        Logits (n, n_classes) of images (n, 1, D, H, W).
    images : torch.Tensor, (n, D, H, W)
        On the network's device.
    targets : torch.Tensor, (n,), int64
        Class whose probability is brought down.
    settings : PerturbationSettings
    """

    def __init__(
        self,
        network: Callable[[torch.Tensor], torch.Tensor],
        images: torch.Tensor,
        targets: torch.Tensor,
        settings: PerturbationSettings,
    ):
        self._network = network
        self._settings = settings
        self._shape = images.shape[1:]
        self._coarse = [math.ceil(size / settings.mask_scale) for size in self._shape]
        self._to_image = [
            torch.as_tensor(
                _blur(size, settings.sigma_m, settings) @ separable.upsampling_matrix(size, coarse)
            ).to(images)
            for size, coarse in zip(self._shape, self._coarse, strict=True)
        ]
        self._to_mask = [matrix.T for matrix in self._to_image]
        # Cropping commutes with neither padding nor the blur's border, so the blur is the padded
        # image's; being the same for every draw and iteration, it is computed once.
        padded = torch.nn.functional.pad(images, (0, settings.jitter) * 3)
        blur = [
            torch.as_tensor(_blur(size, settings.sigma_0, settings)).to(images)
            for size in padded.shape[1:]
        ]
        # Per image, in step: images that have converged leave all of them.
        self._inputs = {
            "targets": targets,
            "padded": padded,
            "change": padded - separable.apply(blur, padded),
        }
        self._offsets = draw_offsets(settings)
        self._images_per_pass = images_per_pass(images)

    def run(self, report: Callable[[int], None]) -> tuple[torch.Tensor, dict[str, np.ndarray]]:
        """Return the maps, (n, D, H, W), and the details of each image.

        `report` is called with the number of each finished iteration.
        """
        settings = self._settings
        n = len(self._inputs["targets"])
        mask = self._inputs["padded"].new_ones((n, *self._coarse))
        curves = mask.new_full((3, settings.iterations, n), math.nan)
        best_masks, active = mask.clone(), torch.arange(n, device=mask.device)
        state = _start(mask)
        for step in range(1, settings.iterations + 1):
            probability, area, loss, gradient = self._evaluate(
                state["mask"], self._offsets[step - 1], min(1, step / max(1, settings.ramp))
            )
            curves[:, step - 1, active] = torch.stack((loss, probability, area))
            _keep_best(state, loss)
            _adam(state, gradient, step, settings)
            report(step)
            if settings.early_stopping and step % settings.window == 0:
                best_masks[active] = state["best_mask"]
                going = ~_converged(curves[0, :step, active], settings.window)
                active = active[going]
                state = {name: value[going] for name, value in state.items()}
                self._inputs = {name: value[going] for name, value in self._inputs.items()}
                if not len(active):
                    break
        best_masks[active] = state["best_mask"]
        maps = separable.apply(self._to_image, 1 - best_masks).clamp(max=1)
        return maps, _details(curves, settings)

    def _evaluate(
        self, mask: torch.Tensor, offsets: np.ndarray, ramp: float
    ) -> tuple[torch.Tensor, ...]:
        """Return probability, area and loss of each image, and the loss's gradient by the mask."""
        settings = self._settings
        # Held as 1 - M, a mask of ones is exactly no perturbation also after rounding.
        removed = separable.apply(self._to_image, 1 - mask).requires_grad_()
        probability, gradient = self._mean_probability(removed, offsets)
        data = (probability - settings.hinge).clamp(min=0)
        gradient *= (probability > settings.hinge)[:, None, None, None]
        variation = total_variation(removed, settings.beta, settings.norm)
        weight = ramp * settings.lambda_2
        gradient += weight * torch.autograd.grad(variation.sum(), removed)[0]
        lacking = (1 - mask).flatten(1)
        count = 1 if settings.norm == "sum" else lacking.shape[1]
        loss = (
            data
            + settings.lambda_1 * lacking.abs().sum(1) / count
            + settings.lambda_2 * variation.detach()
        )
        # sign(0) is 0, as torch has it for |x|: voxels at 1 are not held there by the L1 term.
        slope = ramp * settings.lambda_1 * (mask - 1).sign() / count
        area = removed.detach().flatten(1).mean(1)
        return probability, area, loss, slope - separable.apply(self._to_mask, gradient)

    def _mean_probability(
        self, removed: torch.Tensor, offsets: np.ndarray
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the mean over the draws, (n,), and its gradient by `removed`."""
        distinct, counts = np.unique(offsets, axis=0, return_counts=True)
        shares = counts / self._settings.draws
        while True:
            try:
                return self._mean_in_passes(removed, distinct, shares)
            except torch.OutOfMemoryError:
                if self._images_per_pass <= len(removed):
                    raise  # the caller can still divide the images
                self._images_per_pass //= 2
            torch.cuda.empty_cache()

    def _mean_in_passes(
        self, removed: torch.Tensor, distinct: np.ndarray, shares: np.ndarray
    ) -> tuple[torch.Tensor, torch.Tensor]:
        probability = removed.new_zeros(len(removed))
        gradient = torch.zeros_like(removed, requires_grad=False)
        # Passes of equal size: a CPU is slow on a last one of a single image.
        at_once = max(1, self._images_per_pass // len(removed))
        n_passes = max(1, len(distinct) // at_once)
        for part in np.array_split(np.arange(len(distinct)), n_passes):
            share = self._probability(removed, distinct[part], shares[part])
            gradient += gradient_by(removed, share)
            probability += share.detach()
        return probability, gradient

    def _probability(
        self, removed: torch.Tensor, offsets: np.ndarray, shares: np.ndarray
    ) -> torch.Tensor:
        """Return these draws' part of the mean over all draws, (n,), with its graph."""
        perturbed = torch.stack([self._perturb(removed, offset) for offset in offsets])
        logits = self._network(perturbed.flatten(0, 1)[:, None])
        targets = self._inputs["targets"].repeat(len(offsets))
        probability = target_scores(logits.softmax(1), targets).reshape(len(offsets), -1)
        return torch.as_tensor(shares).to(probability) @ probability

    def _perturb(self, removed: torch.Tensor, offset: np.ndarray) -> torch.Tensor:
        """Return eq. 1 of the images cropped at K (eq. 2), (n, D, H, W)."""
        crop = tuple(slice(k, k + size) for k, size in zip(offset, self._shape, strict=True))
        crop = (slice(None), *crop)
        return torch.addcmul(
            self._inputs["padded"][crop], removed, self._inputs["change"][crop], value=-1
        )


def draw_offsets(settings: PerturbationSettings) -> np.ndarray:
    """Return K of every iteration and draw, (iterations, draws, 3) voxels."""
    rng = np.random.default_rng([settings.seed])
    size = (settings.iterations, settings.draws, settings.shifts)
    return np.broadcast_to(rng.integers(settings.jitter, size=size), (*size[:2], 3))


def total_variation(masks: torch.Tensor, beta: float, norm: str) -> torch.Tensor:
    """Return the sum over the axes of the sum or mean of |forward difference|^beta, (n,).

    Parameters
    ----------
    masks : torch.Tensor, (n, D, H, W)
    beta : float
    norm : {"mean", "sum"}
        Over the voxels.
    """
    total = masks.new_zeros(len(masks))
    for axis in (1, 2, 3):
        if masks.shape[axis] > 1:
            powers = masks.diff(dim=axis).abs().pow(beta).flatten(1)
            total = total + (powers.mean(1) if norm == "mean" else powers.sum(1))
    return total


def _blur(size: int, sigma: float, settings: PerturbationSettings) -> np.ndarray:
    if settings.blur == "box":
        return separable.moving_average_matrix(size, settings.box_width)
    return separable.gaussian_matrix(size, sigma)


def _start(mask: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return what the optimisation remembers of each image, first axis n."""
    return {
        "mask": mask,
        "first": torch.zeros_like(mask),
        "second": torch.zeros_like(mask),
        "largest": torch.zeros_like(mask),  # second moment, for AMSGrad
        "best_mask": mask.clone(),
        "best_loss": mask.new_full((len(mask),), math.inf),
    }


def _keep_best(state: dict[str, torch.Tensor], loss: torch.Tensor) -> None:
    better = loss < state["best_loss"]
    state["best_loss"] = torch.where(better, loss, state["best_loss"])
    better = better[:, None, None, None]
    state["best_mask"] = torch.where(better, state["mask"], state["best_mask"])


def _adam(
    state: dict[str, torch.Tensor],
    gradient: torch.Tensor,
    step: int,
    settings: PerturbationSettings,
) -> None:
    """Take one step (Kingma and Ba 2015; AMSGrad as in Reddi et al. 2018) and clamp the mask."""
    state["first"].lerp_(gradient, 1 - _ADAM_BETAS[0])
    second = state["second"].lerp_(gradient**2, 1 - _ADAM_BETAS[1])
    if settings.amsgrad:
        second = state["largest"] = torch.maximum(state["largest"], second)
    decays = (step - 1) // settings.decay_every if settings.decay_every else 0
    rate = settings.learning_rate * _DECAY**decays
    direction = state["first"] / (1 - _ADAM_BETAS[0] ** step)
    scale = (second / (1 - _ADAM_BETAS[1] ** step)).sqrt() + _ADAM_EPSILON
    state["mask"] = (state["mask"] - rate * direction / scale).clamp(0, 1)


def _converged(losses: torch.Tensor, window: int) -> torch.Tensor:
    """Tell for losses (iterations, n) whether the last two windows have the same mean, (n,)."""
    if len(losses) < 2 * window:
        return torch.zeros(losses.shape[1], dtype=torch.bool, device=losses.device)
    last, before = losses[-window:].mean(0), losses[-2 * window : -window].mean(0)
    return (last - before).abs() <= _LOSS_TOLERANCE


def _details(curves: torch.Tensor, settings: PerturbationSettings) -> dict[str, np.ndarray]:
    """Summarise curves (3, iterations, n) of loss, probability and area, NaN after the end."""
    iterations = (~curves[0].isnan()).sum(0)
    converged = [
        _converged(curves[0, :end, k : k + 1], settings.window).item()
        for k, end in enumerate(iterations.tolist())
    ]
    loss, probability, area = curves.transpose(1, 2).cpu().numpy()
    best = np.arange(len(loss)), np.nanargmin(loss, axis=1)
    return {
        "probability": probability[best],
        "area": area[best],
        "iterations": iterations.cpu().numpy(),
        "converged": np.array(converged),
        "loss_curve": loss,
        "probability_curve": probability,
        "area_curve": area,
    }
