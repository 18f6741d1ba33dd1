"""The images of a cohort, of which memory holds only what is asked for.

They are read, not mapped: the pages of a mapped file count as its job's memory until the system
takes them back, and a cluster's limit may end the job before that.
"""

import copy
import os
from collections.abc import Iterator, Sequence
from itertools import groupby
from math import prod
from typing import Self

import numpy as np

from voxplain.errors import ImageError


class Stack(Sequence):
    """Volumes (n, X, Y, Z) of one or several ``.npy`` files, one after another.

    Indexing reads: one volume for a number, several for a slice or an array of numbers.

    Parameters
    ----------
    *paths : path_like
        From `voxplain.run.files.write_rows`; volumes of one shape and dtype.

    Attributes
    ----------
    dtype : numpy.dtype
        Of the volumes.
    """

    def __init__(self, *paths: str | os.PathLike) -> None:
        files = [np.load(path, mmap_mode="r") for path in paths]  # the headers alone
        self.dtype, self._volume = files[0].dtype, files[0].shape[1:]
        self._paths = [os.fspath(path) for path in paths]
        size = self.dtype.itemsize * prod(self._volume)
        self._file = np.repeat(np.arange(len(files)), [len(one) for one in files])
        self._start = np.concatenate([one.offset + size * np.arange(len(one)) for one in files])

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, X, Y, Z)."""
        return (len(self), *self._volume)

    def __len__(self) -> int:
        return len(self._file)

    def __iter__(self) -> Iterator[np.ndarray]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, rows):
        file, start = np.atleast_1d(self._file[rows], self._start[rows])
        found = self._read(file, start, prod(self._volume)).reshape(-1, *self._volume)
        return found if np.ndim(self._file[rows]) else found[0]

    def take(self, rows: np.ndarray | slice) -> Self:
        """Return the stack of some rows, in their order; nothing is read."""
        taken = copy.copy(self)
        taken._file, taken._start = self._file[rows], self._start[rows]
        return taken

    def voxels(self, start: int, stop: int) -> np.ndarray:
        """Read the values of all volumes at some voxels, in C order: (n, stop - start)."""
        return self._read(self._file, self._start + start * self.dtype.itemsize, stop - start)

    def _read(self, files: np.ndarray, starts: np.ndarray, count: int) -> np.ndarray:
        """Read `count` values from each place, in the order in which they lie on disk."""
        found = np.empty((len(files), count), self.dtype)
        for number, rows in groupby(np.lexsort((starts, files)), files.__getitem__):
            path = self._paths[number]
            with open(path, "rb", buffering=0) as file:
                for row in rows:
                    file.seek(starts[row])
                    if file.readinto(found[row]) != found[row].nbytes:
                        raise ImageError(
                            f"{path} is shorter than it says; delete it and run again, which "
                            "makes it anew"
                        )
        return found


def mean_volume(volumes: Sequence[np.ndarray]) -> np.ndarray:
    """Return the mean over the first axis, in the volumes' own dtype, one volume at a time."""
    total = np.zeros(volumes.shape[1:], volumes.dtype)
    for volume in volumes:
        total += volume
    return total / total.dtype.type(len(volumes))


def voxel_blocks(volumes: np.ndarray | Stack, size: int) -> Iterator[np.ndarray]:
    """Yield the values of all volumes (n, ...) at the next `size` voxels, in C order: (n, size)."""
    for part in parts(prod(volumes.shape[1:]), size):
        if isinstance(volumes, Stack):
            yield volumes.voxels(part.start, part.stop)
        else:
            yield volumes.reshape(len(volumes), -1)[:, part]


def parts(n: int, size: int) -> Iterator[slice]:
    """Cut `n` things into slices of at most `size`, which is taken to be at least 1."""
    size = max(1, size)
    return (slice(start, min(start + size, n)) for start in range(0, n, size))
