"""Exact anti-aliased downsampling of volumes.

A coarse voxel is the mean of the image over its box, the image being constant inside each fine
voxel; a fine voxel that the box cuts counts by the fraction inside. The mean over a box is
separable: three banded matrices, one per axis. The matrix of the slowest axis is applied while the
file is being inflated, so that only a few slices are in memory at any time.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voxplain.errors import ImageError
from voxplain.image import nifti
from voxplain.image.grid import Grid, Reorientation
from voxplain.image.masked import ImageStatistics, MaskedImage, extent
from voxplain.run import files
from voxplain.run.threads import one_blas_thread

PAPER_SHAPE = (58, 70, 58)  # section 3.1 of Kan 2020, from 260 x 311 x 260 voxels of 0.7 mm
_BAND_ROWS = 16  # of a matrix per product


def averaging_matrix(n_in: int, n_out: int) -> NDArray[np.float64]:
    """Return the matrix that averages a line of voxels over equal boxes.

    Parameters
    ----------
    n_in, n_out : int
        Voxels and boxes.

    Returns
    -------
    matrix : (n_out, n_in) float64 array
        Entry (i, j) is the share of box i that voxel j fills; rows sum to 1.
    """
    edges = np.arange(n_out + 1) * (n_in / n_out)
    voxels = np.arange(n_in)
    overlap = np.minimum(edges[1:, None], voxels + 1) - np.maximum(edges[:-1, None], voxels)
    matrix: NDArray[np.float64] = np.clip(overlap, 0, None) * (n_out / n_in)
    return matrix


def box_average(
    blocks: Iterable[tuple[tuple[slice, slice, slice], np.ndarray]],
    in_shape: tuple[int, ...],
    out_shape: tuple[int, ...],
) -> np.ndarray:
    """Average blocks of a volume over the boxes of a coarser grid of the same field of view.

    The slowest axis goes first: per input voxel it costs one or two multiplications, and leaves
    only Z' slices for the two denser products.

    Parameters
    ----------
    blocks : iterable of (tuple of slice, float32 array)
        Place (slices, rows, columns: Z, Y, X) and values of each non-zero part of the volume; the
        memory of a block may be reused for the next.
    in_shape, out_shape : tuple of int
        (X, Y, Z) before and after.

    Returns
    -------
    coarse : (X', Y', Z') float32 array
    """
    b_x, b_y, b_z = (
        averaging_matrix(n_in, n_out).astype(np.float32)
        for n_in, n_out in zip(in_shape, out_shape, strict=True)
    )
    n_x, n_y, _ = in_shape
    planes = np.zeros((out_shape[2], n_y, n_x), np.float32)
    touched = []
    for (slices, rows, columns), block in blocks:
        weights = b_z[:, slices]
        band = extent((weights != 0).any(axis=1))
        share = weights[band] @ block.reshape(len(block), -1)
        planes[band, rows, columns] += share.reshape(-1, *block.shape[1:])
        touched.append((band.start, band.stop, rows.start, rows.stop))
    coarse = np.zeros(out_shape[::-1], np.float32)
    if not touched:
        return coarse.T
    (top, _, first, _), (_, bottom, _, last) = np.min(touched, axis=0), np.max(touched, axis=0)
    planes, b_y = planes[top:bottom, first:last], b_y[:, first:last]
    lines = np.zeros((len(planes), len(b_y), n_x), np.float32)
    for rows, columns in _bands(b_y):
        np.matmul(b_y[rows, columns], planes[:, columns], out=lines[:, rows])
    for rows, columns in _bands(b_x):
        coarse[top:bottom, :, rows] = lines[:, :, columns] @ b_x[rows, columns].T
    return coarse.T


def _bands(matrix: np.ndarray) -> Iterator[tuple[slice, slice]]:
    """Cut a banded matrix into groups of rows and the columns that each group needs.

    In the whole product nearly all multiplications would be by zero.
    """
    for start in range(0, len(matrix), _BAND_ROWS):
        rows = slice(start, start + _BAND_ROWS)
        needed = (matrix[rows] != 0).any(axis=0)
        if needed.any():
            yield rows, extent(needed)


def _ras_reduction(
    grid: Grid, shape: tuple[int, int, int]
) -> tuple[Grid, Reorientation, tuple[int, ...]]:
    """Return the coarse RAS grid, the reorientation, and the coarse shape along the file's axes."""
    ras, reorientation = grid.to_ras()
    in_file_order = [0, 0, 0]
    for size, axis in zip(shape, reorientation.axes, strict=True):
        in_file_order[axis] = size
    return ras.coarsen(shape), reorientation, tuple(in_file_order)


def downsample_volume(
    data: np.ndarray, grid: Grid, shape: tuple[int, int, int] = PAPER_SHAPE
) -> tuple[np.ndarray, Grid]:
    """Average a volume over the boxes of a coarser grid.

    Parameters
    ----------
    data : (X, Y, Z) array
        Values in any axis orientation.
    grid : Grid
        The grid of `data`.
    shape : tuple of int
        Size of the result along the right, anterior and superior axes.

    Returns
    -------
    coarse : shape float32 array
        Box means, RAS.
    coarse_grid : Grid
        Same field of view as `grid`.
    """
    coarse_grid, reorientation, out_shape = _ras_reduction(grid, shape)
    whole = np.ascontiguousarray(np.asarray(data, dtype=np.float32).T)
    n_z, n_y, n_x = whole.shape
    everything = slice(0, n_z), slice(0, n_y), slice(0, n_x)
    with one_blas_thread():
        coarse = box_average([(everything, whole)], grid.shape, out_shape)
    return np.ascontiguousarray(reorientation.apply(coarse)), coarse_grid


def downsample_file(
    src: str | os.PathLike[str],
    shape: tuple[int, int, int] = PAPER_SHAPE,
    participant: str | None = None,
    mask: str | os.PathLike[str] | None = None,
) -> tuple[np.ndarray, Grid, ImageStatistics]:
    """Average a NIfTI file over the boxes of a coarser RAS grid, in one streamed pass.

    Parameters
    ----------
    src : path_like
        ``.nii`` or ``.nii.gz``, any orientation, byte order and real type.
    shape : tuple of int
        Size of the result along the right, anterior and superior axes.
    participant : str, optional
        The participant, for messages.
    mask : path_like, optional
        Brain mask on the same grid: voxels where it is not above 0.5 count as zero.

    Returns
    -------
    coarse : shape float32 array
        Box means, RAS.
    grid : Grid
        Same field of view as the file's.
    statistics : ImageStatistics
        Of the fine image, inside the mask if there is one.

    Raises
    ------
    ImageError
        If a file cannot be read to its end (see `voxplain.image.nifti`), the image has NaN or
        infinite voxels (inside the mask) or the mask lies on another grid.

    Examples
    --------
    >>> import numpy as np
    >>> from voxplain import Grid, downsample_file, write_volume
    >>> image = np.random.default_rng(0).random((16, 20, 16), np.float32)
    >>> write_volume("image.nii.gz", image, Grid((16, 20, 16), np.eye(4)))
    >>> volume, grid, statistics = downsample_file("image.nii.gz", shape=(8, 10, 8))
    >>> volume.shape, str(volume.dtype)
    ((8, 10, 8), 'float32')
    """
    return _averaged(MaskedImage(src, participant, mask), shape)


def _averaged(
    image: MaskedImage, shape: tuple[int, int, int]
) -> tuple[np.ndarray, Grid, ImageStatistics]:
    """Average an image in one streamed pass."""
    coarse_grid, reorientation, out_shape = _ras_reduction(image.grid, shape)
    # inf - inf, in an image that statistics() refuses, is no reason to warn
    with one_blas_thread(), np.errstate(invalid="ignore"):
        coarse = box_average(image.blocks(), image.grid.shape, out_shape)
    statistics = image.statistics()
    return np.ascontiguousarray(reorientation.apply(coarse)), coarse_grid, statistics


def downsample_nifti(
    src: str | os.PathLike[str],
    dst: str | os.PathLike[str],
    shape: tuple[int, int, int] = PAPER_SHAPE,
) -> None:
    """Downsample a NIfTI file to another one (float32, RAS, same field of view).

    Parameters
    ----------
    src : path_like
        ``.nii`` or ``.nii.gz``, any orientation.
    dst : path_like
        ``.nii`` or ``.nii.gz``, written atomically.
    shape : tuple of int
        Size along the right, anterior and superior axes.

    Raises
    ------
    ImageError
        If `src` cannot be read to its end, has NaN or infinite voxels, or fewer voxels than `shape`
        along an axis.

    Examples
    --------
    >>> import numpy as np
    >>> from voxplain import Grid, downsample_nifti, read_volume, write_volume
    >>> image = np.random.default_rng(0).random((16, 20, 16), np.float32)
    >>> write_volume("image.nii.gz", image, Grid((16, 20, 16), np.eye(4)))
    >>> downsample_nifti("image.nii.gz", "coarse.nii.gz", shape=(8, 10, 8))
    >>> volume, grid = read_volume("coarse.nii.gz")
    >>> grid.shape, grid.voxel_sizes.tolist()
    ((8, 10, 8), [2.0, 2.0, 2.0])
    """
    if Path(src).resolve() == Path(dst).resolve():
        raise ImageError(f"{src} is both source and destination; write to another file")
    image = MaskedImage(src)
    if image.grid.is_coarser_than(shape):
        fine = image.grid.to_ras()[0].shape
        raise ImageError(
            f"the requested grid of {' x '.join(map(str, shape))} voxels is finer than the image: "
            f"{src} has {' x '.join(map(str, fine))} along the RAS axes; ask for fewer voxels"
        )
    coarse, grid, _ = _averaged(image, shape)
    nifti.write_volume(dst, coarse, grid, image.header.xform_code)


def downsample_files(
    sources: Sequence[str | os.PathLike[str]],
    folder: str | os.PathLike[str],
    shape: tuple[int, int, int] = PAPER_SHAPE,
    progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Downsample NIfTI files into a folder, each under its own name (``.nii.gz``).

    Parameters
    ----------
    sources : sequence of path_like
        Files of different names.
    folder : path_like
        Created if it does not exist.
    shape : tuple of int
        Size along the right, anterior and superior axes.
    progress : callable, optional
        Called with the number of files done and the number of all files.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    ImageError
        Two sources have the same name. After all other files are written: the message lists every
        file that cannot be read.
    """
    targets = files.targets_in(folder, sources, ".nii.gz")
    problems = []
    for done, (source, target) in enumerate(zip(sources, targets, strict=True), start=1):
        try:
            downsample_nifti(source, target, shape)
        except ImageError as error:
            problems.append(str(error))
        if progress is not None:
            progress(done, len(sources))
    if problems:
        raise ImageError("\n".join(problems))
    return targets
