"""Reading and writing NIfTI-1/2 files: streamed, checked, atomic.

Files are inflated by isal and read straight through, so that reading also verifies: a truncated
stream, a bad checksum or a header that claims more than the file holds is an `ImageError`.
"""

import contextlib
import io
import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
from isal import igzip, isal_zlib

from voxplain.errors import ImageError
from voxplain.image import archives
from voxplain.image.grid import Grid
from voxplain.image.nifti_header import HEADER_BYTES, REMEDY, Header, error_of, parse
from voxplain.run import files

GZIP_MAGIC = b"\x1f\x8b"
_VOXELS_AT = 352  # bytes, in a NIfTI-1 file without extensions
XFORM_ALIGNED = 2  # NIfTI code "coordinates aligned to another image or to some standard"
_MOST_INFLATION = 1032  # times: what deflate reaches at best
_UNREADABLE: tuple[type[Exception], ...] = (
    OSError,  # BadGzipFile, too
    isal_zlib.error,  # type: ignore[assignment]  # isal's stub says that it is an instance
    zlib.error,
    zipfile.BadZipFile,
)


def _unreadable(path: Path, participant: str | None, error: Exception) -> ImageError:
    if isinstance(error, OSError) and error.errno:  # no rights, a broken disk, a lost connection
        return error_of(path, participant, f"cannot be read ({error.strerror}); repair it")
    kind = "zip archive" if isinstance(error, zipfile.BadZipFile) else "gzip file"
    return error_of(path, participant, f"is a damaged {kind} ({error}); {REMEDY}")


@contextlib.contextmanager
def _inflated(path: Path, participant: str | None) -> Iterator[tuple[io.BufferedIOBase, bool]]:
    """Open a file or an archive's member, inflating it if it starts with gzip's magic number.

    Yields the stream and whether it is being inflated.
    """
    on_disk, _ = archives.split(path)
    if not os.path.exists(on_disk):  # Path.exists raises for names that are too long
        raise error_of(path, participant, "does not exist; check the path")
    if on_disk.is_dir():
        raise error_of(path, participant, "is a folder, not an image file")
    with contextlib.ExitStack() as stack:
        try:
            raw = stack.enter_context(archives.opened(path))
            magic = raw.read(2)
        except ImageError as error:
            raise error_of(path, participant, str(error)) from error
        except _UNREADABLE as error:
            raise _unreadable(path, participant, error) from error
        if not magic:
            raise error_of(path, participant, f"is empty (0 bytes); {REMEDY}")
        raw.seek(0)
        if magic == GZIP_MAGIC:
            with igzip.IGzipFile(fileobj=raw) as inflated:
                # readinto of the gzip file copies through new memory; its inner reader does not
                yield inflated._buffer, True
        else:
            yield raw, False


def _read_exactly(stream: io.BufferedIOBase, buffer: memoryview) -> int:
    """Fill `buffer`; return how many bytes were read before the stream ended or broke off."""
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


def read_header(path: str | os.PathLike[str], participant: str | None = None) -> Header:
    """Read and check the header of a NIfTI file.

    Parameters
    ----------
    path : path_like
        A ``.nii`` or ``.nii.gz`` file of one 3-D volume (further axes of length 1 are dropped), or
        such a member of a zip archive (see `voxplain.image.archives`).
    participant : str, optional
        The participant, named at the start of every message.

    Raises
    ------
    ImageError
        If the file is missing, empty, truncated, not NIfTI, not 3-D or complex, claims to hold more
        than it can, or has no usable affine: none, singular, sheared, not in mm, contradictory or
        with voxels of a size that no brain scan has.
    """
    path = Path(path)
    block = bytearray(HEADER_BYTES)
    with _inflated(path, participant) as (stream, compressed):
        try:
            n_read = _read_exactly(stream, memoryview(block))
        except _UNREADABLE as error:
            raise _unreadable(path, participant, error) from error
    header = parse(path, participant, bytes(block[:n_read]))
    _check_length(header, compressed)
    return header


def _check_length(header: Header, compressed: bool) -> None:
    """Raise an `ImageError` unless the file can hold what its header claims.

    The last bytes of a gzip file are its inflated length. Only if that is not the expected one, as
    in a truncated file, the file is inflated to find out.
    """
    expected = header.offset + header.grid.n_voxels * header.dtype.itemsize
    size = archives.size(header.path)
    if not compressed:
        if size < expected:
            raise _truncated(header, size, expected)
        return
    if size * _MOST_INFLATION < expected:
        raise header.error(
            f"needs {expected / 1e6:.3g} MB according to its header, which its {size / 1e3:.3g} kB "
            f"cannot hold; {REMEDY}"
        )
    on_disk, member = archives.split(header.path)
    if member is None:
        with open(on_disk, "rb") as file:
            file.seek(-4, os.SEEK_END)
            inflated_size = int.from_bytes(file.read(4), "little")
        if inflated_size != expected % 2**32:
            for _ in read_slabs(header, 1):
                pass


def _truncated(header: Header, n_read: int, expected: int) -> ImageError:
    unit, name = (1e6, "MB") if expected >= 1e6 else (1e3, "kB")
    amount = f"read {n_read / unit:.1f} of {expected / unit:.1f} {name}"
    return header.error(f"is truncated ({amount}); {REMEDY}")


def read_slabs(header: Header, n_slices: int) -> Iterator[np.ndarray]:
    """Read the stored values slab by slab, without holding the volume in memory.

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
    with _inflated(header.path, header.participant) as (stream, _):
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
            while stream.read(1 << 20):  # the checksum follows the last voxel
                pass
        except EOFError as error:
            raise _truncated(header, n_read, expected) from error
        except _UNREADABLE as error:
            raise _unreadable(header.path, header.participant, error) from error


def read_volume(
    path: str | os.PathLike[str], participant: str | None = None
) -> tuple[np.ndarray, Grid]:
    """Read a volume in its own orientation.

    Parameters
    ----------
    path : path_like
        A ``.nii`` or ``.nii.gz`` file.
    participant : str, optional
        The participant, named at the start of every message.

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

    Examples
    --------
    >>> import numpy as np
    >>> from voxplain import Grid, read_volume, write_volume
    >>> image = np.random.default_rng(0).random((16, 20, 16), np.float32)
    >>> write_volume("image.nii.gz", image, Grid((16, 20, 16), np.eye(4)))
    >>> volume, grid = read_volume("image.nii.gz")
    >>> volume.shape, grid.orientation
    ((16, 20, 16), 'RAS')
    """
    header = read_header(path, participant)
    # One slab is the whole volume; the list exhausts the generator, which then checks the checksum.
    [volume] = [np.array(header.scaled(slab)) for slab in read_slabs(header, header.grid.shape[2])]
    return volume.T, header.grid


def write_volume(
    path: str | os.PathLike[str], data: np.ndarray, grid: Grid, xform_code: int = XFORM_ALIGNED
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

    Examples
    --------
    >>> import numpy as np
    >>> from voxplain import Grid, read_volume, write_volume
    >>> grid = Grid((8, 8, 8), np.diag([2.0, 2.0, 2.0, 1.0]))
    >>> write_volume("ones.nii.gz", np.ones(grid.shape, np.float32), grid)
    >>> read_volume("ones.nii.gz")[1] == grid
    True
    """
    name = Path(path).name
    if not name.endswith((".nii", ".nii.gz")):
        raise ValueError(f"{path} does not end in .nii or .nii.gz")
    if data.shape != grid.shape:
        raise ValueError(f"data of shape {data.shape} on a grid of shape {grid.shape}")
    if data.dtype == bool:
        data = data.astype(np.uint8)
    header = nib.Nifti1Header()
    header.set_data_dtype(data.dtype)
    header.set_data_shape(data.shape)
    header.set_slope_inter(1, 0)
    header.set_sform(grid.affine, xform_code)
    header.set_qform(grid.affine, xform_code)
    header.set_xyzt_units("mm")
    header["magic"], header["vox_offset"] = b"n+1", _VOXELS_AT
    content = header.binaryblock.ljust(_VOXELS_AT, b"\0")
    content += data.astype(header.get_data_dtype(), copy=False).tobytes("F")
    if name.endswith(".gz"):
        # level 1 compresses as well as 3, in a third of the time
        content = igzip.compress(content, compresslevel=1, mtime=0)
    files.write_bytes(path, content)
