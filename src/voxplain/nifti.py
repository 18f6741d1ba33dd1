"""Reading and writing NIfTI-1/2 files: streamed, checked, atomic.

Files are inflated by isal and read straight through, so that reading also verifies: a truncated
stream, a bad checksum or a header that promises more than the file holds is an `ImageError`.
"""

import contextlib
import io
import os
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import nibabel as nib
import numpy as np
from isal import igzip, isal_zlib
from nibabel.spatialimages import HeaderDataError

from voxplain import archives, files
from voxplain.errors import ImageError
from voxplain.grid import Grid

DROP = "drop the participant with cohort.exclude"
REMEDY = f"re-download it or {DROP}"
GZIP_MAGIC = b"\x1f\x8b"
XFORM_ALIGNED = 2  # NIfTI code "coordinates aligned to another image or to some standard"
_DAMAGED = (igzip.BadGzipFile, isal_zlib.error, zlib.error, zipfile.BadZipFile)


@dataclass(frozen=True)
class Header:
    """What the header of a 3-D NIfTI file says, checked.

    Attributes
    ----------
    path : Path
        The file.
    participant : str or None
        Whose image it is, for messages.
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
        return _error(self.path, self.participant, problem)

    def scaled(self, stored: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Return stored values as float32 in the image's units, without a copy where possible.

        `out` (float32, the shape of `stored`) is memory to use instead of new memory, which costs
        more than the conversion; values that need none are returned as they lie.
        """
        with np.errstate(over="ignore"):  # float64 beyond float32 becomes inf: reported later
            if self.slope == 1 and self.intercept == 0:
                if out is None or stored.dtype == np.float32:
                    return stored.astype(np.float32, copy=False)
                np.copyto(out, stored, casting="same_kind")
                return out
            # Wide integers times a slope need float64 on the way: 2^24 levels are all float32 has.
            wide = np.float64 if self.dtype.itemsize > 2 else np.float32
            scaled = stored.astype(wide) * wide(self.slope) + wide(self.intercept)
            return scaled.astype(np.float32, copy=False)


def _error(path: Path, participant: str | None, problem: str) -> ImageError:
    who = f"{participant}: " if participant else ""
    return ImageError(f"{who}{path} {problem}")


def _damaged(path: Path, participant: str | None, error: Exception) -> ImageError:
    kind = "zip archive" if isinstance(error, zipfile.BadZipFile) else "gzip file"
    return _error(path, participant, f"is a damaged {kind} ({error}); {REMEDY}")


@contextlib.contextmanager
def _inflated(path: Path, participant: str | None) -> Iterator[BinaryIO]:
    """Open a file or an archive's member, inflating it if its first bytes are gzip's."""
    on_disk, _ = archives.split(path)
    if not on_disk.exists():
        raise _error(path, participant, f"does not exist; check the path or {REMEDY}")
    if on_disk.is_dir():
        raise _error(path, participant, "is a folder, not an image file")
    with contextlib.ExitStack() as stack:
        try:
            raw = stack.enter_context(archives.opened(path))
            magic = raw.read(2)
        except ImageError as error:
            raise _error(path, participant, str(error)) from error
        except _DAMAGED as error:
            raise _damaged(path, participant, error) from error
        if not magic:
            raise _error(path, participant, f"is empty (0 bytes); {REMEDY}")
        raw.seek(0)
        if magic == GZIP_MAGIC:
            with igzip.IGzipFile(fileobj=raw) as inflated:
                yield inflated
        else:
            yield raw


def _read_exactly(stream: BinaryIO, buffer: memoryview) -> int:
    """Fill `buffer`; return how many bytes there were before the stream ended or was cut."""
    done = 0
    while done < len(buffer):
        try:
            count = stream.readinto(buffer[done:])
        except EOFError:  # the gzip stream stops before its end marker
            break
        if not count:
            break
        done += count
    return done


def _parse(path: Path, participant: str | None, stream: BinaryIO) -> Header:
    block = bytearray(540)  # a NIfTI-2 header; a NIfTI-1 header has 348 bytes
    try:
        n_read = _read_exactly(stream, memoryview(block))
    except _DAMAGED as error:
        raise _damaged(path, participant, error) from error
    if n_read >= 348 and block[344:348] == b"n+1\0":
        raw = nib.Nifti1Header(bytes(block[:348]), check=False)
    elif n_read >= 540 and block[4:12] == b"n+2\0\r\n\x1a\n":
        raw = nib.Nifti2Header(bytes(block), check=False)
    elif n_read < 348:
        problem = f"is truncated (its header has {n_read} bytes of 348); {REMEDY}"
        raise _error(path, participant, problem)
    else:
        problem = "is not a NIfTI file (.nii or .nii.gz in one piece); convert it first"
        raise _error(path, participant, problem)
    return _check(path, participant, raw)


def _check(path: Path, participant: str | None, raw: nib.Nifti1Header) -> Header:
    """Turn nibabel's header into ours; refuse what is not a 3-D volume of numbers with a place."""
    n_dims = int(raw["dim"][0])
    sizes = tuple(int(size) for size in raw["dim"][1 : n_dims + 1])
    while len(sizes) > 3 and sizes[-1] == 1:
        sizes = sizes[:-1]
    if len(sizes) != 3 or min(sizes) < 1:
        text = " x ".join(map(str, sizes))
        problem = f"is {len(sizes)}-D ({text}), not one 3-D volume; extract the volume you mean"
        raise _error(path, participant, problem)
    try:
        dtype = raw.get_data_dtype()
        slope, intercept = raw.get_slope_inter()
    except HeaderDataError as error:
        raise _error(path, participant, f"has an unusable header ({error}); {REMEDY}") from error
    if dtype.kind not in "iuf":
        problem = f"stores {dtype} values (complex or colour), not one number per voxel; convert it"
        raise _error(path, participant, problem)
    codes = [int(raw["sform_code"]), int(raw["qform_code"])]
    if not any(codes):
        problem = (
            "has no orientation (sform_code and qform_code are 0), so left and right are unknown; "
            "set its sform or qform"
        )
        raise _error(path, participant, problem)
    try:
        grid = Grid(sizes, raw.get_best_affine())
    except (ImageError, HeaderDataError, ValueError) as error:
        raise _error(path, participant, f"has an unusable affine ({error}); {REMEDY}") from error
    return Header(
        path=path,
        participant=participant,
        grid=grid,
        dtype=dtype,
        slope=1.0 if slope is None else float(slope),
        intercept=0.0 if intercept is None else float(intercept),
        offset=int(raw["vox_offset"]),
        xform_code=codes[0] or codes[1],
    )


def read_header(path: str | os.PathLike, participant: str | None = None) -> Header:
    """Read and check the header of a NIfTI file.

    Parameters
    ----------
    path : path_like
        A ``.nii`` or ``.nii.gz`` file of one 3-D volume (further axes of length 1 are dropped), or
        such a member of a zip archive (see `voxplain.archives`).
    participant : str, optional
        Whose image it is; put in front of every message.

    Raises
    ------
    ImageError
        If the file is missing, empty, truncated, not NIfTI, not 3-D, complex, without orientation
        or with a singular affine. For an uncompressed file the length is checked, too.
    """
    path = Path(path)
    with _inflated(path, participant) as stream:
        header = _parse(path, participant, stream)
        if not isinstance(stream, igzip.IGzipFile):
            expected = header.offset + header.grid.n_voxels * header.dtype.itemsize
            size = archives.size(path)
            if size < expected:
                raise _truncated(header, size, expected)
    return header


def _truncated(header: Header, n_read: int, expected: int) -> ImageError:
    unit, name = (1e6, "MB") if expected >= 1e6 else (1e3, "kB")
    amount = f"read {n_read / unit:.1f} of {expected / unit:.1f} {name}"
    return header.error(f"is truncated ({amount}); {REMEDY}")


def read_slabs(header: Header, n_slices: int) -> Iterator[np.ndarray]:
    """Read the stored values slab by slab, never holding the volume.

    Parameters
    ----------
    header : Header
        From `read_header`.
    n_slices : int
        Slices per slab (along the file's last axis).

    Yields
    ------
    slab : (k, Y, X) array of the stored type
        The next ``k <= n_slices`` slices, axes in reversed order as they lie in the file. The
        memory is reused for the following slab.

    Raises
    ------
    ImageError
        If the file ends early, does not inflate or has a wrong checksum (known only at the end).
    """
    n_x, n_y, n_z = header.grid.shape
    slice_bytes = n_x * n_y * header.dtype.itemsize
    buffer = bytearray(slice_bytes * min(n_slices, n_z))
    expected = header.offset + slice_bytes * n_z
    with _inflated(header.path, header.participant) as stream:
        try:
            skipped = bytearray(header.offset)
            n_read = _read_exactly(stream, memoryview(skipped))
            for start in range(0, n_z, n_slices):
                count = min(n_slices, n_z - start)
                view = memoryview(buffer)[: count * slice_bytes]
                done = _read_exactly(stream, view)
                n_read += done
                if done < len(view):
                    raise _truncated(header, n_read, expected)
                yield np.frombuffer(view, header.dtype).reshape(count, n_y, n_x)
            while stream.read(1 << 20):  # the checksum stands behind the last voxel
                pass
        except EOFError as error:
            raise _truncated(header, n_read, expected) from error
        except _DAMAGED as error:
            raise _damaged(header.path, header.participant, error) from error


def read_volume(path: str | os.PathLike, participant: str | None = None) -> tuple[np.ndarray, Grid]:
    """Read a volume in its own orientation.

    Parameters
    ----------
    path : path_like
        A ``.nii`` or ``.nii.gz`` file.
    participant : str, optional
        Whose image it is; put in front of every message.

    Returns
    -------
    data : (X, Y, Z) float32 array
        Values with the file's slope and intercept applied; not checked for NaN.
    grid : Grid
        The file's own grid.

    Raises
    ------
    ImageError
        As `read_header` and `read_slabs`.
    """
    header = read_header(path, participant)
    # One slab is the whole volume; the list runs the generator to its end, where the checksum is.
    (volume,) = [np.array(header.scaled(slab)) for slab in read_slabs(header, header.grid.shape[2])]
    return volume.T, header.grid


def check_finite(data: np.ndarray, path: str | os.PathLike, participant: str | None = None) -> None:
    """Raise an `ImageError` that counts the voxels that are NaN or infinite, if any."""
    n_bad = data.size - int(np.count_nonzero(np.isfinite(data)))
    if n_bad:
        raise nonfinite_error(Path(path), participant, n_bad, data.size)


def nonfinite_error(path: Path, participant: str | None, n_bad: int, n_voxels: int) -> ImageError:
    """Return the error for an image with NaN or infinite voxels."""
    problem = f"has {n_bad} NaN or infinite voxels of {n_voxels}; repair it or {DROP}"
    return _error(path, participant, problem)


def write_volume(
    path: str | os.PathLike, data: np.ndarray, grid: Grid, xform_code: int = XFORM_ALIGNED
) -> None:
    """Write a volume as NIfTI-1, atomically and with the same bytes every time.

    Parameters
    ----------
    path : path_like
        Ends in ``.nii`` or ``.nii.gz``; missing folders are made.
    data : (X, Y, Z) array
        Written in its own type (booleans as uint8), without scaling.
    grid : Grid
        Becomes both sform and qform (the qform holds no shear), in mm.
    xform_code : int, default 2
        NIfTI code of the space: 1 scanner, 2 aligned, 4 MNI152.

    Raises
    ------
    ValueError
        If the shape is not the grid's, or the name has another ending.
    """
    name = Path(path).name
    if not name.endswith((".nii", ".nii.gz")):
        raise ValueError(f"{path} does not end in .nii or .nii.gz")
    if data.shape != grid.shape:
        raise ValueError(f"data of shape {data.shape} on a grid of shape {grid.shape}")
    if data.dtype == bool:
        data = data.astype(np.uint8)
    image = nib.Nifti1Image(data, grid.affine)
    image.set_sform(grid.affine, xform_code)
    image.set_qform(grid.affine, xform_code)
    image.header.set_xyzt_units("mm")
    buffer = io.BytesIO()
    image.to_stream(buffer)
    content = buffer.getvalue()
    if name.endswith(".gz"):
        content = igzip.compress(content, compresslevel=3, mtime=0)
    files.write_bytes(path, content)
