"""Meaningful Perturbations, eq. 1 to 3 of Kan 2020 (Fong and Vedaldi 2017)."""

from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any

import numpy as np
import torch

from voxplain.attribution.frozen import (
    Network,
    check_inputs,
    choose_targets,
    frozen,
    images_per_pass,
    in_passes,
    target_scores,
)
from voxplain.attribution.fused import fused
from voxplain.attribution.perturbation_search import Search
from voxplain.attribution.perturbation_settings import PerturbationSettings
from voxplain.attribution.result import AttributionResult
from voxplain.errors import AttributionError, ConfigError
from voxplain.network.checkpoints import Checkpoint

_Group = tuple[torch.Tensor, dict[str, np.ndarray]]  # maps and details of a few images


def meaningful_perturbation(
    model: torch.nn.Module,
    images: torch.Tensor,
    targets: torch.Tensor | None = None,
    iterations: int = 300,
    draws: int = 10,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    checkpoint: Checkpoint | None = None,
    **settings: Any,
) -> AttributionResult:
    """Explain by the smallest smooth region that, replaced by a blur, changes the decision.

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
    iterations : int
        Adam steps.
    draws : int
        Jitters per step, over which the probability is averaged.
    seed : int
        Seed of the jitters.
    progress : callable, optional
        Called after each iteration with the number of iterations done and of all, counted over
        the images (they are optimised in groups that fit memory, each for all its iterations).
    checkpoint : Checkpoint, optional
        Where finished groups are kept. A call that was interrupted resumes there, and gives the
        same bits on the same machine.
    **settings : object
        Of `PerturbationSettings`.

    Returns
    -------
    AttributionResult
        ``maps = 1 - M`` in [0, 1], with the M of the iteration that had the lowest loss. That mask
        is never worse than the blank one that every run starts from, which the last mask can be.
        `details`: `probability` and `area` (mean of the map) at that iteration, `iterations` done,
        `converged` (mean loss of the last tenth of the iterations within 0.01 of that of the tenth
        before), each (n,); `loss_curve`, `probability_curve`, `area_curve`, (n, iterations), NaN
        after an early stop.

    Raises
    ------
    ConfigError
        A setting is unknown or out of range.
    AttributionError
        The network has a single logit or does not depend on the images differentiably, or model,
        images and targets do not fit together.

    Examples
    --------
    >>> import torch
    >>> from voxplain import meaningful_perturbation
    >>> convolution = torch.nn.Conv3d(1, 4, kernel_size=3)
    >>> head = torch.nn.Linear(4 * 6 * 6 * 6, 2)
    >>> model = torch.nn.Sequential(convolution, torch.nn.ReLU(), torch.nn.Flatten(), head)
    >>> images = torch.rand(3, 1, 8, 8, 8)
    >>> result = meaningful_perturbation(model, images, iterations=3, draws=2, mask_scale=2)
    >>> result.maps.shape
    torch.Size([3, 8, 8, 8])
    >>> result.details["loss_curve"].shape
    (3, 3)
    """
    known = {field.name for field in fields(PerturbationSettings)}
    unknown = sorted(set(settings) - known)
    if unknown:
        raise ConfigError(
            f"meaningful_perturbation has no setting {', '.join(unknown)}; it has "
            f"{', '.join(sorted(known))}"
        )
    chosen = PerturbationSettings(iterations=iterations, draws=draws, seed=seed, **settings)
    targets = check_inputs(model, images, targets)
    per_group = max(1, images_per_pass(images) // chosen.distinct_draws)
    with frozen(model, images) as network:
        targets, scores = _explain_unaltered(network, images.detach(), targets)

        kept = _Kept(checkpoint, chosen, network, images, targets)

        def search(part: slice) -> _Group:
            group = images[part, 0].detach()

            def report(done: int) -> None:
                if progress is not None:
                    before = part.start * chosen.iterations
                    progress(before + done * len(group), len(images) * chosen.iterations)

            rewritten = fused(network, images[part].detach())
            return Search(rewritten, group, targets[part], chosen).run(report)

        groups = in_passes(kept.or_new(search), len(images), per_group)
    maps = torch.cat([maps.to(images.device) for maps, _ in groups])
    names = list(groups[0][1])
    details = {name: np.concatenate([part[name] for _, part in groups]) for name in names}
    return AttributionResult(
        maps, targets, scores, "meaningful_perturbation", asdict(chosen), details
    )


class _Kept:
    """Finished groups of images, kept in memory and, at intervals, on disk."""

    def __init__(
        self,
        checkpoint: Checkpoint | None,
        settings: PerturbationSettings,
        network: Network,
        images: torch.Tensor,
        targets: torch.Tensor,
    ) -> None:
        self._checkpoint = checkpoint
        self._groups: dict[tuple[int, int], tuple[torch.Tensor, dict[str, torch.Tensor]]] = {}
        if checkpoint is not None:
            tensors = (images, targets, *network.state.values())
            arrays = [tensor.detach().cpu().numpy() for tensor in tensors]
            self._key = checkpoint.key(settings, settings.seed, images.device, *arrays)
            self._groups = (checkpoint.read(self._key) or {"groups": {}})["groups"]
            if self._groups:
                print(f"Resuming after {len(self._groups)} groups of images", flush=True)

    def or_new(self, search: Callable[[slice], _Group]) -> Callable[[slice], _Group]:
        """Return `search`, except for groups that are kept already."""
        checkpoint = self._checkpoint
        if checkpoint is None:
            return search

        def kept_or_new(part: slice) -> _Group:
            place = part.start, part.stop
            if place in self._groups:
                maps, kept = self._groups[place]
                return maps, {name: value.numpy() for name, value in kept.items()}
            maps, details = search(part)
            tensors = {name: torch.from_numpy(value) for name, value in details.items()}
            self._groups[place] = maps.cpu(), tensors
            checkpoint.write(self._key, {"groups": self._groups})
            return maps, details

        return kept_or_new


def _explain_unaltered(
    network: Network, images: torch.Tensor, targets: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    with torch.no_grad():
        parts = in_passes(
            lambda part: network(images[part].clone()), len(images), images_per_pass(images)
        )
    logits = torch.cat(parts)
    if logits.shape[1] < 2:
        raise AttributionError(
            "the network has a single logit, whose softmax is always 1; give it one logit per class"
        )
    targets = choose_targets(logits, targets)
    return targets, target_scores(logits, targets)
