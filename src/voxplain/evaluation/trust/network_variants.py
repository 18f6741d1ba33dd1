"""Variants of a trained network that should, or should not, change a trustworthy map.

Sanity (Adebayo et al. 2018): a map of a network whose weights are random, layer by layer from the
output, or that learnt shuffled labels, should be another map. Stability: a map of a network whose
weights have hardly changed should be the same map. No variant touches the network it is made from.
"""

import copy
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import nn

from voxplain.attribution.result import AttributionResult
from voxplain.evaluation.trust.sanity_and_stability import INTACT

_WEIGHTED = (nn.modules.conv._ConvNd, nn.Linear)
_NORMS = nn.modules.batchnorm._NormBase
_DROPOUTS = nn.modules.dropout._DropoutNd


def explain_variants(
    methods: Mapping[str, Callable[[nn.Module, torch.Tensor, torch.Tensor], AttributionResult]],
    model: nn.Module,
    images: torch.Tensor,
    targets: torch.Tensor,
    trained: Mapping[tuple[str, str], nn.Module],
    sample: torch.Tensor,
    noise: Sequence[float],
    seeds: Sequence[int],
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, dict[tuple[str, str], np.ndarray]]:
    """Explain a network's decisions, and those of its variants on the same images.

    Each participant has draws of its own of whatever is drawn, so that their spread is one over
    draws and people, at the cost of one draw.

    Parameters
    ----------
    methods : mapping of str to callable
        (model, images, targets) -> AttributionResult, by name.
    model : torch.nn.Module
        (n, 1, X, Y, Z) -> (n, n_classes) logits.
    images : torch.Tensor, shape (n, 1, X, Y, Z)
    targets : torch.Tensor of int64, shape (n,)
        A changed network is asked about the same class.
    trained : mapping of (kind, level) to torch.nn.Module
        Networks that explain all participants.
    sample, noise
        As for `drawn`.
    seeds : sequence of int
        Of each participant's draws.
    progress : callable, optional
        Called with the participants done and all of them.

    Returns
    -------
    dict of str to dict of (kind, level) to numpy.ndarray, shape (n, X, Y, Z)
        Maps by method; those of the network itself are of the kind `INTACT`.
    """
    maps: dict[str, dict[tuple[str, str], list[np.ndarray]]] = {
        name: defaultdict(list) for name in methods
    }

    def explain(key: tuple[str, str], network: nn.Module, people: slice = slice(None)) -> None:
        for name, method in methods.items():
            result = method(network, images[people], targets[people])
            maps[name][key].append(result.maps.cpu().numpy())

    explain(INTACT, model)
    for k, seed in enumerate(seeds):
        for key, variant in drawn(model, sample, noise, seed):
            explain(key, variant, slice(k, k + 1))
        if progress is not None:
            progress(k + 1, len(seeds))
    for key, variant in trained.items():
        explain(key, variant)
    return {
        name: {key: np.concatenate(parts) for key, parts in variants.items()}
        for name, variants in maps.items()
    }


def drawn(
    model: nn.Module, images: torch.Tensor, noise: Sequence[float], seed: int
) -> Iterator[tuple[tuple[str, str], nn.Module]]:
    """Yield one draw of every variant that chance has a part in, by kind and level.

    Parameters
    ----------
    model, images, seed
        As for `randomised`.
    noise : sequence of float
        Levels, as for `with_noise`.
    """
    for name, variant in randomised(model, images, seed):
        yield ("randomised", name), variant
    for level in noise:
        yield ("noise", f"{level:g}"), with_noise(model, level, seed)
    if any(isinstance(module, _DROPOUTS) for module in model.modules()):
        yield ("dropout", "on"), with_dropout(model, seed)


def randomised(
    model: nn.Module, images: torch.Tensor, seed: int
) -> Iterator[tuple[str, nn.Module]]:
    """Yield networks whose weights are drawn anew from the output down (cascading).

    A new convolution feeds its BatchNorm other values than those whose mean and variance it has
    kept, and the network behind it would see nothing but a constant; so these are measured again
    on `images` in each variant.

    Parameters
    ----------
    model : torch.nn.Module
        (n, 1, X, Y, Z) -> (n, n_classes) logits.
    images : torch.Tensor, shape (n, 1, X, Y, Z)
        Some training participants.
    seed : int
        Of the new weights.

    Yields
    ------
    name : str
        The last layer that was drawn anew: a convolution or linear layer, with what normalises it.
    variant : torch.nn.Module
        In eval mode.
    """
    variant = copy.deepcopy(model)
    with torch.random.fork_rng(devices=[images.device] if images.is_cuda else []):
        torch.manual_seed(seed)
        for name, module in reversed(list(variant.named_modules())):
            if not hasattr(module, "reset_parameters"):
                continue
            module.reset_parameters()
            if isinstance(module, _WEIGHTED):
                measured = copy.deepcopy(variant)
                _measure_norms(measured, images)
                yield name, measured.eval()


def _measure_norms(model: nn.Module, images: torch.Tensor) -> None:
    """Set every BatchNorm's running mean and variance to those of `images`."""
    norms = [module for module in model.modules() if isinstance(module, _NORMS)]
    model.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = 1.0
        norm.train()
    with torch.no_grad():
        model(images)


def with_noise(model: nn.Module, level: float, seed: int) -> nn.Module:
    """Return a copy with Gaussian noise on its weights.

    A tensor of one value, or without spread, keeps its values.

    Parameters
    ----------
    model : torch.nn.Module
    level : float
        Standard deviation of the noise, in that of each tensor's weights.
    seed : int
    """
    generator = torch.Generator().manual_seed(seed)
    variant = copy.deepcopy(model)
    with torch.no_grad():
        for weights in variant.parameters():
            if weights.numel() > 1:
                noise = torch.randn(weights.shape, generator=generator).to(weights)
                weights.add_(level * weights.std() * noise)
    return variant.eval()


def with_dropout(model: nn.Module, seed: int) -> nn.Module:
    """Return a copy in which every dropout layer drops one fixed draw of units, as in training.

    Parameters
    ----------
    model : torch.nn.Module
    seed : int
        Of the draws.
    """
    variant = copy.deepcopy(model)
    dropouts = [
        (parent, name, child)
        for parent in variant.modules()
        for name, child in parent.named_children()
        if isinstance(child, _DROPOUTS)
    ]
    for k, (parent, name, child) in enumerate(dropouts):
        whole_channels = not isinstance(child, nn.Dropout)
        setattr(parent, name, _FixedDropout(child.p, whole_channels, seed + k))
    return variant.eval()


class _FixedDropout(nn.Module):
    """Dropout whose mask is the same for every image and call, in eval mode too."""

    def __init__(self, p: float, whole_channels: bool, seed: int) -> None:
        super().__init__()
        self.p, self.whole_channels, self.seed = p, whole_channels, seed

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        units = tuple(features.shape[1:])
        if self.whole_channels:
            units = (units[0], *(1 for _ in units[1:]))
        generator = torch.Generator().manual_seed(self.seed)
        kept = torch.rand(units, generator=generator) >= self.p
        return features * kept.to(features) / (1 - self.p)
