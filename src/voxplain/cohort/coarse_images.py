"""One participant's image on the run's grid, with its row of quality control."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from voxplain.cohort.quality import quality_row
from voxplain.cohort.scans import Scan
from voxplain.image.downsample import downsample_file
from voxplain.image.grid import Grid
from voxplain.preparation.settings import RegistrationSettings
from voxplain.preparation.spaces import origin


@dataclass(frozen=True)
class CoarseImage:
    """An image on the run's grid.

    Attributes
    ----------
    volume : numpy.ndarray of float32, shape (X, Y, Z)
        Box means, RAS.
    grid : Grid
        Where its voxels lie.
    quality : dict
        `voxplain.cohort.quality.quality_row`; of a registered image also template_dice.
    origin : dict
        Space and provenance, for the sidecar.
    """

    volume: np.ndarray
    grid: Grid
    quality: dict[str, Any]
    origin: dict[str, Any]


def coarse_image(
    participant: str,
    scan: Scan,
    shape: tuple[int, int, int],
    settings: RegistrationSettings,
    space: str,
    seed: int,
    scratch: Path,
) -> CoarseImage:
    """Bring one participant's image onto the run's grid, registered if asked for.

    Parameters
    ----------
    participant : str
    scan : Scan
        The image, its mask and its transform.
    shape : tuple of int
        Voxels along the right, anterior and superior axes.
    settings : RegistrationSettings
        With ``reference`` as a path that can be opened.
    space : str
        Of the result (`RegistrationSettings.space_after`).
    seed : int
        Of the registration.
    scratch : Path
        A folder for files in between.

    Raises
    ------
    ImageError, TransformError
        The image, mask or transform cannot be used, or the image shows no brain.
    """
    if settings.method == "none":
        downsampled = downsample_file(scan.image, shape, participant, scan.mask)
        volume, grid, statistics = downsampled
        quality = quality_row(participant, volume, statistics)
        return CoarseImage(volume, grid, quality, origin(participant, scan.image, scan.mask, space))
    from voxplain.preparation.to_mni152 import register  # what costs time to import

    registered = register(
        participant, scan.image, scan.mask, scan.transform, shape, settings, space, seed, scratch
    )
    quality = quality_row(participant, registered.volume, registered.statistics)
    quality["template_dice"] = registered.origin["TemplateDice"]
    return CoarseImage(registered.volume, registered.grid, quality, registered.origin)
