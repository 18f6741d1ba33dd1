"""The images of a cohort on disk; only the rows asked for are held in memory.

They are read, not memory-mapped: the pages of a mapped file count as its job's memory until the
system takes them back, and a cluster's limit may end the job before that.
"""

import copy
import os
from collections.abc import Iterator
from itertools import groupby
from math import prod
from typing import Self

import numpy as np

from voxplain.errors import ImageError


class Stack:
    """Volumes (n, X, Y, Z) of one or several ``.npy`` files, used like an array of that shape.

    Indexing reads from disk: one volume for an integer, several for a slice or an integer array.

    Parameters
    ----------
    *paths : path_like
        From `voxplain.run.files.write_rows`; volumes of one shape and dtype.

    Attributes
    ----------
    dtype : numpy.dtype
        Of the volumes.
    """

    def __init__(self, *paths: str | os.PathLike[str]) -> None:
        files: list[np.memmap] = [np.load(path, mmap_mode="r") for path in paths]  # headers alone
        self.dtype: np.dtype = files[0].dtype
        self._volume = files[0].shape[1:]
        self._paths = [os.fspath(path) for path in paths]
        size = self.dtype.itemsize * prod(self._volume)
        self._file = np.repeat(np.arange(len(files)), [len(rows) for rows in files])
        self._start = np.concatenate([rows.offset + size * np.arange(len(rows)) for rows in files])

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, X, Y, Z)."""
        return (len(self), *self._volume)

    def __len__(self) -> int:
        return len(self._file)

    def __iter__(self) -> Iterator[np.ndarray]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, rows: int | slice | np.ndarray) -> np.ndarray:
        file, start = np.atleast_1d(self._file[rows], self._start[rows])
        volumes = self._read(file, start, prod(self._volume)).reshape(-1, *self._volume)
        return volumes[0] if np.ndim(self._file[rows]) == 0 else volumes

    def take(self, rows: np.ndarray | slice) -> Self:
        """Return the stack of some rows, in the order given; nothing is read."""
        taken = copy.copy(self)
        taken._file, taken._start = self._file[rows], self._start[rows]
        return taken

    def voxels(self, start: int, stop: int) -> np.ndarray:
        """Read a range of voxels of every volume.

        Parameters
        ----------
        start, stop : int
            The range, counted in C order over the volume.

        Returns
        -------
        values : (n, stop - start) array
        """
        return self._read(self._file, self._start + start * self.dtype.itemsize, stop - start)

    def _read(self, files: np.ndarray, starts: np.ndarray, count: int) -> np.ndarray:
        """Read `count` values from each start; reading follows the order on disk."""
        values = np.empty((len(files), count), self.dtype)
        for number, rows in groupby(np.lexsort((starts, files)), files.__getitem__):
            path = self._paths[number]
            with open(path, "rb", buffering=0) as file:
                for row in rows:
                    file.seek(starts[row])
                    if file.readinto(values[row]) != values[row].nbytes:
                        raise ImageError(
                            f"{path} is shorter than its header says; delete it and run again to "
                            "recreate it"
                        )
        return values


def mean_volume(volumes: np.ndarray | Stack) -> np.ndarray:
    """Return the mean over the first axis, in the volumes' own dtype, one volume at a time."""
    mean = np.zeros(volumes.shape[1:], volumes.dtype)
    for volume in volumes:
        mean += volume
    mean /= volumes.dtype.type(len(volumes))
    return mean


def voxel_blocks(volumes: np.ndarray | Stack, size: int) -> Iterator[np.ndarray]:
    """Cut volumes into blocks of voxels.

    Parameters
    ----------
    volumes : (n, X, Y, Z) array or Stack
        All the volumes.
    size : int
        Voxels per block, at most.

    Yields
    ------
    block : (n, size) array
        The values of all volumes at the next `size` voxels, in C order.
    """
    for part in parts(prod(volumes.shape[1:]), size):
        if isinstance(volumes, Stack):
            yield volumes.voxels(part.start, part.stop)
        else:
            yield volumes.reshape(len(volumes), -1)[:, part]


def parts(n: int, size: int) -> Iterator[slice]:
    """Cut a range into consecutive slices.

    Parameters
    ----------
    n : int
        Length of the range.
    size : int
        Length of each slice but the last; values below 1 count as 1.
    """
    size = max(1, size)
    return (slice(start, min(start + size, n)) for start in range(0, n, size))
