"""What a T1-weighted image shows, judged by its voxels: a head, a brain, a brain in MNI152.

Thresholds stand between what IXI's heads (3 T, 2 mm), their brains and their brains in MNI152
showed, with room on both sides: 3600 ml and more of tissue, 1800 and less, 2150 and less.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import ndimage

from voxplain.errors import ImageError
from voxplain.image.grid import Grid
from voxplain.image.masked import BRAIN_ML, tissue
from voxplain.preparation import template

HEAD_AT_BORDER_CM2 = 40.0  # a neck has 80 and more; an extracted brain ends inside the image
MNI152_DICE = 0.93  # IXI: in MNI152 .945 and more, in native space .86 and less
CUT_CM2 = 60.0  # of a brain cut through the middle: 100 and more; cut off at the crown: 30
_AIR_HU = -500.0  # in CT; T1-weighted images are not negative but for noise
_LEAST_AIR = 0.1
_SECOND_HEAD = 0.5  # of the largest piece


class Kind(StrEnum):
    """What an image shows."""

    HEAD = "head"
    BRAIN = "brain"
    BRAIN_IN_MNI152 = "brain in MNI152"


@dataclass(frozen=True, eq=False)
class Shown:
    """What an image shows, and the measures behind it.

    Attributes
    ----------
    kind : Kind
    solid : (X, Y, Z) bool array
        The largest piece of tissue, its holes filled.
    """

    kind: Kind
    solid: np.ndarray


def what_is_shown(data: np.ndarray, grid: Grid) -> Shown:
    """Tell heads, brains and brains in MNI152 apart.

    Parameters
    ----------
    data : (X, Y, Z) float32 array
        A T1-weighted image, zero outside its mask if it has one.
    grid : Grid
        Its grid.

    Raises
    ------
    ImageError
        The image has the values of a CT, shows two heads or nothing. The message does not name it.

    Examples
    --------
    >>> from voxplain.preparation import template
    >>> str(what_is_shown(*template.brain()).kind)
    'brain in MNI152'
    """
    if (data < _AIR_HU).mean() > _LEAST_AIR:
        raise ImageError(
            f"has values below {_AIR_HU:g} in {(data < _AIR_HU).mean():.0%} of its voxels, as a CT "
            "has in air; give a T1-weighted MR image"
        )
    solid = _largest_piece(tissue(data))
    kind = Kind.BRAIN
    if millilitres(solid, grid) > BRAIN_ML[1] or border_area(solid, grid) > HEAD_AT_BORDER_CM2:
        kind = Kind.HEAD
    elif template_dice(solid, grid) > MNI152_DICE:
        kind = Kind.BRAIN_IN_MNI152
    return Shown(kind, solid)


def millilitres(mask: np.ndarray, grid: Grid) -> float:
    """Return the volume of a mask (X, Y, Z), ml."""
    return float(mask.sum() * grid.voxel_volume / 1000)


def template_dice(brain: np.ndarray, grid: Grid) -> float:
    """Return the Dice of a brain mask (X, Y, Z) and MNI152's brain, by the image's own affine."""
    expected = template.mask_on(grid)
    return float(2 * (expected & brain).sum() / (expected.sum() + brain.sum()))


def border_area(mask: np.ndarray, grid: Grid) -> float:
    """Return the area in which a mask (X, Y, Z) touches the border of its image, cm²."""
    area = 0.0
    for axis, size in enumerate(grid.voxel_sizes):
        faces = mask.take([0, -1], axis=axis)
        area += float(faces.sum() * grid.voxel_volume / size / 100)
    return area


def _largest_piece(mask: np.ndarray) -> np.ndarray:
    """Return the largest connected piece of a mask (X, Y, Z), its holes filled."""
    pieces, n_pieces = ndimage.label(mask)
    if n_pieces == 0:
        raise ImageError("shows nothing: no voxel is brighter than the others; repair it")
    sizes = np.bincount(pieces.ravel())[1:]
    ordered = np.sort(sizes)[::-1]
    if n_pieces > 1 and ordered[1] > _SECOND_HEAD * ordered[0]:
        raise ImageError(
            "shows two heads or brains of similar size; give one image per participant"
        )
    filled: np.ndarray = ndimage.binary_fill_holes(pieces == sizes.argmax() + 1)
    return filled
