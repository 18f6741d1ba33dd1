"""NIfTI images read once from end to end, masked, and described on the way.

Most of a brain image's box is background. Rows and columns that are zero throughout are skipped,
so that they are neither converted nor multiplied.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from voxplain.errors import ImageError
from voxplain.image import nifti
from voxplain.image.grid import Grid
from voxplain.image.nifti_header import Header

# Volume of a brain without its skull, ml; an image with more shows a head, or noise around it.
BRAIN_ML = (300.0, 2500.0)
_TISSUE = 0.05  # of the 98th percentile
_SLAB_BYTES = 1 << 21  # of float32; half of it, where the brain is, stays in a core's cache


@dataclass(frozen=True)
class ImageStatistics:
    """Properties of an image, gathered while it is read.

    Attributes
    ----------
    minimum, maximum : float
        Range of the values.
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
    foreground_ml: float
    shape: tuple[int, int, int]
    orientation: str
    voxel_sizes: tuple[float, float, float]

    def check_brain(self, image: object) -> None:
        """Raise an `ImageError` that names `image` if it is constant or nowhere above zero."""
        if self.maximum <= max(self.minimum, 0):
            raise ImageError(
                f"{image}: every voxel lies between {self.minimum:g} and {self.maximum:g}, so the "
                "image shows no brain; repair it"
            )


def tissue(volume: np.ndarray) -> np.ndarray:
    """Return the voxels of a brain-extracted image that hold tissue, bool of its shape.

    These exceed 5 % of the image's 98th percentile: above air and rounding, below the darkest
    tissue.
    """
    mask: np.ndarray = volume > _TISSUE * np.percentile(volume, 98)
    return mask


def extent(flags: np.ndarray) -> slice:
    """Return the range from the first to the last True of a bool array (n,)."""
    return slice(int(flags.argmax()), len(flags) - int(flags[::-1].argmax()))


def _shaped(memory: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Return the beginning of flat memory in the shape of another array."""
    return memory[: like.size].reshape(like.shape)


def check_mask(mask: Header, grid: Grid) -> None:
    """Raise an `ImageError` unless a brain mask lies on its image's grid, voxel for voxel.

    Parameters
    ----------
    mask : Header
        Of the brain mask.
    grid : Grid
        Of the image.
    """
    if not mask.grid.matches(grid):
        raise mask.error(
            f"(shape {mask.grid.shape}, {mask.grid.orientation}) is not on the grid of its image "
            f"(shape {grid.shape}, {grid.orientation}); resample the mask or name another one"
        )


class MaskedImage:
    """A NIfTI file, zero outside its brain mask if it has one, to be read once.

    Parameters
    ----------
    src : path_like
        ``.nii`` or ``.nii.gz``, any orientation, byte order and real type.
    participant : str, optional
        The participant, for messages.
    mask : path_like, optional
        Brain mask on the same grid: voxels where it is not above 0.5 count as zero.

    Raises
    ------
    ImageError
        A header cannot be used (see `voxplain.image.nifti`), or the mask lies on another grid.
    """

    def __init__(
        self,
        src: str | os.PathLike[str],
        participant: str | None = None,
        mask: str | os.PathLike[str] | None = None,
    ) -> None:
        self.header = nifti.read_header(src, participant)
        self.grid = self.header.grid
        self._mask = None if mask is None else nifti.read_header(mask, participant)
        if self._mask is not None:
            check_mask(self._mask, self.grid)
        # Scaling keeps the order of stored numbers and, without an intercept, their zeros, so their
        # range and zeros are taken before scaling. Not of wide floats, which may become infinite.
        dtype, slope = self.header.dtype, self.header.slope
        exact = dtype.kind in "iu" or (dtype.itemsize == 4 and slope == 1)
        self._as_stored = mask is None and exact and self.header.intercept == 0
        self._minimum, self._maximum = np.inf, -np.inf
        self._n_nonfinite = self._n_nonzero = 0

    def blocks(self) -> Iterator[tuple[tuple[slice, slice, slice], np.ndarray]]:
        """Read the image, leaving out rows and columns that are zero throughout.

        Yields
        ------
        where : tuple of slice
            The block's place along the file's axes, in reversed order.
        block : (k, rows, columns) float32 array
            Values, axes in reversed order; the memory is reused for the following block.

        Raises
        ------
        ImageError
            A file cannot be read to its end.
        """
        n_x, n_y, _ = self.grid.shape
        n_slices = max(1, _SLAB_BYTES // (4 * n_x * n_y))
        memory = np.empty(n_slices * n_y * n_x, np.float32)
        kept = np.empty_like(memory, self.header.dtype if self._as_stored else None)
        brain = self._brain_slabs(n_slices)
        z = 0
        for stored in nifti.read_slabs(self.header, n_slices):
            values = stored
            if not self._as_stored:
                values = self.header.scaled(stored, out=_shaped(memory, stored))
            if brain is not None:
                values = np.where(next(brain), values, np.float32(0))
            inner = self._tally(values)
            if inner is not None:
                part = values[:, *inner]
                block = _shaped(kept, part)
                np.copyto(block, part)  # in one piece, what follows takes half the time
                integers = block.dtype.kind in "iu"  # floats are compared faster than counted
                self._n_nonzero += int(np.count_nonzero(block if integers else block != 0))
                if self._as_stored:
                    block = self.header.scaled(block, out=_shaped(memory, block))
                yield (slice(z, z + len(block)), *inner), block
            z += len(stored)

    def _brain_slabs(self, n_slices: int) -> Iterator[np.ndarray] | None:
        """Return an iterator over the brain mask in slabs, (k, Y, X) bool; None without a mask."""
        if self._mask is None:
            return None
        mask = self._mask
        return (mask.scaled(slab) > 0.5 for slab in nifti.read_slabs(mask, n_slices))

    def _tally(self, slab: np.ndarray) -> tuple[slice, slice] | None:
        """Note a slab's range; return the rows and columns that are not all zero, None if none."""
        low, high = float(slab.min()), float(slab.max())  # NaN and inf propagate
        if not (np.isfinite(low) and np.isfinite(high)):
            self._n_nonfinite += slab.size - int(np.count_nonzero(np.isfinite(slab)))
        self._minimum, self._maximum = min(self._minimum, low), max(self._maximum, high)
        if low == high == 0:
            return None
        bits = slab.view(f"u{slab.itemsize}")  # OR of integers is the fastest test for zeros
        nonzero = np.bitwise_or.reduce(bits, axis=0) != 0
        return extent(nonzero.any(axis=1)), extent(nonzero.any(axis=0))

    def statistics(self) -> ImageStatistics:
        """Describe the image, all of whose blocks have been read.

        Raises
        ------
        ImageError
            It has NaN or infinite voxels (inside the mask).
        """
        if self._n_nonfinite:
            raise self.header.error(
                f"has {self._n_nonfinite} NaN or infinite voxels of {self.grid.n_voxels}; repair it"
            )
        low, high = self._minimum, self._maximum
        if self._as_stored:  # a negative slope swaps them
            low, high = sorted(
                self.header.scaled(np.array([low, high], self.header.dtype)).tolist()
            )
        x, y, z = self.grid.voxel_sizes.tolist()
        return ImageStatistics(
            minimum=low,
            maximum=high,
            foreground_ml=self._n_nonzero * self.grid.voxel_volume / 1000,
            shape=self.grid.shape,
            orientation=self.grid.orientation,
            voxel_sizes=(x, y, z),
        )


def read_brain(path: str | os.PathLike[str]) -> np.ndarray:
    """Read a run's brain mask: bool (X, Y, Z), True above zero."""
    return nifti.read_volume(path)[0] > 0


def read_masked(
    src: str | os.PathLike[str],
    participant: str | None = None,
    mask: str | os.PathLike[str] | None = None,
) -> tuple[np.ndarray, Grid, ImageStatistics]:
    """Read a whole NIfTI file at its own resolution and in its own orientation.

    Parameters
    ----------
    src, participant, mask
        As of `MaskedImage`.

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
        If a file cannot be read whole (see `voxplain.image.nifti`), the image has NaN or infinite
        voxels (inside the mask) or the mask lies on another grid.
    """
    image = MaskedImage(src, participant, mask)
    data = np.zeros(image.grid.shape[::-1], np.float32)
    for where, block in image.blocks():
        data[where] = block
    return data.T, image.grid, image.statistics()


def check_image(src: str | os.PathLike[str], mask: str | os.PathLike[str] | None = None) -> None:
    """Check a NIfTI file by reading it to its end; nothing is kept.

    Parameters
    ----------
    src, mask
        As of `MaskedImage`.

    Raises
    ------
    ImageError
        As `read_masked`, and if the image shows no brain.
    """
    image = MaskedImage(src, mask=mask)
    for _ in image.blocks():
        pass
    image.statistics().check_brain(src)
