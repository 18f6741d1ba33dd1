"""The template's brain on other grids of its space."""

import numpy as np
import pytest
from scipy import ndimage

from voxplain.errors import SpaceError
from voxplain.image.grid import Grid
from voxplain.preparation import template


@pytest.mark.parametrize("edge", [1.5, 3.0])
@pytest.mark.parametrize("flip", [1, -1])
def test_the_brain_is_the_same_in_the_world(edge, flip):
    mask, mask_grid = template.brain_mask()
    shape = tuple(int(250 // edge) for _ in range(3))
    affine = np.diag([flip * edge, edge, edge, 1])
    affine[:3, 3] = [-flip * 125, -145, -110]
    grid = Grid(shape, affine)
    resampled = template.mask_on(grid)
    assert resampled.shape == shape
    volume = mask.sum() * mask_grid.voxel_volume
    assert resampled.sum() * grid.voxel_volume == pytest.approx(volume, rel=0.02)
    pairs = ((mask, mask_grid), (resampled, grid))
    centres = [g.world(np.argwhere(m).mean(axis=0)) for m, g in pairs]
    np.testing.assert_allclose(*centres, atol=0.3)


def test_images_said_to_be_in_mni152_are_checked():
    """A brain in its place is accepted; a smaller one, lower down as without registration, not."""
    mask, grid = template.brain_mask()
    assert template.check_claim(mask, grid) == 1  # counts of voxels
    native = ndimage.zoom(mask.astype(np.float32), 0.9, order=1) > 0.5
    placed = np.zeros_like(mask)
    placed[tuple(slice(0, n) for n in native.shape)] = native
    with pytest.raises(SpaceError, match=r"MNI152, but the .* set cohort\.space to native, or"):
        template.check_claim(placed, grid)


def test_on_its_own_grid_it_is_itself():
    mask, grid = template.brain_mask()
    np.testing.assert_array_equal(template.mask_on(grid), mask)
