"""The 3-D CNN of Kan et al. 2020 (section 3.2), a user's own network in its place, model files."""

import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.parameter import is_lazy

from voxplain.errors import ConfigError
from voxplain.network.own import blamed_on, import_factory, smallest_axis
from voxplain.run.files import write_bytes


class ConvBlock(nn.Sequential):
    """Conv3d 3x3x3 (valid), BatchNorm, ReLU, MaxPool 2.

    Parameters
    ----------
    n_in, n_out : int
        Feature maps before and after.
    """

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(n_in, n_out, kernel_size=3)
        self.norm = nn.BatchNorm3d(n_out)
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool3d(2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return features (n, n_out, x, y, z) of images or features (n, n_in, X, Y, Z)."""
        features = self.norm(self.conv(images))
        if self.training:  # the same values and gradients with an eighth of the ReLUs
            return self.relu(self.pool(features))
        return self.pool(self.relu(features))


class CNN3D(nn.Module):
    """Convolutional blocks, dropout and one linear layer.

    Parameters
    ----------
    shape : tuple of int
        Input grid (X, Y, Z) in voxels; the paper's is (58, 70, 58).
    channels : tuple of int
        Feature maps per block; the paper's are (32, 64, 128), which gives 322,818 parameters.
    dropout : float
        Probability of dropping an input of the linear layer.
    n_classes : int
        Number of logits.

    Raises
    ------
    ConfigError
        The grid is too small for the number of blocks.
    """

    def __init__(
        self,
        shape: tuple[int, int, int] = (58, 70, 58),
        channels: tuple[int, ...] = (32, 64, 128),
        dropout: float = 0.5,
        n_classes: int = 2,
    ) -> None:
        super().__init__()
        sizes = list(shape)
        for _ in channels:
            sizes = [(size - 2) // 2 for size in sizes]
        if min(sizes) < 1:
            raise ConfigError(
                f"volumes.shape {list(shape)} is too small for {len(channels)} blocks of the CNN; "
                f"every axis needs at least {smallest_axis(len(channels))} voxels"
            )
        self.blocks = nn.Sequential(
            *(ConvBlock(a, b) for a, b in zip((1, *channels), channels, strict=False))
        )
        self.dropout = nn.Dropout(dropout)
        n_features = channels[-1] * sizes[0] * sizes[1] * sizes[2]
        self.linear = nn.Linear(n_features, n_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits ``(n, n_classes)`` of images ``(n, 1, X, Y, Z)``."""
        return self.linear(self.dropout(self.blocks(images).flatten(1)))


def build_network(source: str | None, arguments: Mapping[str, Any]) -> nn.Module:
    """Build the configured network, with initial weights from torch's global generator.

    Parameters
    ----------
    source : str or None
        Source of a callable that returns the network (`voxplain.network.own`); None is `CNN3D`.
    arguments : mapping
        Keyword arguments of the callable: shape, n_classes and its own settings.

    Raises
    ------
    ConfigError
        The source cannot be imported or called with these arguments, or does not return a module.
    """
    if source is None:
        return CNN3D(**arguments)
    factory = import_factory(source)
    with blamed_on(source, f"it is called with {', '.join(arguments)}"):
        model = factory(**arguments)
    if not isinstance(model, nn.Module):
        raise ConfigError(
            f"cnn.network: {source} returned a {type(model).__name__}; return a torch.nn.Module"
        )
    return model


def save_model(
    path: str | Path, model: nn.Module, arguments: Mapping[str, Any], **extra: Any
) -> None:
    """Write a network's weights and arguments, atomically and in reproducible bytes.

    Parameters
    ----------
    path : path_like
        The file.
    model : torch.nn.Module
        On any device.
    arguments : mapping
        Keyword arguments that `build_network` needs to build the network again.
    **extra : object
        What else to save: tensors and plain values.

    Raises
    ------
    StorageError
        The file cannot be written.

    Examples
    --------
    >>> from voxplain import load_model, save_model
    >>> from voxplain.network.cnn import CNN3D
    >>> arguments = {"shape": (8, 8, 8), "channels": (2,), "n_classes": 2}
    >>> save_model("model.pt", CNN3D(**arguments), arguments, epochs=5)
    >>> load_model("model.pt")[1]
    {'epochs': 5}
    """
    write_bytes(path, _as_bytes(model, arguments, **extra))


def _as_bytes(model: nn.Module, arguments: Mapping[str, Any], **extra: Any) -> bytes:
    state = {name: value.detach().cpu() for name, value in model.state_dict().items()}
    buffer = io.BytesIO()  # in a file, torch would store the temporary file's name
    torch.save({"settings": dict(arguments), "state": state, **extra}, buffer)
    return buffer.getvalue()


def read_weights(path: str | Path) -> dict[str, Any]:
    """Read a file of tensors and plain values; a file with code is refused, and the code not run.

    Returns
    -------
    dict
        What `save_model` wrote, or the state dict that ``torch.save(model.state_dict(), path)``
        wrote.

    Raises
    ------
    ConfigError
        The file does not exist, was not written by torch, or holds more than tensors and plain
        values.
    """
    if not Path(path).is_file():
        raise ConfigError(f"{path} does not exist; name a model file")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, KeyError, ValueError) as error:
        raise ConfigError(
            f"{path} is not a file of weights; save the network's state_dict() with torch.save"
        ) from error
    if not isinstance(content, Mapping):
        raise ConfigError(f"{path} holds a {type(content).__name__}, not a network's state_dict()")
    return dict(content)


def load_model(
    path: str | Path,
    device: torch.device | str = "cpu",
    source: str | None = None,
    arguments: Mapping[str, Any] | None = None,
) -> tuple[nn.Module, dict[str, Any]]:
    """Read a model written by `save_model`, or a bare state dict.

    The file is read as tensors and plain values. The caller says which code they belong to; the
    file cannot.

    Parameters
    ----------
    path : path_like
        The file.
    device : torch.device
        Where to put the model.
    source : str, optional
        As for `build_network`.
    arguments : mapping, optional
        As for `build_network`; only for a bare state dict.

    Returns
    -------
    model : torch.nn.Module
        In eval mode, on `device`.
    extra : dict
        The ``**extra`` of `save_model`.

    Raises
    ------
    ConfigError
        The file cannot be read, the network cannot be built, or the weights do not fit it.

    Examples
    --------
    >>> from voxplain import load_model, save_model
    >>> from voxplain.network.cnn import CNN3D
    >>> arguments = {"shape": (8, 8, 8), "channels": (2,), "n_classes": 2}
    >>> save_model("model.pt", CNN3D(**arguments), arguments)
    >>> model, _ = load_model("model.pt")
    >>> model.training
    False
    """
    content = read_weights(path)
    if arguments is not None:
        content = {"settings": arguments, "state": content}
    model = _with_weights(path, content.pop("settings"), content.pop("state"), source)
    return model.to(device).eval(), content


def _with_weights(
    name: str | Path,
    arguments: Mapping[str, Any],
    state: Mapping[str, torch.Tensor],
    source: str | None,
) -> nn.Module:
    with torch.random.fork_rng(devices=[]):  # the initial weights are not kept
        model = build_network(source, arguments)
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise ConfigError(
            f"{name}: these weights do not fit {source or 'the CNN'}; name the network and "
            "settings that they were trained with, or train it again"
        ) from error
    return model


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
        saved = torch.load(io.BytesIO(_as_bytes(model, arguments)), weights_only=True)
        loaded = _with_weights(source, saved["settings"], saved["state"], source).to(device).eval()
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
