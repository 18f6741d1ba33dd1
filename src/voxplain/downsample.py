"""Exact anti-aliased downsampling of volumes.

A coarse voxel is the mean of the image over its box, the image being constant inside each fine
voxel. Boxes that cut fine voxels take them by the fraction that lies inside. The mean over a box is
separable: three banded matrices, one per axis. The matrix of the slowest axis is applied while the
file is being inflated, so that only a few slices are in memory at any time.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voxplain import files, nifti
from voxplain.errors import ImageError
from voxplain.grid import Grid

PAPER_SHAPE = (58, 70, 58)  # section 3.1 of Kan 2020, from 260 x 311 x 260 voxels of 0.7 mm
_TISSUE = 0.05  # of the 98th percentile
_BAND_ROWS = 8  # of the second axis's matrix per product
_SLAB_BYTES = 1 << 20  # of float32: a slab and its product stay in a core's second-level cache


@dataclass(frozen=True)
class ImageStatistics:
    """What is learnt about an image while it is being downsampled.

    Attributes
    ----------
    minimum, maximum : float
        Range of the values.
    n_nonfinite : int
        NaN or infinite voxels.
    foreground_ml : float
        Volume of the voxels that are not zero, ml (of a brain-extracted image: the brain).
    shape : tuple of int
        Size in the file's own orientation.
    orientation : str
        Axis directions of the file, such as ``LAS``.
    voxel_sizes : tuple of float
        Voxel edges in the file's own orientation, mm.
    """

    minimum: float
    maximum: float
    n_nonfinite: int
    foreground_ml: float
    shape: tuple[int, int, int]
    orientation: str
    voxel_sizes: tuple[float, float, float]

    @property
    def is_blank(self) -> bool:
        """Whether the image is constant or nowhere above zero: no brain."""
        return self.maximum <= max(self.minimum, 0)


def tissue(volume: np.ndarray) -> np.ndarray:
    """Return the voxels of a brain-extracted image that hold tissue, bool of its shape.

    That is what exceeds 5 % of the image's 98th percentile: above air and rounding, below the
    darkest tissue.
    """
    return volume > _TISSUE * np.percentile(volume, 98)


def box_matrix(n_in: int, n_out: int) -> np.ndarray:
    """Matrix that averages `n_in` voxels of a line over `n_out` equal boxes.

    Returns
    -------
    matrix : (n_out, n_in) float64 array
        Entry (i, j) is the share of box i that voxel j fills; rows sum to 1.
    """
    edges = np.arange(n_out + 1) * (n_in / n_out)
    voxels = np.arange(n_in)
    overlap = np.minimum(edges[1:, None], voxels + 1) - np.maximum(edges[:-1, None], voxels)
    return np.clip(overlap, 0, None) * (n_out / n_in)


class _Tally:
    """Range, number of non-finite and of non-zero voxels, slab by slab.

    With `stored`, of the integers as that file stores them, half as long as scaled ones: scaling
    keeps their order and, having no intercept, their zeros.
    """

    def __init__(self, stored: nifti.Header | None = None):
        self.stored = stored
        self.minimum, self.maximum = np.inf, -np.inf
        self.n_nonfinite = self.n_nonzero = 0

    def add(self, slab: np.ndarray) -> None:
        low, high = float(slab.min()), float(slab.max())  # NaN and inf propagate
        if not (np.isfinite(low) and np.isfinite(high)):
            self.n_nonfinite += slab.size - int(np.count_nonzero(np.isfinite(slab)))
        self.minimum, self.maximum = min(self.minimum, low), max(self.maximum, high)
        self.n_nonzero += int(np.count_nonzero(slab))

    def statistics(self, grid: Grid) -> ImageStatistics:
        ends = self.minimum, self.maximum
        if self.stored is not None:
            ends = sorted(self.stored.scaled(np.array(ends, self.stored.dtype)).tolist())
        return ImageStatistics(
            minimum=ends[0],
            maximum=ends[1],
            n_nonfinite=self.n_nonfinite,
            foreground_ml=self.n_nonzero * grid.voxel_volume / 1000,
            shape=grid.shape,
            orientation=grid.orientation,
            voxel_sizes=tuple(float(size) for size in grid.voxel_sizes),
        )


def box_average(
    slabs: Iterator[np.ndarray], in_shape: tuple[int, ...], out_shape: tuple[int, ...]
) -> np.ndarray:
    """Average slabs of a volume over the boxes of a coarser grid of the same field of view.

    The slowest axis goes first: per input voxel it costs one or two multiplications, and leaves
    only Z' slices for the two denser products.

    Parameters
    ----------
    slabs : iterator of (k, Y, X) float32 arrays
        Consecutive slices; their memory may be reused.
    in_shape, out_shape : tuple of int
        (X, Y, Z) before and after.

    Returns
    -------
    coarse : (X', Y', Z') float32 array
    """
    b_x, b_y, b_z = (
        box_matrix(n_in, n_out).astype(np.float32)
        for n_in, n_out in zip(in_shape, out_shape, strict=True)
    )
    n_x, n_y, _ = in_shape
    planes = np.zeros((out_shape[2], n_y * n_x), np.float32)
    start = 0
    for slab in slabs:
        stop = start + len(slab)
        rows = np.flatnonzero(b_z[:, start:stop].any(axis=1))
        band = slice(rows[0], rows[-1] + 1)
        planes[band] += b_z[band, start:stop] @ slab.reshape(len(slab), -1)
        start = stop
    planes = planes.reshape(out_shape[2], n_y, n_x)
    return np.matmul(_banded_product(b_y, planes), b_x.T).T


def _banded_product(matrix: np.ndarray, planes: np.ndarray) -> np.ndarray:
    """Multiply a banded (n', n) matrix with planes (k, n, m), a few rows and their band at a time.

    Of the whole product nearly all would be multiplications by zero.
    """
    out = np.empty((len(planes), len(matrix), planes.shape[2]), np.float32)
    for start in range(0, len(matrix), _BAND_ROWS):
        rows = slice(start, start + _BAND_ROWS)
        inside = np.flatnonzero(matrix[rows].any(axis=0))
        band = slice(inside[0], inside[-1] + 1)
        np.matmul(matrix[rows, band], planes[:, band], out=out[:, rows])
    return out


def _ras_reduction(grid: Grid, shape: tuple[int, int, int]):
    """Coarse RAS grid, reorientation, and the coarse shape in the order of the file's axes."""
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
    coarse = box_average(iter([whole]), grid.shape, out_shape)
    return np.ascontiguousarray(reorientation.apply(coarse)), coarse_grid


def check_mask(mask: nifti.Header, grid: Grid) -> None:
    """Raise an `ImageError` unless a brain mask lies on its image's grid, voxel for voxel."""
    if not mask.grid.matches(grid):
        raise mask.error(
            f"(shape {mask.grid.shape}, {mask.grid.orientation}) is not on the grid of its image "
            f"(shape {grid.shape}, {grid.orientation}); resample the mask or name another one"
        )


def _scaled_slabs(
    header: nifti.Header, tally: _Tally, mask: nifti.Header | None
) -> Iterator[np.ndarray]:
    n_x, n_y, _ = header.grid.shape
    n_slices = max(1, _SLAB_BYTES // (4 * n_x * n_y))
    memory = np.empty((n_slices, n_y, n_x), np.float32)
    inside = None if mask is None else nifti.read_slabs(mask, n_slices)
    for stored in nifti.read_slabs(header, n_slices):
        slab = header.scaled(stored, out=memory[: len(stored)])
        if inside is not None:
            slab = np.where(mask.scaled(next(inside)) > 0.5, slab, np.float32(0))
        tally.add(slab if tally.stored is None else stored)
        yield slab


def downsample_file(
    src: str | os.PathLike,
    shape: tuple[int, int, int] = PAPER_SHAPE,
    participant: str | None = None,
    mask: str | os.PathLike | None = None,
) -> tuple[np.ndarray, Grid, ImageStatistics]:
    """Average a NIfTI file over the boxes of a coarser RAS grid, in one streamed pass.

    Parameters
    ----------
    src : path_like
        ``.nii`` or ``.nii.gz``, any orientation, byte order and real type.
    shape : tuple of int
        Size of the result along the right, anterior and superior axes.
    participant : str, optional
        Whose image it is, for messages.
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
        If a file cannot be read whole (see `voxplain.nifti`), the image has NaN or infinite voxels
        (inside the mask) or the mask lies on another grid.
    """
    header, brain, tally = _opened(src, participant, mask)
    coarse_grid, reorientation, out_shape = _ras_reduction(header.grid, shape)
    with np.errstate(invalid="ignore"):  # inf - inf in an image that is refused below
        coarse = box_average(_scaled_slabs(header, tally, brain), header.grid.shape, out_shape)
    _check_tally(header, tally)
    coarse = np.ascontiguousarray(reorientation.apply(coarse))
    return coarse, coarse_grid, tally.statistics(header.grid)


def read_masked(
    src: str | os.PathLike,
    participant: str | None = None,
    mask: str | os.PathLike | None = None,
) -> tuple[np.ndarray, Grid, ImageStatistics]:
    """Read a NIfTI file whole, at its own resolution and in its own orientation.

    Parameters
    ----------
    src, participant, mask
        As in `downsample_file`.

    Returns
    -------
    data : (X, Y, Z) float32 array
        Zero outside the mask.
    grid : Grid
        The file's.
    statistics : ImageStatistics

    Raises
    ------
    ImageError
        As `downsample_file`.
    """
    header, brain, tally = _opened(src, participant, mask)
    n_x, n_y, n_z = header.grid.shape
    data, start = np.empty((n_z, n_y, n_x), np.float32), 0
    for slab in _scaled_slabs(header, tally, brain):
        data[start : start + len(slab)] = slab
        start += len(slab)
    _check_tally(header, tally)
    return data.T, header.grid, tally.statistics(header.grid)


def _opened(
    src: str | os.PathLike, participant: str | None, mask: str | os.PathLike | None
) -> tuple[nifti.Header, nifti.Header | None, _Tally]:
    """Check the headers of an image and its mask; return them with an empty tally."""
    header = nifti.read_header(src, participant)
    brain = None if mask is None else nifti.read_header(mask, participant)
    if brain is not None:
        check_mask(brain, header.grid)
    plain = brain is None and header.dtype.kind in "iu" and header.intercept == 0
    return header, brain, _Tally(header if plain else None)


def _check_tally(header: nifti.Header, tally: _Tally) -> None:
    if tally.n_nonfinite:
        raise nifti.nonfinite_error(
            header.path, header.participant, tally.n_nonfinite, header.grid.n_voxels
        )


def downsample_nifti(
    src: str | os.PathLike,
    dst: str | os.PathLike,
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
        If `src` cannot be read whole or has NaN or infinite voxels.
    """
    if Path(src).resolve() == Path(dst).resolve():
        raise ImageError(f"{src} is both source and destination; write to another file")
    coarse, grid, _ = downsample_file(src, shape)
    nifti.write_volume(dst, coarse, grid, nifti.read_header(src).xform_code)


def downsample_files(
    sources: Sequence[str | os.PathLike],
    folder: str | os.PathLike,
    shape: tuple[int, int, int] = PAPER_SHAPE,
    progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Downsample NIfTI files into a folder, each under its own name (``.nii.gz``).

    Parameters
    ----------
    sources : sequence of path_like
        Files of different names.
    folder : path_like
        Made if it is not there.
    shape : tuple of int
        Size along the right, anterior and superior axes.
    progress : callable, optional
        Called with the number of files done and of all.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    ImageError
        Two sources have one name, or, once all others are written, for every file that cannot be
        read.
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
