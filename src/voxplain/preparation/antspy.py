"""Affine registration by ANTsPy (``pip install 'voxplain[ants]'``), with one thread and a seed."""

import os
import tempfile
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from voxplain.errors import ConfigError, TransformError
from voxplain.image.grid import Grid
from voxplain.preparation import template
from voxplain.preparation.itk import affine_matrix
from voxplain.preparation.transforms import LPS_FROM_RAS, Affine, Transform, lps
from voxplain.run.atomic import TEMPORARY

if TYPE_CHECKING:
    import ants


def require() -> str:
    """Return ANTsPy's version.

    Raises
    ------
    ConfigError
        If it is not installed.
    """
    try:
        return version("antspyx")
    except ImportError as error:
        raise ConfigError(
            "registration.method is antspy, but ANTsPy is not installed: "
            "pip install 'voxplain[ants]'"
        ) from error


def register(
    data: np.ndarray, grid: Grid, seed: int, scratch: str | os.PathLike[str] | None = None
) -> Transform:
    """Register a brain to the MNI152 template of nilearn by an affine.

    With one thread and a fixed seed the same brain gives the same bits on one machine.

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
    require()
    os.environ["ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"] = "1"  # read when ITK is loaded
    import ants

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


def _image(data: np.ndarray, grid: Grid) -> "ants.ANTsImage":
    """Return an array as an image of ANTs, whose world coordinates are LPS."""
    import ants

    affine = LPS_FROM_RAS @ grid.affine
    direction = affine[:3, :3] / grid.voxel_sizes
    if np.abs(direction.T @ direction - np.eye(3)).max() > 1e-4:
        raise TransformError("has voxel axes that are not orthogonal, which ANTs cannot represent")
    return ants.from_numpy(
        np.asarray(data, np.float32),
        origin=affine[:3, 3].tolist(),
        spacing=grid.voxel_sizes.tolist(),
        direction=direction,
    )
