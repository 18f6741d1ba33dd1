"""What ANTs does for a run, through ANTsPy: bias field, registration and tissues.

With one thread and a seed the same image gives the same bits on one machine.
"""

import os
import tempfile
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from voxplain.errors import ConfigError, TransformError
from voxplain.image.grid import Grid
from voxplain.preparation import template
from voxplain.preparation.itk import affine_matrix
from voxplain.preparation.settings import INSTALL_ANTSPY
from voxplain.preparation.transforms import LPS_FROM_RAS, Affine, Transform, lps
from voxplain.run.atomic import TEMPORARY

if TYPE_CHECKING:
    import ants

TISSUES = ("fluid", "grey matter", "white matter")  # of a T1-weighted image, dark to bright
_BIAS_MM = 4.0  # the field is smooth: N4 estimates it on voxels of about this size


def register(
    data: np.ndarray, grid: Grid, seed: int, scratch: str | os.PathLike[str] | None = None
) -> Transform:
    """Register a brain to the MNI152 template of nilearn by an affine.

    Parameters
    ----------
    data : (X, Y, Z) float32 array
        Brain-extracted image, zero outside the brain.
    grid : Grid
        Its grid; the axes must be orthogonal.
    seed : int
        Of the points at which ANTs samples its metric.
    scratch : path_like, optional
        Folder for ANTs' result; by default the machine's temporary folder.

    Returns
    -------
    Transform
        MNI152's world to the image's world, mm.

    Raises
    ------
    TransformError
        If the grid is sheared, or the result mirrors the brain or changes its size absurdly.
    """
    ants = _ants()
    fixed = _image(*template.brain())
    moving = _image(data, grid)
    ants.config.set_ants_deterministic(True, seed_value=seed)
    with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=scratch) as folder:
        outputs = ants.registration(
            fixed=fixed, moving=moving, type_of_transform="Affine", outprefix=f"{folder}/"
        )
        [path] = outputs["fwdtransforms"]
        affine = ants.read_transform(path)
    matrix = affine_matrix(affine.parameters, affine.fixed_parameters)
    transform = Transform("affine by ANTsPy", lps(Affine(matrix)))
    transform.check()
    return transform


def without_bias(data: np.ndarray, grid: Grid, mask: np.ndarray) -> np.ndarray:
    """Divide an image by its bias field, estimated by N4 (Tustison et al. 2010) in the brain.

    Parameters
    ----------
    data : (X, Y, Z) float32 array
        T1-weighted image.
    grid : Grid
        Its grid; the axes must be orthogonal.
    mask : (X, Y, Z) bool array
        The brain.

    Returns
    -------
    corrected : (X, Y, Z) float32 array
        Of the whole image.

    Raises
    ------
    TransformError
        If the grid is sheared.
    """
    shrink = max(1, round(_BIAS_MM / float(grid.voxel_sizes.min())))
    corrected = _ants().n4_bias_field_correction(
        _image(data, grid), mask=_image(mask, grid), shrink_factor=shrink
    )
    values: np.ndarray = corrected.numpy()
    return values


def tissues(data: np.ndarray, grid: Grid, mask: np.ndarray) -> np.ndarray:
    """Label fluid, grey and white matter by Atropos (Avants et al. 2011).

    Parameters
    ----------
    data : (X, Y, Z) float32 array
        T1-weighted image without bias field.
    grid : Grid
        Its grid; the axes must be orthogonal.
    mask : (X, Y, Z) bool array
        The brain.

    Returns
    -------
    labels : (X, Y, Z) uint8 array
        0 outside the mask, and 1, 2 and 3 for `TISSUES`.

    Raises
    ------
    TransformError
        If the grid is sheared.
    """
    outputs = _ants().atropos(
        a=_image(data, grid), x=_image(mask, grid), i="kmeans[3]", m="[0.1,1x1x1]", c="[5,0]"
    )
    labels: np.ndarray = outputs["segmentation"].numpy().astype(np.uint8)
    return labels


def _ants() -> ModuleType:
    """Import ANTsPy with one thread; a `ConfigError` says how to install it."""
    os.environ["ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"] = "1"  # read when ITK is loaded
    try:
        import ants
    except ImportError as error:
        raise ConfigError(f"ANTsPy is not installed: {INSTALL_ANTSPY}") from error
    return ants


def _image(data: np.ndarray, grid: Grid) -> "ants.ANTsImage":
    """Return an array as an image of ANTs, whose world coordinates are LPS."""
    affine = LPS_FROM_RAS @ grid.affine
    direction = affine[:3, :3] / grid.voxel_sizes
    if np.abs(direction.T @ direction - np.eye(3)).max() > 1e-4:
        raise TransformError("has voxel axes that are not orthogonal, which ANTs cannot represent")
    return _ants().from_numpy(
        np.asarray(data, np.float32),
        origin=affine[:3, 3].tolist(),
        spacing=grid.voxel_sizes.tolist(),
        direction=direction,
    )
