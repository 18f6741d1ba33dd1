"""What images a network was trained on, so that any other image can be brought into their form."""

import os
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from voxplain.downsample import downsample_file
from voxplain.errors import ConfigError, GridMismatchError
from voxplain.grid import Grid
from voxplain.intensity import normalise


@dataclass(frozen=True)
class ModelInput:
    """The form of a network's images; stored beside its weights as plain values.

    Attributes
    ----------
    shape : tuple of int
        Voxels along the right, anterior and superior axes.
    normalisation : str
        A key of `voxplain.intensity.NORMALISATIONS`.
    affine : list of list of float or None
        (4, 4) of the grid, mm; None where it is not known.
    classes : tuple of str
        Names of the classes, in the order of the logits; empty where they are not known.
    space, contrast : str or None
        What the images are, as the configuration says (``MNI152``, ``T1w``).
    """

    shape: tuple[int, int, int]
    normalisation: str
    affine: list[list[float]] | None = None
    classes: tuple[str, ...] = ()
    space: str | None = None
    contrast: str | None = None

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Self:
        """Return what a model file's plain values describe."""
        sequences = {key: tuple(value[key]) for key in ("shape", "classes")}
        return cls(**(value | sequences))

    def read(
        self, path: str | os.PathLike, mask: str | os.PathLike | None = None
    ) -> tuple[np.ndarray, Grid]:
        """Read one image as the network saw those it was trained on.

        Parameters
        ----------
        path : path_like
            ``.nii`` or ``.nii.gz`` in any orientation, of the field of view of the training images.
        mask : path_like, optional
            Brain mask on its grid: voxels outside count as zero.

        Returns
        -------
        volume : (X, Y, Z) float32 array
            On the network's grid, RAS, normalised.
        grid : Grid
            Where its voxels lie.

        Raises
        ------
        ImageError
            The file cannot be used, or shows no brain.
        GridMismatchError
            It covers another field of view than the training images.
        """
        volume, grid, statistics = downsample_file(path, self.shape, mask=mask)
        if self.affine is not None:
            self._check_grid(path, grid)
        statistics.check_brain(path)
        return normalise(volume[None], self.normalisation)[0], grid

    def class_names(self, n_classes: int) -> list[str]:
        """Return the names of the classes, or their numbers where they have none."""
        return list(self.classes) or [str(number) for number in range(n_classes)]

    def class_index(self, target: str | None) -> int | None:
        """Return the number of a class given by number or name; None stays None.

        Raises
        ------
        ConfigError
            There is no class of that name.
        """
        if target is None:
            return None
        if target in self.classes:
            return self.classes.index(target)
        if target.isdecimal():
            return int(target)
        known = ", ".join(self.classes) or "numbers only"
        raise ConfigError(f"target is '{target}'; the network's classes are {known}")

    def _check_grid(self, path: str | os.PathLike, grid: Grid) -> None:
        """Hold a new image to what the training images were held to: one grid, voxel for voxel."""
        expected = Grid(self.shape, np.array(self.affine))
        if not grid.matches(expected):
            raise GridMismatchError(
                f"{path} covers another field of view than the images that the network was trained "
                f"on: {_extent(grid)} instead of {_extent(expected)}; resample it to the grid of "
                f"the training images ({self.space or 'their space'})"
            )


def _extent(grid: Grid) -> str:
    """Describe a field of view by its outer faces."""
    corners = grid.world(np.array([[-0.5] * 3, np.array(grid.shape) - 0.5]))
    ranges = (f"{low:.1f} to {high:.1f}" for low, high in zip(*corners, strict=True))
    return " x ".join(ranges) + f" mm ({grid.orientation})"
