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
ITK transform : points of the reference (MNI152) to points of the source, LPS mm, which is what
    resampling an image into MNI152 needs. ``x -> M (x - c) + c + t`` with M row by row.
ITK composite : the last of its transforms is applied to a point first.
"""

import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import nibabel as nib
import numpy as np
from isal import igzip

from voxplain.errors import ImageError, TransformError
from voxplain.image import archives
from voxplain.image.grid import Grid
from voxplain.preparation.transforms import (
    Affine,
    DisplacementField,
    Transform,
    fsl_from_voxels,
    fsl_from_world,
    lps,
)

if TYPE_CHECKING:
    import h5py

_HDF5 = b"\x89HDF\r\n\x1a\n"
_ITK_TEXT = b"#Insight Transform File"
_GZIP = b"\x1f\x8b"
_RELATIVE, _COEFFICIENTS = 2006, (2007, 2008, 2009)  # NIfTI intent codes of FNIRT
_MATRIX_TYPES = ("AffineTransform", "MatrixOffsetTransformBase")
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
        return _itk_composite(content)
    if content.startswith(_ITK_TEXT):
        return Transform("ITK affine", lps(_itk_affine(*_itk_text(content))))
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
    return Transform("ITK affine", lps(_itk_affine(*_itk_binary(content))))


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


def _itk_text(content: bytes) -> tuple[str, np.ndarray, np.ndarray]:
    """Return type, parameters and fixed parameters of an ITK text file with one transform."""
    fields: dict[str, list[str]] = {}
    for line in content.decode("ascii", errors="replace").splitlines():
        key, colon, value = line.partition(":")
        if colon and not line.startswith("#"):
            fields.setdefault(key.strip(), []).append(value)
    needed = [fields.get(key, []) for key in ("Transform", "Parameters", "FixedParameters")]
    if any(len(values) != 1 for values in needed):
        raise TransformError(
            f"holds {len(needed[0])} transforms; save them as one (antsApplyTransforms -o "
            "Linear[...])"
        )
    kind, *numbers = (values[0] for values in needed)
    try:
        parameters, fixed = (np.array(text.split(), dtype=float) for text in numbers)
    except ValueError as error:
        raise TransformError(f"has parameters that are not numbers ({error})") from error
    return kind.strip(), parameters, fixed


def _itk_binary(content: bytes) -> tuple[str, np.ndarray, np.ndarray]:
    """Return the same for ITK's binary .mat: two MATLAB v4 matrices, the first named by type."""
    from scipy.io import loadmat

    try:
        variables = loadmat(io.BytesIO(content))
    except Exception as error:  # loadmat raises whatever its parsing meets
        raise TransformError(f"is not {KINDS}") from error
    names = [name for name in variables if not name.startswith("__")]
    kinds = [name for name in names if name != "fixed"]
    if len(kinds) != 1 or "fixed" not in names:
        raise TransformError(f"is a MATLAB file with {names}, not an ITK transform")
    return kinds[0], variables[kinds[0]].ravel(), variables["fixed"].ravel()


def _itk_affine(kind: str, parameters: np.ndarray, fixed: np.ndarray) -> Affine:
    if not kind.startswith(_MATRIX_TYPES) or len(parameters) != 12 or len(fixed) != 3:
        raise TransformError(
            f"is an ITK {kind}; an affine to MNI152 is needed ({' or '.join(_MATRIX_TYPES)})"
        )
    return Affine(itk_matrix(parameters, fixed))


def itk_matrix(parameters: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Return ITK's affine as a (4, 4) matrix of LPS points.

    Parameters
    ----------
    parameters : (12,) array
        The matrix row by row, then the translation, mm.
    centre : (3,) array
        The fixed parameters: the centre of rotation, mm.

    Raises
    ------
    TransformError
        The matrix cannot be inverted.
    """
    matrix = np.eye(4)
    matrix[:3, :3] = np.reshape(parameters[:9], (3, 3))
    matrix[:3, 3] = np.asarray(parameters[9:]) + centre - matrix[:3, :3] @ centre
    if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < 1e-9:
        raise TransformError("is an affine that cannot be inverted; register the image again")
    return matrix


def _itk_composite(content: bytes) -> Transform:
    """Read ITK's HDF5: affines and displacement fields, as fMRIPrep and antsRegistration write."""
    import h5py

    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            groups = file["TransformGroup"]
            members = [_itk_member(groups[name]) for name in sorted(groups, key=int)]
    except (OSError, KeyError, ValueError) as error:
        raise TransformError(f"is not an ITK transform in HDF5 ({error})") from error
    stages = [stage for stage in members if stage is not None]
    if not stages:
        raise TransformError("contains no transform; make it again")
    names = {Affine: "affine", DisplacementField: "displacement field"}
    kind = "ITK composite: " + ", ".join(names[type(stage)] for stage in stages)
    return Transform(kind, lps(*reversed(stages)))


def _itk_member(group: "h5py.Group") -> Affine | DisplacementField | None:
    kind = np.ravel(group["TransformType"][()])[0].decode()
    if kind.startswith("CompositeTransform"):  # the list itself
        return None
    # ITK misspelled these names until version 5
    prefix = "Transform" if "TransformParameters" in group else "Tranform"
    parameters = group[f"{prefix}Parameters"][()]
    fixed = group[f"{prefix}FixedParameters"][()]
    if not kind.startswith("DisplacementFieldTransform"):
        return _itk_affine(kind, parameters, fixed)
    size = fixed[:3].astype(int)
    if len(fixed) != 18 or len(parameters) != 3 * size.prod():
        raise TransformError("has a displacement field that is not 3-D or is truncated")
    to_points = np.eye(4)
    to_points[:3, :3] = fixed[9:].reshape(3, 3) * fixed[6:9]  # direction cosines times spacing
    to_points[:3, 3] = fixed[3:6]
    # x varies fastest over voxels, and the three components of a voxel are adjacent
    vectors = np.reshape(parameters, (*size[::-1], 3)).transpose(3, 2, 1, 0)
    return DisplacementField(to_points, np.ascontiguousarray(vectors, np.float32))


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
