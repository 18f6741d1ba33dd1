"""What an image shows: heads, brains and brains in MNI152, and what is refused."""

import numpy as np
import pytest

from support.places import SHARED
from voxplain.errors import ImageError
from voxplain.image.grid import Grid
from voxplain.image.masked import read_masked
from voxplain.preparation import template
from voxplain.preparation.kinds import Kind, border_area, millilitres, what_is_shown

IXI = SHARED / "ixi"
needs_shared = pytest.mark.skipif(not IXI.is_dir(), reason=f"{IXI} is not on this machine")
GRID = Grid((64, 64, 64), np.diag([4.0, 4, 4, 1]))


def ball(radius_mm, centre=(128, 128, 128)):
    points = GRID.world(np.moveaxis(np.indices(GRID.shape), 0, -1))
    return np.linalg.norm(points - centre, axis=-1) < radius_mm


def head(radius_mm=95):
    """Scalp, skull and brain with noise around: all voxels have values."""
    noise = np.random.default_rng(0).uniform(0, 2, GRID.shape)
    bright = 100.0 * ball(radius_mm) - 95.0 * (ball(radius_mm - 6) & ~ball(radius_mm - 18))
    return (bright + noise).astype(np.float32)


def test_a_head_a_brain_and_the_template_are_told_apart():
    assert what_is_shown(head(), GRID).kind == Kind.HEAD
    assert what_is_shown((100 * ball(70)).astype(np.float32), GRID).kind == Kind.BRAIN
    brain, grid = template.brain()
    assert what_is_shown(brain, grid).kind == Kind.BRAIN_IN_MNI152
    moved = Grid(grid.shape, grid.affine + np.outer([0, 0, 30, 0], [0, 0, 0, 1]))
    assert what_is_shown(brain, moved).kind == Kind.BRAIN


def test_a_small_head_shows_by_its_neck():
    """The head of a small child has the volume of a brain, but its neck leaves the image."""
    infant = head(70) + 100 * (ball(60, (128, 128, 40)) | ball(60, (128, 128, 0)))
    assert millilitres(ball(70), GRID) < 1500
    assert what_is_shown(infant.astype(np.float32), GRID).kind == Kind.HEAD


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros(GRID.shape), "shows nothing"),
        (np.where(ball(95), 40.0, -1000.0), "as a CT has in air"),
        (100.0 * (ball(60, (60, 128, 128)) | ball(58, (200, 128, 128))), "two heads"),
    ],
)
def test_what_shows_no_head_is_refused(values, message):
    with pytest.raises(ImageError, match=message):
        what_is_shown(values.astype(np.float32), GRID)


def test_small_bright_pieces_are_no_second_head():
    values = 100.0 * (ball(70) | ball(15, (20, 20, 20)))
    shown = what_is_shown(values.astype(np.float32), GRID)
    assert shown.kind == Kind.BRAIN
    np.testing.assert_array_equal(shown.solid, ball(70))


def test_area_at_the_border_is_in_square_centimetres():
    mask = np.zeros((10, 10, 10), bool)
    mask[0, :5, :4] = True
    grid = Grid(mask.shape, np.diag([1.0, 2, 5, 1]))
    faces = [20 * 2 * 5, 4 * 1 * 5, 5 * 1 * 2]  # voxels times edges, mm²
    assert border_area(mask, grid) == pytest.approx(sum(faces) / 100)
    assert border_area(np.zeros_like(mask), grid) == 0


@needs_shared
@pytest.mark.parametrize("number", range(0, 104, 13))
def test_ixi_images_are_recognised(number):
    image = sorted((IXI / "native").glob("*_T1w.nii.gz"))[number]
    data, grid, _ = read_masked(image)
    assert what_is_shown(data, grid).kind == Kind.HEAD
    brain, grid, _ = read_masked(image, mask=str(image).replace("T1w", "dseg"))
    assert what_is_shown(brain, grid).kind == Kind.BRAIN
    [registered] = (IXI / "mni2mm").glob(f"{image.name.partition('_')[0]}_*")
    data, grid, _ = read_masked(registered)
    assert what_is_shown(data, grid).kind == Kind.BRAIN_IN_MNI152
