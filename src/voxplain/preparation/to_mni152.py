"""One participant's image on the run's grid in MNI152, and its provenance."""

import functools
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from voxplain.errors import TransformError
from voxplain.image import nifti
from voxplain.image.grid import Grid
from voxplain.image.masked import BRAIN_ML, ImageStatistics, read_masked, tissue
from voxplain.preparation import antspy, template
from voxplain.preparation.readers import read_transform
from voxplain.preparation.resample import MNI152, resample
from voxplain.preparation.settings import RegistrationSettings
from voxplain.preparation.spaces import origin
from voxplain.preparation.transforms import Transform


@dataclass(frozen=True)
class Registered:
    """An image in MNI152.

    Attributes
    ----------
    volume : (X, Y, Z) float32 array
        Box means, RAS.
    grid : Grid
        MNI152's field of view.
    statistics : ImageStatistics
        Of the image in its own space, so that its volume is the true one.
    origin : dict
        Space and provenance, for the sidecar.
    """

    volume: np.ndarray
    grid: Grid
    statistics: ImageStatistics
    origin: dict[str, Any]


def register(
    participant: str,
    image: str,
    mask: str | None,
    transform: str | None,
    shape: tuple[int, int, int],
    settings: RegistrationSettings,
    space: str,
    seed: int,
    scratch: Path | None = None,
) -> Registered:
    """Bring one participant's image into MNI152 and onto the run's grid.

    Parameters
    ----------
    participant : str
        The participant, for messages and the provenance.
    image : str
        Path of the image.
    mask : str or None
        Path of its brain mask, if there is one.
    transform : str or None
        Path of its transform to MNI152, for the method ``transforms`` alone.
    shape : tuple of int
        Voxels along the right, anterior and superior axes.
    settings : RegistrationSettings
        Its ``reference`` is a path that can be opened.
    space : str
        The space that the transform leads to (`RegistrationSettings.space_after`).
    seed : int
        For ANTsPy.
    scratch : Path, optional
        Folder for ANTsPy's temporary files; by default the machine's.

    Raises
    ------
    ImageError
        If the image or mask cannot be used.
    TransformError
        If the transform cannot be used or does not bring the brain onto the template's.
    """
    data, grid, statistics = read_masked(image, participant, mask)
    provenance = origin(participant, image, mask, space) | {"Method": settings.method}
    try:
        if settings.method == "conform":
            to_image, steps = Transform("identity"), {"TransformKind": "identity"}
        elif settings.method == "antspy":
            _check_volume(statistics.foreground_ml)
            to_image, steps = _by_antspy(data, grid, seed, scratch)
        else:
            to_image, steps = _from_file(transform, grid, settings.reference)  # also if prepared
        volume, mni = resample(data, grid, to_image, shape)
        overlap = template_overlap(volume)
    except TransformError as error:
        raise TransformError(f"{participant}: {error}") from error
    provenance |= steps | {"SourceGrid": grid.to_dict()} | overlap
    return Registered(volume, mni, statistics, provenance)


def _from_file(
    path: str | None, grid: Grid, reference: str | None
) -> tuple[Transform, dict[str, Any]]:
    """Read a participant's transform; return it with its provenance."""
    if path is None:
        raise TransformError("there is no transform of this image; see registration.transform")
    target = nifti.read_header(reference).grid if reference else None
    file = read_transform(path, grid, target)
    return file.transform, {
        "Transform": path,
        "TransformSHA256": file.sha256,
        "Reference": reference,
        "TransformKind": file.transform.kind,
    }


def _by_antspy(
    data: np.ndarray, grid: Grid, seed: int, scratch: Path | None
) -> tuple[Transform, dict[str, Any]]:
    """Compute an affine; return it with its provenance."""
    transform = antspy.register(data, grid, seed, scratch)
    return transform, {
        "Backend": f"antspyx {version('antspyx')}",
        "Template": template.NAME,
        "TransformKind": transform.kind,
        "MatrixFromMNI152": transform.matrix().tolist(),
    }


def _check_volume(foreground_ml: float) -> None:
    low, high = BRAIN_ML
    if not low < foreground_ml < high:
        raise TransformError(
            f"{foreground_ml:.0f} ml of the image are not zero, and a brain has {low:.0f} to "
            f"{high:.0f} ml; registration needs brain-extracted images or brain masks"
        )


@functools.cache
def _template_brain(shape: tuple[int, int, int]) -> np.ndarray:
    """Return the template's brain on a run's grid."""
    return template.mask_on(MNI152.coarsen(shape))


def template_overlap(volume: np.ndarray) -> dict[str, float]:
    """Compare an image's tissue with the template's brain.

    Parameters
    ----------
    volume : (X, Y, Z) float32 array
        A brain-extracted image on the run's grid in MNI152.

    Returns
    -------
    dict
        ``TemplateDice`` and ``TemplateCoverage`` (share of the template's brain that is tissue).

    Raises
    ------
    TransformError
        If the coverage is below `template.LEAST_COVERAGE`, because the transform's direction, its
        conventions or the participant are wrong.
    """
    n_x, n_y, n_z = volume.shape
    brain = _template_brain((n_x, n_y, n_z))
    inside = tissue(volume)
    both = int((brain & inside).sum())
    coverage = both / int(brain.sum())
    if coverage < template.LEAST_COVERAGE:
        raise TransformError(
            f"after registration the image covers {coverage:.0%} of the template's brain, less "
            f"than {template.LEAST_COVERAGE:.0%}; the transform may be of another participant or "
            "image, or lead from MNI152 to native space instead; check registration.transform"
        )
    dice = 2 * both / int(brain.sum() + inside.sum())
    return {"TemplateDice": round(dice, 4), "TemplateCoverage": round(coverage, 4)}
