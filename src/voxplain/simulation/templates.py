"""The brain that the embedded cohort is made of."""

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
        """Load the templates inside nilearn's package, resampled to isotropic voxels.

        Costs about 3 CPU-s (nilearn's import and resampling): once per job.
        """
        from nilearn import datasets

        t1 = datasets.load_mni152_template(resolution=voxel_size_mm)
        grey = datasets.load_mni152_gm_template(resolution=voxel_size_mm)
        white = datasets.load_mni152_wm_template(resolution=voxel_size_mm)
        mask = datasets.load_mni152_brain_mask(resolution=voxel_size_mm)
        brain = (mask.get_fdata() > 0).astype(np.float32)
        volumes = [image.get_fdata(dtype=np.float32).clip(0) * brain for image in (t1, grey, white)]
        volumes[0] /= np.average(volumes[0], weights=volumes[2])
        return cls(*volumes, brain, Grid(brain.shape, t1.affine))
