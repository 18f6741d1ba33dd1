"""The 3-D CNN of Kan et al. 2020 (section 3.2), a user's own network in its place, model files."""

import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

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
    write_bytes(path, model_bytes(model, arguments, **extra))


def model_bytes(model: nn.Module, arguments: Mapping[str, Any], **extra: Any) -> bytes:
    """Return the content of a model file.

    Parameters
    ----------
    model, arguments, **extra
        As for `save_model`.
    """
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
    model = with_weights(path, content.pop("settings"), content.pop("state"), source)
    return model.to(device).eval(), content


def with_weights(
    name: str | Path,
    arguments: Mapping[str, Any],
    state: Mapping[str, torch.Tensor],
    source: str | None,
) -> nn.Module:
    """Build a network and set its weights.

    Parameters
    ----------
    name : path_like
        Name of the weights in the message.
    arguments, source
        As for `build_network`.
    state : mapping
        The state dict.

    Raises
    ------
    ConfigError
        The network cannot be built, or the weights do not fit it.
    """
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
