"""What every attribution method returns."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch


@dataclass(frozen=True)
class AttributionResult:
    """Attribution maps of a batch of images and what they were made with.

    Attributes
    ----------
    maps : torch.Tensor, (n, D, H, W)
        Raw attribution, non-negative, in the images' dtype and on their device and voxel grid.
        Never rescaled: a map may be zero everywhere.
    targets : torch.Tensor, (n,), int64
        The class that was explained.
    scores : torch.Tensor, (n,)
        Logit of the target for the unaltered image.
    method : str
        Name of the method in `voxplain.attribution.METHODS`.
    parameters : dict
        Every setting in force, plain Python values.
    details : dict of numpy.ndarray
        Per-image figures of the method, first axis n.
    """

    maps: torch.Tensor
    targets: torch.Tensor
    scores: torch.Tensor
    method: str
    parameters: dict[str, Any]
    details: dict[str, np.ndarray] = field(default_factory=dict)
