"""Trying a user's network before anything is trained."""

import io
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.parameter import is_lazy

from voxplain.errors import ConfigError
from voxplain.network.cnn import build_network, model_bytes, with_weights
from voxplain.network.own import blamed_on


def check_network(source: str, arguments: Mapping[str, Any], device: torch.device) -> nn.Module:
    """Try a user's network on two images of noise, with every step of a fold's training.

    Parameters
    ----------
    source, arguments
        As for `build_network`.
    device : torch.device
        Where the run trains.

    Returns
    -------
    torch.nn.Module
        In eval mode, on `device`.

    Raises
    ------
    ConfigError
        It cannot be built, trained by gradients, repeated from a seed, or saved and reloaded.
    """
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(2, 1, *arguments["shape"], generator=generator).to(device)
    labels = torch.arange(2, device=device)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(0)
        twin = build_network(source, arguments)
        torch.manual_seed(0)
        model = build_network(source, arguments).to(device)
        _check_state(source, model, twin)
        with blamed_on(source, "it is trained"):
            logits = model.train()(images)
            _check_logits(source, logits, (2, arguments["n_classes"]))
            F.cross_entropy(logits, labels).backward()
        model.eval()
        saved = torch.load(io.BytesIO(model_bytes(model, arguments)), weights_only=True)
        loaded = with_weights(source, saved["settings"], saved["state"], source).to(device).eval()
        with torch.no_grad(), blamed_on(source, "it predicts"):
            # Equal weights at other places in memory may give other last bits.
            same = torch.allclose(model(images), loaded(images), rtol=1e-4, atol=1e-5)
    if not same:
        raise ConfigError(
            f"cnn.network: {source} gives different predictions after reloading, or from one call "
            "to the next in eval mode; its state_dict must hold everything that it needs"
        )
    return model


def _check_state(source: str, model: nn.Module, twin: nn.Module) -> None:
    """Refuse weights that cannot be trained, saved or repeated; `twin` has the same seed."""
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise ConfigError(f"cnn.network: {source} has no parameters to train; add layers")
    if any(is_lazy(parameter) for parameter in model.parameters()):
        raise ConfigError(
            f"cnn.network: {source} has lazy layers; call the network once on "
            "torch.zeros(1, 1, *shape) before you return it"
        )
    other = twin.state_dict()
    for name, value in model.state_dict().items():
        if not isinstance(value, torch.Tensor):
            raise ConfigError(
                f"cnn.network: {source} has a {type(value).__name__} in {name} of its state_dict; "
                "only tensors can be saved"
            )
        if not torch.equal(value.cpu(), other[name]):
            raise ConfigError(
                f"cnn.network: {source} has different initial weights each time ({name}); draw "
                "them with torch's random numbers only"
            )


def _check_logits(source: str, logits: object, shape: tuple[int, int]) -> None:
    returned = tuple(logits.shape) if isinstance(logits, torch.Tensor) else type(logits).__name__
    if returned != shape:
        raise ConfigError(
            f"cnn.network: {source} returned {returned} for {shape[0]} images; it must return "
            f"logits of shape {shape}, one row per image and one column per class"
        )
