"""Reading transforms of ITK: affines as text or binary, composites in HDF5 (ANTs, fMRIPrep).

A transform maps points of the reference (MNI152) to points of the source, LPS mm, which is what
resampling an image into MNI152 needs. An affine is ``x -> M (x - c) + c + t`` with M row by row. Of
a composite, the last transform is applied to a point first. Messages do not name the file; the
caller adds it.
"""

import io
from typing import TYPE_CHECKING

import numpy as np

from voxplain.errors import TransformError
from voxplain.preparation.transforms import LPS_FROM_RAS, Affine, DisplacementField, Transform, lps

if TYPE_CHECKING:
    import h5py

_MATRIX_TYPES = ("AffineTransform", "MatrixOffsetTransformBase")


def read_text(content: bytes) -> Transform:
    """Read a text file with one affine.

    Raises
    ------
    TransformError
        The file has another number of transforms, or another kind.
    """
    fields: dict[str, list[str]] = {}
    for line in content.decode("ascii", errors="replace").splitlines():
        key, colon, value = line.partition(":")
        if colon and not line.startswith("#"):
            fields.setdefault(key.strip(), []).append(value)
    needed = [fields.get(key, []) for key in ("Transform", "Parameters", "FixedParameters")]
    if any(len(values) != 1 for values in needed):
        raise TransformError(
            "holds no single, complete transform; save it as one (antsApplyTransforms -o "
            "Linear[...])"
        )
    kind, *numbers = (values[0] for values in needed)
    try:
        parameters, fixed = (np.array(text.split(), dtype=float) for text in numbers)
    except ValueError as error:
        raise TransformError(f"has parameters that are not numbers ({error})") from error
    return _affine(kind.strip(), parameters, fixed)


def affine_text(transform: Transform) -> str:
    """Return an affine transform as the text file that `read_text` reads.

    Parameters
    ----------
    transform : Transform
        Affine throughout.
    """
    matrix = LPS_FROM_RAS @ transform.matrix() @ LPS_FROM_RAS
    parameters = [*matrix[:3, :3].ravel(), *matrix[:3, 3]]
    return (
        "#Insight Transform File V1.0\n#Transform 0\nTransform: AffineTransform_double_3_3\n"
        f"Parameters: {' '.join(map(repr, map(float, parameters)))}\nFixedParameters: 0 0 0\n"
    )


def read_binary(content: bytes) -> Transform | None:
    """Read a binary .mat with one affine: two MATLAB v4 matrices, the first named by its type.

    None if the content is not a MATLAB file.

    Raises
    ------
    TransformError
        The MATLAB file holds something else.
    """
    from scipy.io import loadmat

    try:
        variables = loadmat(io.BytesIO(content))
    except Exception:  # loadmat lets through whatever its parsing raises
        return None
    names = [name for name in variables if not name.startswith("__")]
    kinds = [name for name in names if name != "fixed"]
    if len(kinds) != 1 or "fixed" not in names:
        raise TransformError(f"is a MATLAB file with {names}, not an ITK transform")
    return _affine(kinds[0], variables[kinds[0]].ravel(), variables["fixed"].ravel())


def _affine(kind: str, parameters: np.ndarray, fixed: np.ndarray) -> Transform:
    return Transform("ITK affine", lps(_stage(kind, parameters, fixed)))


def _stage(kind: str, parameters: np.ndarray, fixed: np.ndarray) -> Affine:
    """Return an affine of LPS points."""
    if not kind.startswith(_MATRIX_TYPES) or len(parameters) != 12 or len(fixed) != 3:
        raise TransformError(
            f"is an ITK {kind}; an affine to MNI152 is needed ({' or '.join(_MATRIX_TYPES)})"
        )
    return Affine(affine_matrix(parameters, fixed))


def affine_matrix(parameters: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Return an affine of ITK as a (4, 4) matrix of LPS points.

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


def read_composite(content: bytes) -> Transform:
    """Read HDF5 with affines and displacement fields, as fMRIPrep and antsRegistration write it.

    Raises
    ------
    TransformError
        The file is damaged, or has no transform or one of another kind.
    """
    import h5py

    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            groups = file["TransformGroup"]
            members = [_member(groups[name]) for name in sorted(groups, key=int)]
    except (OSError, KeyError, ValueError) as error:
        raise TransformError(f"is not an ITK transform in HDF5 ({error})") from error
    stages = [stage for stage in members if stage is not None]
    if not stages:
        raise TransformError("contains no transform; make it again")
    names = {Affine: "affine", DisplacementField: "displacement field"}
    kind = "ITK composite: " + ", ".join(names[type(stage)] for stage in stages)
    return Transform(kind, lps(*reversed(stages)))


def _member(group: "h5py.Group") -> Affine | DisplacementField | None:
    kind = np.ravel(group["TransformType"][()])[0].decode()
    if kind.startswith("CompositeTransform"):  # the list itself
        return None
    # ITK misspelled these names until version 5
    prefix = "Transform" if "TransformParameters" in group else "Tranform"
    parameters = group[f"{prefix}Parameters"][()]
    fixed = group[f"{prefix}FixedParameters"][()]
    if not kind.startswith("DisplacementFieldTransform"):
        return _stage(kind, parameters, fixed)
    size = fixed[:3].astype(int)
    if len(fixed) != 18 or len(parameters) != 3 * size.prod():
        raise TransformError("has a displacement field that is not 3-D or is truncated")
    to_points = np.eye(4)
    to_points[:3, :3] = fixed[9:].reshape(3, 3) * fixed[6:9]  # direction cosines times spacing
    to_points[:3, 3] = fixed[3:6]
    # x varies fastest over voxels, and the three components of a voxel are adjacent
    vectors = np.reshape(parameters, (*size[::-1], 3)).transpose(3, 2, 1, 0)
    return DisplacementField(to_points, np.ascontiguousarray(vectors, np.float32))
