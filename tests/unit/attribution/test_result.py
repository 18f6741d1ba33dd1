"""A result knows where its maps lie."""

import numpy as np
import pytest
import torch

from voxplain.attribution import grad_cam
from voxplain.errors import AttributionError
from voxplain.image.grid import Grid
from voxplain.network.cnn import CNN3D


def test_the_grid_is_in_voxels_until_it_is_told():
    torch.manual_seed(0)
    result = grad_cam(CNN3D((14, 12, 10), (2, 2)), torch.rand(1, 1, 14, 12, 10))
    assert result.grid == Grid((14, 12, 10), np.eye(4))
    grid = Grid((14, 12, 10), np.diag([3.0, 3, 4, 1]))
    placed = result.on(grid)
    assert placed.grid == grid
    assert placed.maps is result.maps
    with pytest.raises(AttributionError, match=r"\(14, 12, 10\) and the grid \(7, 6, 5\)"):
        result.on(grid.coarsen((7, 6, 5)))
