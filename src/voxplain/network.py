"""The 3-D CNN of Kan et al. 2020 (section 3.2) as plain modules."""

import io
from pathlib import Path
from typing import Any

import torch
from torch import nn

from voxplain.errors import ConfigError
from voxplain.files import write_bytes


class ConvBlock(nn.Sequential):
    """Conv3d 3x3x3 (valid), BatchNorm, ReLU, MaxPool 2."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(n_in, n_out, kernel_size=3)
        self.norm = nn.BatchNorm3d(n_out)
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool3d(2)


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
        self.settings: dict[str, Any] = {
            "shape": tuple(shape),
            "channels": tuple(channels),
            "dropout": dropout,
            "n_classes": n_classes,
        }
        sizes = list(shape)
        for _ in channels:
            sizes = [(size - 2) // 2 for size in sizes]
        if min(sizes) < 1:
            raise ConfigError(
                f"grid.shape {list(shape)} is too small for {len(channels)} blocks of the CNN; "
                f"every axis needs at least {3 * 2 ** len(channels) - 2} voxels"
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


def save_model(path: str | Path, model: CNN3D, **extra: Any) -> None:
    """Write weights, architecture and plain-typed extras atomically, in reproducible bytes."""
    state = {name: value.detach().cpu() for name, value in model.state_dict().items()}
    buffer = io.BytesIO()  # the archive's inner name would otherwise follow the temporary file's
    torch.save({"settings": model.settings, "state": state, **extra}, buffer)
    write_bytes(path, buffer.getvalue())


def load_model(path: str | Path, device: torch.device | str = "cpu") -> tuple[CNN3D, dict]:
    """Read a model written by `save_model`.

    Returns
    -------
    model : CNN3D
        In eval mode, on `device`.
    extra : dict
        What was saved beside the weights.
    """
    content = torch.load(path, map_location="cpu", weights_only=True)
    model = CNN3D(**content.pop("settings"))
    model.load_state_dict(content.pop("state"))
    return model.to(device).eval(), content
