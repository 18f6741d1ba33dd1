"""The MNI152 template that nilearn ships: ICBM 152 2009a nonlinear symmetric, skull-stripped."""

import contextlib
import tempfile
from collections.abc import Iterator

import numpy as np
from scipy import ndimage

from voxplain.errors import SpaceError
from voxplain.image.grid import Grid
from voxplain.image.nifti import write_volume

NAME = "ICBM 152 2009a nonlinear symmetric, brain (nilearn.datasets.load_mni152_template)"
VOXEL_MM = 2
# Share of the template's brain that must hold tissue. On three IXI brains: .999 with their own
# transform, .84, .79 and .76 with none, .69 and less with its inverse.
LEAST_COVERAGE = 0.85


def brain() -> tuple[np.ndarray, Grid]:
    """Return the T1-weighted brain, (X, Y, Z) float32, and its grid."""
    from nilearn import datasets

    image = datasets.load_mni152_template(resolution=VOXEL_MM)
    return image.get_fdata(dtype=np.float32), Grid(image.shape, image.affine)


def mask_on(grid: Grid) -> np.ndarray:
    """Return the brain's mask on another grid of MNI152 space, as bool of its shape."""
    mask, own = brain_mask()
    to_template = own.from_voxels_of(grid)
    shares = ndimage.affine_transform(
        mask.astype(np.float32), to_template[:3, :3], to_template[:3, 3], grid.shape, order=1
    )
    return shares > 0.5


def check_claim(brain_mask: np.ndarray, grid: Grid) -> float:
    """Hold images that are said to be in MNI152 to it: their brain must be where the template's is.

    Parameters
    ----------
    brain_mask : (X, Y, Z) bool array
        Where most participants have tissue.
    grid : Grid
        Its grid.

    Returns
    -------
    float
        Share of the template's brain that the mask covers.

    Raises
    ------
    SpaceError
        It is less than `LEAST_COVERAGE`.
    """
    template = mask_on(grid)
    coverage = float((template & brain_mask).sum() / max(template.sum(), 1))
    if coverage < LEAST_COVERAGE:
        raise SpaceError(
            f"cohort.space is MNI152, but the participants' brains cover {coverage:.0%} of the "
            f"template's, less than {LEAST_COVERAGE:.0%}: they are not registered to it; set "
            "cohort.space to native, or register them (docs/howto/registration.md)"
        )
    return coverage


@contextlib.contextmanager
def mask_file(grid: Grid) -> Iterator[str]:
    """Write the brain's mask on another grid for as long as the block runs; yield its path."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/template_mask.nii"
        write_volume(path, mask_on(grid), grid)
        yield path


def brain_mask() -> tuple[np.ndarray, Grid]:
    """Return the brain's mask, (X, Y, Z) bool, and its grid."""
    from nilearn import datasets

    image = datasets.load_mni152_brain_mask(resolution=VOXEL_MM)
    return np.asarray(image.dataobj) > 0.5, Grid(image.shape, image.affine)
