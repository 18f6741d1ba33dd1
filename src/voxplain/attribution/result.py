"""What every attribution method returns."""

from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import torch

from voxplain.errors import AttributionError
from voxplain.image.grid import Grid


@dataclass(frozen=True)
class AttributionResult:
    """Attribution maps of a batch of images and what they were made with.

    Parameters
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
        Every setting used, as plain Python values.
    details : dict of numpy.ndarray
        Numbers of the method for each image, first axis n.
    grid : Grid
        Where the maps' voxels lie. Methods see arrays without an affine, so the affine is the
        identity (voxel indices) until `on` sets the grid of the images.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from voxplain import AttributionResult, Grid
    >>> targets, scores = torch.tensor([0, 1]), torch.tensor([0.5, 2.0])
    >>> result = AttributionResult(torch.rand(2, 8, 8, 8), targets, scores, "grad_cam", {})
    >>> grid = Grid((8, 8, 8), np.diag([3.0, 3.0, 3.0, 1.0]))
    >>> result.grid == grid, result.on(grid).grid == grid
    (False, True)
    """

    maps: torch.Tensor
    targets: torch.Tensor
    scores: torch.Tensor
    method: str
    parameters: dict[str, Any]
    details: dict[str, np.ndarray] = field(default_factory=dict)
    grid: Grid = None  # type: ignore[assignment]  # voxel indices, from __post_init__

    def __post_init__(self) -> None:
        if self.grid is None:
            _, depth, height, width = self.maps.shape
            object.__setattr__(self, "grid", Grid((depth, height, width), np.eye(4)))

    def on(self, grid: Grid) -> Self:
        """Return the same maps on the grid that the images came with.

        Parameters
        ----------
        grid : Grid
            Shape (D, H, W) and affine, mm.

        Raises
        ------
        AttributionError
            The grid has another shape than the maps.
        """
        if grid.shape != self.grid.shape:
            raise AttributionError(
                f"the maps have shape {self.grid.shape} and the grid {grid.shape}; pass the grid "
                "of the images that were explained"
            )
        return replace(self, grid=grid)
