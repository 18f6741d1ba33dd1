"""Headers of NIfTI-1/2 files, checked before a voxel is read."""

import math
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel.spatialimages import HeaderDataError

from voxplain.errors import ImageError
from voxplain.image.grid import Grid

REMEDY = "copy or download it again"
HEADER_BYTES = 540  # of NIfTI-2; NIfTI-1 has 348
MAX_VOXELS = 2**31  # several times the finest whole-brain images there are
MAX_EDGE = 2048  # voxels; an image is read slice by slice, so that this bounds the memory
VOXEL_EDGES = (0.05, 20.0)  # mm; what no scan of a brain falls outside of
_MIN_OFFSET = {348: 352, 540: 544}  # by the size of the header: four bytes tell of extensions
_UNITS = {1: "metres", 3: "micrometres"}  # NIfTI codes of space that are not mm (2) or unknown (0)
_MAX_COSINE = 0.01  # between axes: half a degree, far beyond the rounding of headers


@dataclass(frozen=True)
class Header:
    """The checked header of a 3-D NIfTI file.

    Attributes
    ----------
    path : Path
        The file.
    participant : str or None
        The participant, for messages.
    grid : Grid
        Grid in the file's own orientation.
    dtype : numpy.dtype
        Stored type, with the file's byte order.
    slope, intercept : float
        Values are ``stored * slope + intercept``.
    offset : int
        Byte at which the voxels start (uncompressed).
    xform_code : int
        NIfTI code of the transform that gave the affine.
    """

    path: Path
    participant: str | None
    grid: Grid
    dtype: np.dtype
    slope: float
    intercept: float
    offset: int
    xform_code: int

    def error(self, problem: str) -> ImageError:
        """Return an error that names this file."""
        return error_of(self.path, self.participant, problem)

    def scaled(self, stored: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Return stored values as float32 in the image's units, without a copy where possible.

        Parameters
        ----------
        stored : array
            Values as they lie in the file.
        out : float32 array of the same shape, optional
            Memory to use instead of new memory, which costs more than the conversion.
        """
        with np.errstate(over="ignore"):  # float64 beyond float32 becomes inf: reported later
            if self.slope == 1 and self.intercept == 0:
                if out is None or stored.dtype == np.float32:
                    return stored.astype(np.float32, copy=False)
                np.copyto(out, stored, casting="same_kind")
                return out
            # float32 has 2^24 levels only, so wider integers are scaled in float64.
            wide = np.dtype(np.float64 if self.dtype.itemsize > 2 else np.float32)
            scaled = stored.astype(wide)
            scaled *= wide.type(self.slope)
            scaled += wide.type(self.intercept)
            return scaled.astype(np.float32, copy=False)


def error_of(path: Path, participant: str | None, problem: str) -> ImageError:
    """Return an error that names a file and, if known, the participant.

    Parameters
    ----------
    path : Path
        The file.
    participant : str or None
        The participant, if the file belongs to one.
    problem : str
        What is wrong with the file, and the remedy; a participant can always be excluded instead.
    """
    if participant is None:
        return ImageError(f"{path} {problem}")
    return ImageError(
        f"{participant}: {path} {problem}, or exclude the participant with cohort.exclude"
    )


def parse(path: Path, participant: str | None, block: bytes) -> Header:
    """Check the first bytes of a file and turn them into a `Header`.

    Parameters
    ----------
    path : Path
        The file, for messages.
    participant : str or None
        The participant, for messages.
    block : bytes
        The first `HEADER_BYTES` bytes, or fewer if the file has no more.

    Raises
    ------
    ImageError
        If this is not the header of one 3-D volume of real numbers with a usable affine.
    """

    def refuse(problem: str) -> ImageError:
        return error_of(path, participant, problem)

    if len(block) >= 348 and block[344:348] == b"n+1\0":
        raw = nib.Nifti1Header(bytes(block[:348]), check=False)
    elif len(block) >= 540 and block[4:12] == b"n+2\0\r\n\x1a\n":
        raw = nib.Nifti2Header(bytes(block), check=False)
    elif len(block) < 348:
        raise refuse(f"is truncated (its header has {len(block)} bytes of 348); {REMEDY}")
    else:
        raise refuse(
            "is not a single-file NIfTI image (.nii or .nii.gz); check the path or convert the file"
        )
    if raw["pixdim"][0] == 0:  # not filled in: the standard says 1
        raw["pixdim"][0] = 1
    try:
        sizes = _sizes(raw)
        dtype, slope, intercept = _values(raw)
        offset = float(raw["vox_offset"])
        if not _MIN_OFFSET[raw.template_dtype.itemsize] <= offset < 2**31:
            raise ImageError(f"has an unusable header (voxels at byte {offset:g}); {REMEDY}")
        return Header(
            path=path,
            participant=participant,
            grid=Grid(sizes, _affine(raw, sizes)),
            dtype=dtype,
            slope=slope,
            intercept=intercept,
            offset=int(offset),
            xform_code=int(raw["sform_code"]) or int(raw["qform_code"]),
        )
    except ImageError as error:
        raise refuse(str(error)) from error


def _sizes(raw: nib.Nifti1Header) -> tuple[int, int, int]:
    n_dims = int(raw["dim"][0])
    sizes = tuple(int(size) for size in raw["dim"][1 : max(n_dims, 0) + 1])
    while len(sizes) > 3 and sizes[-1] == 1:
        sizes = sizes[:-1]
    text = " x ".join(map(str, sizes))
    if n_dims != len(raw["dim"][1 : n_dims + 1]) or min(sizes, default=0) < 1:
        raise ImageError(f"has an unusable header ({n_dims} axes: {text}); {REMEDY}")
    if len(sizes) != 3:
        raise ImageError(
            f"is {len(sizes)}-D ({text}), not one 3-D volume; extract the volume you mean"
        )
    if math.prod(sizes) > MAX_VOXELS:
        raise ImageError(
            f"has {math.prod(sizes):.3g} voxels according to its header ({text}), more than any "
            f"brain image; {REMEDY}"
        )
    if max(sizes) > MAX_EDGE:
        raise ImageError(
            f"has {text} voxels according to its header, more than any brain image; {REMEDY}"
        )
    x, y, z = sizes
    return x, y, z


def _values(raw: nib.Nifti1Header) -> tuple[np.dtype, float, float]:
    try:
        dtype = raw.get_data_dtype()
        slope, intercept = raw.get_slope_inter()
    except (HeaderDataError, KeyError) as error:
        code = int(raw["datatype"])
        raise ImageError(f"has an unusable header (values of type {code}); {REMEDY}") from error
    if dtype.kind not in "iuf":
        raise ImageError(
            f"stores {dtype} values (complex or colour), not one number per voxel; convert it"
        )
    return dtype, 1.0 if slope is None else float(slope), float(intercept or 0)


def _affine(raw: nib.Nifti1Header, sizes: tuple[int, int, int]) -> np.ndarray:
    """Return the affine, which must be plausible, without shear and not contradicted."""
    if not (raw["sform_code"] > 0 or raw["qform_code"] > 0):
        raise ImageError(
            "has no orientation (sform_code and qform_code are 0), so left and right are unknown; "
            "set its sform or qform"
        )
    unit = int(raw["xyzt_units"]) % 8
    if unit not in (0, 2):
        raise ImageError(
            f"gives its lengths in {_UNITS.get(unit, f'an unknown unit ({unit})')}, not mm; "
            "correct its affine and xyzt_units"
        )
    try:
        grid = Grid(sizes, raw.get_best_affine())
        _check_forms(raw, grid)
    except (ImageError, HeaderDataError, ValueError) as error:
        raise ImageError(f"has an unusable affine ({error}); correct its header") from error
    edges = grid.voxel_sizes
    text = " x ".join(f"{edge:.3g}" for edge in edges)
    if edges.min() < VOXEL_EDGES[0] or edges.max() > VOXEL_EDGES[1]:
        raise ImageError(f"has voxels of {text} mm, which no brain scan has; correct its affine")
    axes = grid.affine[:3, :3] / edges
    cosine = np.abs(axes.T @ axes - np.eye(3)).max()
    if cosine > _MAX_COSINE:
        angle = np.degrees(np.arccos(min(cosine, 1)))
        raise ImageError(
            f"has a sheared affine (two axes at {angle:.0f} degrees), so its voxels are not boxes; "
            "resample it"
        )
    return grid.affine


def _check_forms(raw: nib.Nifti1Header, grid: Grid) -> None:
    """Refuse a qform that contradicts the sform.

    They may refer to different spaces (scanner and template), and then the sform is used; but
    neither may swap left and right, and two forms of one space must put the voxels in one place.
    """
    qform, code = raw.get_qform(coded=True)
    if not (code and raw["sform_code"] > 0):
        return
    other = Grid(grid.shape, qform)
    between = (grid.affine @ np.linalg.inv(qform))[:3, :3]
    if np.linalg.det(between) < 0 or between[0, 0] < 0:
        raise ImageError("sform and qform disagree on left and right")
    if code == raw["sform_code"] and not grid.matches(other, grid.voxel_sizes.min() / 2):
        raise ImageError("sform and qform have the same code but put the voxels in two places")
