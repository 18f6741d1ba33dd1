"""Reading transforms of FSL, ITK (ANTs) and fMRIPrep, recognised by their content.

Conventions
-----------
FLIRT matrix : source to reference, in FSL's mm of the two images (see `fsl_from_voxels`).
FSL warp : on the reference's grid, in FSL's mm. A relative field holds displacements from a point
    of the reference to its place in the source, the affine part included (``fnirt --fout``, HCP's
    ``acpc_dc2standard``, applied there with ``applywarp --rel``); an absolute one holds that place.
    FNIRT's own fields (intent code 2006) are relative. Any other is read both ways, and the one
    that rotates and scales the brain less in world coordinates is used. (FSL compares standard
    deviations in its own coordinates, which fails if the image's axes are not those of MNI152.)
ITK transforms : see `voxplain.preparation.itk`.
"""

import hashlib
from dataclasses import dataclass

import nibabel as nib
import numpy as np
from isal import igzip

from voxplain.errors import ImageError, TransformError
from voxplain.image import archives
from voxplain.image.grid import Grid
from voxplain.preparation import itk
from voxplain.preparation.transforms import (
    Affine,
    DisplacementField,
    Transform,
    fsl_from_voxels,
    fsl_from_world,
)

_HDF5 = b"\x89HDF\r\n\x1a\n"
_ITK_TEXT = b"#Insight Transform File"
_GZIP = b"\x1f\x8b"
_RELATIVE, _COEFFICIENTS = 2006, (2007, 2008, 2009)  # NIfTI intent codes of FNIRT
KINDS = "an FSL warp field, a FLIRT matrix, an ITK affine or an ITK composite (.h5)"


@dataclass(frozen=True)
class TransformFile:
    """A transform and the digest of its file.

    Attributes
    ----------
    transform : Transform
        MNI152 world to the image's world.
    sha256 : str
        Of the file, or of the member of an archive.
    """

    transform: Transform
    sha256: str


def read_transform(path: str, image: Grid, reference: Grid | None = None) -> TransformFile:
    """Read the transform of one participant.

    Parameters
    ----------
    path : str
        A file, or a member of a zip archive (see `voxplain.image.archives`).
    image : Grid
        Grid of the participant's image; FSL's coordinates depend on it.
    reference : Grid, optional
        Grid of the image that a FLIRT matrix leads to; used for FLIRT matrices alone.

    Raises
    ------
    TransformError
        If the file is missing, damaged or not one of `KINDS`, if it mirrors left and right, or if a
        FLIRT matrix comes without its reference. The message names the file.
    """
    content = _bytes(path)
    try:
        transform = _parsed(content, image, reference)
        transform.check()
    except TransformError as error:
        raise TransformError(f"{path} {error}") from error
    return TransformFile(transform, hashlib.sha256(content).hexdigest())


def check_exists(path: str) -> None:
    """Raise a `TransformError` unless the file exists and is not empty."""
    _bytes(path, 1)


def _bytes(path: str, count: int = -1) -> bytes:
    try:
        with archives.opened(path) as stream:
            content = stream.read(count)
    except (OSError, ImageError) as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else str(error)
        raise TransformError(f"{path} {reason}; check registration.transform") from error
    if not content:
        raise TransformError(f"{path} is empty (0 bytes); make or download it again")
    return content


def _parsed(content: bytes, image: Grid, reference: Grid | None) -> Transform:
    if content.startswith(_GZIP):
        try:
            content = igzip.decompress(content)
        except (EOFError, OSError, ValueError, igzip.BadGzipFile) as error:
            raise TransformError(f"is a damaged gzip file ({error}); download it again") from error
    if content.startswith(_HDF5):
        return itk.read_composite(content)
    if content.startswith(_ITK_TEXT):
        return itk.read_text(content)
    if content[344:348] == b"n+1\0":
        return _fsl_warp(content, image)
    matrix = _flirt_matrix(content)
    if matrix is not None:
        if reference is None:
            raise TransformError(
                "is a FLIRT matrix, which depends on the image it was registered to; name that "
                "image in registration.reference"
            )
        source = fsl_from_world(image)
        world = np.linalg.inv(source) @ np.linalg.inv(matrix) @ fsl_from_world(reference)
        return Transform("FLIRT matrix", (Affine(world),))
    affine = itk.read_binary(content)
    if affine is None:
        raise TransformError(f"is not {KINDS}")
    return affine


def _flirt_matrix(content: bytes) -> np.ndarray | None:
    """Return the 4 x 4 matrix of a text file; None if the content is not a matrix."""
    try:
        rows = [line.split() for line in content.decode("ascii").splitlines() if line.strip()]
        matrix = np.array(rows, dtype=float)
    except (UnicodeDecodeError, ValueError):
        return None
    if matrix.shape != (4, 4):
        return None
    if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < 1e-9:
        raise TransformError("is a matrix that cannot be inverted; register the image again")
    return matrix


def _fsl_warp(content: bytes, image: Grid) -> Transform:
    """Read a warp field of FSL: three volumes on the grid of MNI152."""
    try:
        nifti = nib.Nifti1Image.from_bytes(content)
        values = np.asarray(nifti.dataobj, dtype=np.float32)
    except (OSError, ValueError, nib.filebasedimages.ImageFileError) as error:
        raise TransformError(f"is a damaged NIfTI file ({error}); download it again") from error
    intent = int(nifti.header["intent_code"])
    if intent in _COEFFICIENTS:
        raise TransformError(
            "holds FNIRT's spline coefficients; convert them to a field: "
            "fnirtfileutils --in=coefficients --ref=MNI152 --out=field --withaff"
        )
    if values.ndim != 4 or values.shape[3] != 3:
        raise TransformError(
            f"is a NIfTI file of shape {values.shape}, not an FSL warp field (X, Y, Z, 3); join a "
            "warp of ANTs and its affine into one composite (antsApplyTransforms -o "
            "CompositeTransform[...])"
        )
    if not np.isfinite(values).all():
        raise TransformError("has NaN or infinite displacements; register the image again")
    try:
        grid = Grid(values.shape[:3], nifti.affine)
    except ImageError as error:
        raise TransformError(f"has an unusable header: {error}") from error
    to_points = fsl_from_voxels(grid)
    vectors = np.moveaxis(values, 3, 0)
    into_fsl = Affine(fsl_from_world(grid))
    out_of_fsl = Affine(np.linalg.inv(fsl_from_world(image)))

    def chain(kind: str, displacements: np.ndarray) -> Transform:
        field = DisplacementField(to_points, np.ascontiguousarray(displacements))
        return Transform(f"FSL warp field, {kind}", (into_fsl, field, out_of_fsl))

    relative = chain("relative", vectors)
    if intent == _RELATIVE:
        return relative
    absolute = chain("absolute", vectors - _coordinates(to_points, grid.shape))
    return min(relative, absolute, key=_distance_from_identity)


def _distance_from_identity(transform: Transform) -> float:
    return float(np.linalg.norm(transform.linear_part() - np.eye(3)))


def _coordinates(to_points: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return FSL's mm of every voxel, (3, X, Y, Z); its axes are those of the voxels."""
    steps, offsets = np.diag(to_points)[:3], to_points[:3, 3]
    axes = [
        np.float32(step) * np.arange(n, dtype=np.float32) + np.float32(offset)
        for step, offset, n in zip(steps, offsets, shape, strict=True)
    ]
    return np.stack(np.meshgrid(*axes, indexing="ij"))
