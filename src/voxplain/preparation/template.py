"""The MNI152 template in nilearn: ICBM 152 2009a nonlinear symmetric, skull-stripped."""

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
# Share of the template's brain in which an image must show tissue. Measured on three IXI brains:
# .999 with the right transform; .84, .79 and .76 with none; .69 and less with its inverse.
LEAST_COVERAGE = 0.85


def brain() -> tuple[np.ndarray, Grid]:
    """Return the T1-weighted brain, (X, Y, Z) float32, and its grid."""
    from nilearn import datasets

    image = datasets.load_mni152_template(resolution=VOXEL_MM)
    return image.get_fdata(dtype=np.float32), Grid(image.shape, image.affine)


def mask_on(grid: Grid) -> np.ndarray:
    """Return the brain mask on another grid of MNI152 space, as bool of its shape."""
    mask, template_grid = brain_mask()
    to_template = template_grid.from_voxels_of(grid)
    shares = ndimage.affine_transform(
        mask.astype(np.float32), to_template[:3, :3], to_template[:3, 3], grid.shape, order=1
    )
    return shares > 0.5


def check_claim(brain_mask: np.ndarray, grid: Grid) -> float:
    """Check that images configured as MNI152 have their brain where the template's is.

    Parameters
    ----------
    brain_mask : (X, Y, Z) bool array
        Voxels in which most participants have tissue.
    grid : Grid
        Grid of the mask.

    Returns
    -------
    float
        Share of the template's brain that the mask covers.

    Raises
    ------
    SpaceError
        It is less than `LEAST_COVERAGE`.
    """
    expected = mask_on(grid)
    coverage = float((expected & brain_mask).sum() / max(expected.sum(), 1))
    if coverage < LEAST_COVERAGE:
        raise SpaceError(
            f"cohort.space is MNI152, but the participants' brains cover {coverage:.0%} of the "
            f"template's, less than {LEAST_COVERAGE:.0%}: they are not registered to it; set "
            "cohort.space to native, or register them (docs/howto/registration.md)"
        )
    return coverage


@contextlib.contextmanager
def mask_file(grid: Grid) -> Iterator[str]:
    """Write the brain mask on another grid to a temporary file and yield its path."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/template_mask.nii"
        write_volume(path, mask_on(grid), grid)
        yield path


def brain_mask() -> tuple[np.ndarray, Grid]:
    """Return the brain mask, (X, Y, Z) bool, and its grid."""
    from nilearn import datasets

    image = datasets.load_mni152_brain_mask(resolution=VOXEL_MM)
    return np.asarray(image.dataobj) > 0.5, Grid(image.shape, image.affine)
