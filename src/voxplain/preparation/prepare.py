"""From a T1-weighted image as the scanner wrote it to a brain with its way into MNI152."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from voxplain.errors import ImageError
from voxplain.image import archives
from voxplain.image.grid import Grid
from voxplain.image.masked import BRAIN_ML, read_masked
from voxplain.image.nifti import read_volume, write_volume
from voxplain.preparation import antspy, template
from voxplain.preparation.itk import affine_text
from voxplain.preparation.kinds import (
    CUT_CM2,
    MNI152_DICE,
    Kind,
    Shown,
    border_area,
    millilitres,
    template_dice,
    what_is_shown,
)
from voxplain.preparation.settings import PreparationSettings
from voxplain.preparation.transforms import Affine, Transform, lps
from voxplain.run.atomic import write_text
from voxplain.run.fingerprints import file_sha256
from voxplain.run.json_files import read_json, write_json

_LEAST_TISSUE = 0.8  # of a brain mask; the rest is dark fluid
_BRAIN, _MASK, _TRANSFORM, _TISSUES, _RECORD = (
    "brain.nii.gz",
    "brain_mask.nii.gz",
    "to_MNI152.txt",
    "tissues.nii.gz",
    "preparation.json",
)

# What quality control shows of a prepared image (`Prepared`).
MEASURED = ("shown", "mask_by", "brain_ml", "border_cm2", "fluid_ml", "grey_ml", "white_ml")

Extract = Callable[[np.ndarray, Grid], np.ndarray]  # a head and its grid to a brain mask


@dataclass(frozen=True)
class Prepared:
    """A prepared image.

    Attributes
    ----------
    image, mask, transform : str
        Files: the brain in its own space without bias field, its mask, and the affine to MNI152
        in ITK's text form.
    shown : str
        What the image showed: head, brain or brain in MNI152.
    mask_by : str
        Where the mask comes from: the user, deepbet, or the image's own zeros.
    brain_ml : float
        Volume of the brain, ml.
    border_cm2 : float
        Area in which the brain touches the border of the image, cm².
    fluid_ml, grey_ml, white_ml : float or None
        Volumes of the tissues, ml; None if they were not asked for.
    """

    image: str
    mask: str
    transform: str
    shown: str
    mask_by: str
    brain_ml: float
    border_cm2: float
    fluid_ml: float | None = None
    grey_ml: float | None = None
    white_ml: float | None = None


def prepare(
    image: str | Path,
    folder: str | Path,
    extract: Extract,
    settings: PreparationSettings,
    seed: int,
    mask: str | Path | None = None,
) -> Prepared:
    """Extract the brain of a T1-weighted image, correct its bias field and register it to MNI152.

    What `folder` holds already is used, if it was made from the same files and settings.

    Parameters
    ----------
    image : path_like
        A whole head or a brain, in any orientation.
    folder : path_like
        For the results; made if it does not exist.
    extract : callable
        A head (X, Y, Z) and its grid to a brain mask (`brain_extraction.brain_mask`).
    settings : PreparationSettings
        The steps.
    seed : int
        Of the registration.
    mask : path_like, optional
        Brain mask or segmentation of the image, which is then used.

    Raises
    ------
    ImageError
        The image or mask cannot be used, or shows no whole brain.
    TransformError
        The brain cannot be registered.
    """
    folder = Path(folder)
    sources = {
        "Image": _identity(image),
        "Mask": None if mask is None else _identity(mask),
        "Settings": asdict(settings) | {"seed": seed},
    }
    record = read_json(folder / _RECORD) if (folder / _RECORD).is_file() else {}
    if all(record.get(key) == value for key, value in sources.items()):
        return Prepared(**record["Result"])
    folder.mkdir(parents=True, exist_ok=True)
    head = look_at(image, mask)
    data, grid = head.data, head.grid
    brain, mask_by = _brain(head, extract, settings)
    if settings.bias_field:
        data = antspy.without_bias(data, grid, brain)
    # Zero means outside the brain to all that follows, so nothing inside may be zero.
    inside = np.where(brain, data, 0).astype(np.float32)
    floor = np.float32(1e-3 * np.median(inside[brain]))
    inside[brain] = np.maximum(inside[brain], floor)
    if template_dice(brain, grid) > MNI152_DICE:
        transform = Transform("identity", lps(Affine(np.eye(4))))
    else:
        transform = antspy.register(inside, grid, seed, folder)
    write_volume(folder / _BRAIN, inside, grid)
    write_volume(folder / _MASK, brain, grid)
    write_text(folder / _TRANSFORM, affine_text(transform))
    volumes = {}
    if settings.tissues:
        labels = antspy.tissues(inside, grid, brain)
        names = ("fluid_ml", "grey_ml", "white_ml")
        volumes = {name: millilitres(labels == k + 1, grid) for k, name in enumerate(names)}
        write_volume(folder / _TISSUES, labels, grid)
    prepared = Prepared(
        image=str(folder / _BRAIN),
        mask=str(folder / _MASK),
        transform=str(folder / _TRANSFORM),
        shown=str(head.shown.kind),
        mask_by=mask_by,
        brain_ml=millilitres(brain, grid),
        border_cm2=border_area(brain, grid),
        **volumes,
    )
    steps = {"TransformKind": transform.kind, "Template": template.NAME}
    result = {"Result": asdict(prepared), "ANTsPy": version("antspyx")}
    write_json(folder / _RECORD, sources | steps | result)  # last: all files are there
    return prepared


@dataclass(frozen=True, eq=False)
class Head:
    """An image before its preparation.

    Attributes
    ----------
    name : str
        Its path, for messages.
    data : (X, Y, Z) float32 array
        The whole image.
    grid : Grid
        Its grid.
    shown : Shown
        What it shows.
    mask : (X, Y, Z) bool array or None
        The user's brain mask, if there is one.
    """

    name: str
    data: np.ndarray
    grid: Grid
    shown: Shown
    mask: np.ndarray | None


def look_at(image: str | Path, mask: str | Path | None = None) -> Head:
    """Read an image and refuse what cannot be prepared, before anything costs time.

    Parameters
    ----------
    image, mask : path_like
        As for `prepare`.

    Raises
    ------
    ImageError
        The image cannot be read, is a CT or shows two heads, or the mask is of another image.
    """
    data, grid, _ = read_masked(image)
    with _naming(image):
        shown = what_is_shown(data, grid)
        brain = None if mask is None else _given(mask, grid, shown.solid)
        if brain is not None:
            _check_brain(brain, grid)
    return Head(str(image), data, grid, shown, brain)


def _brain(head: Head, extract: Extract, settings: PreparationSettings) -> tuple[np.ndarray, str]:
    """Return the brain mask and where it comes from."""
    if head.mask is not None:
        return head.mask, "user"
    wanted = settings.brain_extraction
    with _naming(head.name):
        if wanted == "always" or (wanted == "auto" and head.shown.kind == Kind.HEAD):
            brain, mask_by = extract(head.data, head.grid), "deepbet"
        else:
            brain, mask_by = head.shown.solid, "zeros in the image"
        _check_brain(brain, head.grid)
    return brain, mask_by


@contextlib.contextmanager
def _naming(image: str | Path) -> Iterator[None]:
    """Put an image's path before what is said of it."""
    try:
        yield
    except ImageError as error:
        raise ImageError(f"{image} {error}") from error


def _check_brain(brain: np.ndarray, grid: Grid) -> None:
    """Refuse a mask that has no brain's volume, or ends at the border of the image."""
    low, high = BRAIN_ML
    volume = millilitres(brain, grid)
    if not low < volume < high:
        raise ImageError(
            f"shows a brain of {volume:.0f} ml, and a brain has {low:.0f} to {high:.0f} ml; give a "
            "whole head or a brain mask, or exclude the participant"
        )
    if (cut := border_area(brain, grid)) > CUT_CM2:
        raise ImageError(
            f"cuts the brain off: {cut:.0f} cm² of it lie on the border of the image; give an "
            "image of the whole brain, or exclude the participant"
        )


def _identity(path: str | Path) -> dict[str, str]:
    """Return a file's path and the digest of it or of the archive that holds it."""
    return {"Path": str(path), "SHA256": file_sha256(archives.split(path)[0])}


def _given(path: str | Path, grid: Grid, solid: np.ndarray) -> np.ndarray:
    """Read the user's mask or segmentation; it must belong to the image."""
    values, mask_grid = read_volume(path)
    if not mask_grid.matches(grid):
        raise ImageError(f"has another grid than its mask {path}; resample the mask to it")
    mask = values > 0.5
    inside = float(solid[mask].mean()) if mask.any() else 0.0
    if inside < _LEAST_TISSUE:
        raise ImageError(
            f"has tissue in only {inside:.0%} of its mask {path}; give the mask of this image"
        )
    return mask
