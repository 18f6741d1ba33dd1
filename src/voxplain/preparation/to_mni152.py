"""One participant's image on the run's grid in MNI152, and where it came from."""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from voxplain.errors import TransformError
from voxplain.image import nifti
from voxplain.image.grid import Grid
from voxplain.image.masked import ImageStatistics, read_masked, tissue
from voxplain.preparation import antspy, template
from voxplain.preparation.readers import read_transform
from voxplain.preparation.resample import MNI152, resample
from voxplain.preparation.settings import RegistrationSettings
from voxplain.preparation.spaces import origin
from voxplain.preparation.transforms import Transform

# A brain without its skull, ml; what has more is a head (or noise around it).
BRAIN_ML = (300.0, 2500.0)


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
        Of the image in its own space: its volume is the true one.
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
    participant, image, mask, transform : str
        Whose image it is, and the paths; no mask is None, as is the transform of other methods.
    shape : tuple of int
        Voxels along the right, anterior and superior axes.
    settings : RegistrationSettings
        With ``reference`` as a path that can be opened.
    space : str
        Where the transform leads (`spaces.space_after`).
    seed : int
        For ANTsPy.
    scratch : Path, optional
        A folder for ANTsPy's files in between; by default the machine's temporary one.

    Raises
    ------
    ImageError
        If the image or mask cannot be used.
    TransformError
        If the transform cannot be used or does not bring the brain onto the template's.
    """
    data, grid, statistics = read_masked(image, participant, mask)
    about = origin(participant, image, mask, space) | {"Method": settings.method}
    try:
        chain, more = _transform(data, grid, statistics, transform, settings, seed, scratch)
        volume, mni = resample(data, grid, chain, shape)
        overlap = template_overlap(volume)
    except TransformError as error:
        raise TransformError(f"{participant}: {error}") from error
    about |= more | {"SourceGrid": grid.to_dict()} | overlap
    return Registered(volume, mni, statistics, about)


def _transform(
    data: np.ndarray,
    grid: Grid,
    statistics: ImageStatistics,
    path: str | None,
    settings: RegistrationSettings,
    seed: int,
    scratch: Path | None,
) -> tuple[Transform, dict[str, Any]]:
    if settings.method == "conform":
        return Transform("identity"), {"TransformKind": "identity"}
    if settings.method == "transforms":
        reference = settings.reference
        target = nifti.read_header(reference).grid if reference else None
        found = read_transform(path, grid, target)
        more = {"Transform": path, "TransformSHA256": found.sha256, "Reference": reference}
        return found.transform, more | {"TransformKind": found.transform.kind}
    low, high = BRAIN_ML
    if not low < statistics.foreground_ml < high:
        raise TransformError(
            f"{statistics.foreground_ml:.0f} ml of the image are not zero, and a brain has "
            f"{low:.0f} to {high:.0f} ml; registration needs brain-extracted images or brain masks"
        )
    found = antspy.register(data, grid, seed, scratch)
    more = {
        "Backend": f"antspyx {antspy.require()}",
        "Template": template.NAME,
        "TransformKind": found.kind,
        "MatrixFromMNI152": found.matrix().tolist(),
    }
    return found, more


@functools.cache
def _template_brain(shape: tuple[int, int, int]) -> np.ndarray:
    """Return the template's brain on a run's grid."""
    return template.mask_on(MNI152.coarsen(shape))


def template_overlap(volume: np.ndarray) -> dict[str, float]:
    """Compare an image's tissue with the template's brain.

    Returns
    -------
    dict
        ``TemplateDice`` and ``TemplateCoverage`` (share of the template's brain that is tissue).

    Raises
    ------
    TransformError
        If the coverage is below `template.LEAST_COVERAGE`: the direction, the conventions or the
        participant are wrong.
    """
    brain = _template_brain(volume.shape)
    found = tissue(volume)
    both = int((brain & found).sum())
    coverage = both / int(brain.sum())
    if coverage < template.LEAST_COVERAGE:
        raise TransformError(
            f"after registration the image covers {coverage:.0%} of the template's brain, less "
            f"than {template.LEAST_COVERAGE:.0%}; the transform is another participant's, runs "
            "the other way (MNI152 to native), or belongs to another image"
        )
    dice = 2 * both / int(brain.sum() + found.sum())
    return {"TemplateDice": round(dice, 4), "TemplateCoverage": round(coverage, 4)}
