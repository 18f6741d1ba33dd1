"""The template brain of the embedded cohort."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from voxplain.image.grid import Grid


@dataclass(frozen=True)
class Templates:
    """Template volumes on one grid, brain only.

    Attributes
    ----------
    t1, grey, white : (X, Y, Z) float32 arrays
        T1 signal (white matter near 1) and tissue probabilities; zero outside the brain.
    brain : (X, Y, Z) float32 array
        1 inside the brain, 0 outside.
    grid : Grid
        MNI152, RAS.
    """

    t1: np.ndarray
    grey: np.ndarray
    white: np.ndarray
    brain: np.ndarray
    grid: Grid

    @classmethod
    def load(cls, voxel_size_mm: int) -> Self:
        """Load the templates in nilearn's package, resampled to isotropic voxels.

        Takes about 3 CPU-s for nilearn's import and the resampling, once per job.
        """
        from nilearn import datasets

        mask = datasets.load_mni152_brain_mask(resolution=voxel_size_mm)
        brain = (mask.get_fdata() > 0).astype(np.float32)
        loaders = (
            datasets.load_mni152_template,
            datasets.load_mni152_gm_template,
            datasets.load_mni152_wm_template,
        )
        images = (load(resolution=voxel_size_mm) for load in loaders)
        signal, grey, white = (
            image.get_fdata(dtype=np.float32).clip(0) * brain for image in images
        )
        signal /= np.average(signal, weights=white)
        return cls(signal, grey, white, brain, Grid(brain.shape, mask.affine))
