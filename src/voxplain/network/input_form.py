"""The form of a network's training images, into which other images can be brought."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from voxplain.errors import ConfigError, GridMismatchError
from voxplain.image.downsample import downsample_file
from voxplain.image.grid import Grid
from voxplain.image.intensity import normalise
from voxplain.image.masked import ImageStatistics
from voxplain.image.nifti import read_header
from voxplain.preparation.settings import RegistrationSettings
from voxplain.run.seeds import stream_seed


@dataclass(frozen=True)
class ModelInput:
    """The form of a network's images; stored with its weights as plain values.

    Parameters
    ----------
    shape : tuple of int
        Voxels along the right, anterior and superior axes.
    normalisation : str
        A key of `voxplain.image.intensity.NORMALISATIONS`.
    affine : list of list of float or None
        (4, 4) of the grid, mm; None where it is not known.
    classes : tuple of str
        Names of the classes, in the order of the logits; empty where they are not known.
    space, contrast : str or None
        What the images are, as the configuration says (``MNI152``, ``T1w``).
    brain_mask, registration : str
        How they were prepared (``volumes.brain_mask``, ``registration.method``).

    Examples
    --------
    >>> from voxplain import ModelInput
    >>> form = ModelInput((58, 70, 58), "brain_mean", classes=("women", "men"))
    >>> form.class_index("men")
    1
    """

    shape: tuple[int, int, int]
    normalisation: str
    affine: list[list[float]] | None = None
    classes: tuple[str, ...] = ()
    space: str | None = None
    contrast: str | None = None
    brain_mask: str = "image"
    registration: str = "none"

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Self:
        """Return the form that is stored in a model file as plain values."""
        tuples = {key: tuple(value[key]) for key in ("shape", "classes")}
        return cls(**(value | tuples))

    def read(
        self,
        path: str | os.PathLike[str],
        mask: str | os.PathLike[str] | None = None,
        seed: int = 0,
    ) -> tuple[np.ndarray, Grid]:
        """Read one image in the form of the training images.

        An image with their field of view is taken to be in their space, and masked by the
        template's brain if they were. Any other image is registered as they were, unless each of
        them had its own transform.

        Parameters
        ----------
        path : path_like
            ``.nii`` or ``.nii.gz`` in any orientation.
        mask : path_like, optional
            Brain mask on its grid: voxels outside count as zero.
        seed : int
            The run's seed, for the registration.

        Returns
        -------
        volume : (X, Y, Z) float32 array
            On the network's grid, RAS, normalised.
        grid : Grid
            The network's grid.

        Raises
        ------
        ImageError
            The file cannot be used, or shows no brain.
        TransformError
            The image cannot be registered.
        GridMismatchError
            The image has another field of view than the training images, which were not registered
            or had their own transforms.
        """
        image_grid = read_header(path).grid
        grid = image_grid.to_ras()[0].coarsen(self.shape)
        expected = None if self.affine is None else Grid(self.shape, np.array(self.affine))
        if expected is not None and not grid.matches(expected):
            if self.registration not in ("antspy", "conform"):
                raise self._mismatch(path, grid, expected)
            volume, grid, statistics = self._registered(path, mask, seed)
        elif self.brain_mask == "template" and mask is None:
            from voxplain.preparation.template import mask_file  # slow to import

            with mask_file(image_grid) as brain:
                volume, grid, statistics = downsample_file(path, self.shape, mask=brain)
        else:
            volume, grid, statistics = downsample_file(path, self.shape, mask=mask)
        statistics.check_brain(path)
        return normalise(volume[None], self.normalisation)[0], grid

    def _registered(
        self, path: str | os.PathLike[str], mask: str | os.PathLike[str] | None, seed: int
    ) -> tuple[np.ndarray, Grid, ImageStatistics]:
        from voxplain.preparation.to_mni152 import register  # slow to import

        registered = register(
            participant=Path(path).name,
            image=str(path),
            mask=None if mask is None else str(mask),
            transform=None,
            shape=self.shape,
            settings=RegistrationSettings(self.registration),
            space=self.space or "unknown",
            seed=stream_seed(seed, "registration"),
        )
        return registered.volume, registered.grid, registered.statistics

    def class_names(self, n_classes: int) -> list[str]:
        """Return the names of the classes, or their numbers where they have none."""
        return list(self.classes) or [str(number) for number in range(n_classes)]

    def class_index(self, target: str | None) -> int | None:
        """Return the number of a class; None for None.

        Parameters
        ----------
        target : str or None
            Name or number of the class.

        Raises
        ------
        ConfigError
            There is no class with this name.
        """
        if target is None:
            return None
        if target in self.classes:
            return self.classes.index(target)
        if target.isdecimal():
            return int(target)
        known = ", ".join(self.classes) or "numbers only"
        raise ConfigError(f"target is '{target}'; the network's classes are {known}")

    def _mismatch(
        self, path: str | os.PathLike[str], grid: Grid, expected: Grid
    ) -> GridMismatchError:
        """Return the error for an image with another field of view than the training images."""
        remedy = "resample it to their grid"
        if self.registration in ("transforms", "prepared"):
            remedy = "resample it to their grid by its own transform, as the run did for each image"
        return GridMismatchError(
            f"{path} has another field of view than the images that the network was trained on: "
            f"{_extent(grid)} instead of {_extent(expected)}; {remedy} "
            f"({self.space or 'their space'})"
        )


def _extent(grid: Grid) -> str:
    """Describe a field of view by its outer faces."""
    corners = grid.world(np.array([[-0.5] * 3, np.array(grid.shape) - 0.5]))
    ranges = (f"{low:.1f} to {high:.1f}" for low, high in zip(*corners, strict=True))
    return " x ".join(ranges) + f" mm ({grid.orientation})"
