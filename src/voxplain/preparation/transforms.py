"""Spatial transforms as chains of maps between points.

A transform that brings images into MNI152 maps *points* the other way: for each point of MNI152 it
gives the corresponding point of the participant's image. All programs store it like this, each in
its own coordinates; the conversions to and from world coordinates (mm, RAS+) are stages of the
chain, so that no sign is flipped by hand.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from voxplain.errors import TransformError
from voxplain.image.grid import Grid

PointMap = Callable[[np.ndarray], np.ndarray]  # points (3, n) to points (3, n), mm

LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])  # ITK's world; its own inverse
# Range of a transform's determinant in mid-brain; brains of all sizes and ages lie well within.
VOLUME_RATIOS = (0.2, 5.0)
_PROBE_MM = 40.0  # distance of the points at which the linear part of a transform is measured
_PROBE_CENTRE = (0.0, -20.0, 10.0)  # middle of MNI152's brain, mm


@dataclass(frozen=True)
class Affine:
    """An affine map of points.

    Attributes
    ----------
    matrix : (4, 4) array
        Points to points, mm.
    """

    matrix: np.ndarray

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Map points (3, n)."""
        return self.matrix[:3, :3] @ points + self.matrix[:3, 3:]


@dataclass(frozen=True, eq=False)
class DisplacementField:
    """Points to points by displacements that are interpolated linearly.

    Attributes
    ----------
    to_points : (4, 4) array
        Voxels of the field to the points it is given in, mm.
    vectors : (3, X, Y, Z) float32 array
        Displacements, mm along the axes of these points. Outside the field the nearest one is used.
    """

    to_points: np.ndarray
    vectors: np.ndarray

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Map points (3, n)."""
        voxels = Affine(np.linalg.inv(self.to_points))(points)
        moved = np.empty_like(points)
        for axis, component in enumerate(self.vectors):
            ndimage.map_coordinates(component, voxels, moved[axis], order=1, mode="nearest")
        return points + moved


@dataclass(frozen=True, eq=False)
class Transform:
    """Points of MNI152 to points of the participant's image, both world mm (RAS+).

    Attributes
    ----------
    kind : str
        The file type it was read from, or the program that computed it, for the provenance.
    stages : tuple of callable
        Maps of points (3, n), first to last.
    """

    kind: str
    stages: tuple[PointMap, ...] = ()

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Map points (3, n)."""
        for stage in self.stages:
            points = stage(points)
        return points

    def matrix(self) -> np.ndarray:
        """Return the (4, 4) matrix of a transform that is affine throughout."""
        corners = self(np.hstack([np.zeros((3, 1)), np.eye(3)]))
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3:] = corners[:, 1:] - corners[:, :1], corners[:, :1]
        return matrix

    def linear_part(self) -> np.ndarray:
        """Return the (3, 3) linear part of the transform in mid-brain, by central differences."""
        steps = np.hstack([np.eye(3), -np.eye(3)]) * _PROBE_MM
        ends = self(np.array(_PROBE_CENTRE)[:, None] + steps)
        return (ends[:, :3] - ends[:, 3:]) / (2 * _PROBE_MM)

    def check(self) -> None:
        """Refuse a transform that mirrors the brain or changes its volume implausibly.

        Raises
        ------
        TransformError
            The message does not name the file; the caller adds it.
        """
        ratio = np.linalg.det(self.linear_part())
        if not np.isfinite(ratio) or ratio <= 0:
            raise TransformError(
                f"mirrors left and right (its determinant is {ratio:.3g}); a transform between "
                "world coordinates never does: the image's header or the transform is wrong"
            )
        low, high = VOLUME_RATIOS
        if not low <= ratio <= high:
            raise TransformError(
                f"changes volumes by a factor of {1 / ratio:.3g}; it is not this image's "
                "transform to MNI152"
            )


def lps(*stages: PointMap) -> tuple[PointMap, ...]:
    """Return stages that work in ITK's LPS world as stages of the RAS world."""
    flip = Affine(LPS_FROM_RAS)
    return (flip, *stages, flip)


def fsl_from_voxels(grid: Grid) -> np.ndarray:
    """Return the (4, 4) matrix from voxels to FSL's coordinates, mm.

    FSL's coordinates are voxel indices times voxel sizes. The first axis is counted from its other
    end if the voxel axes are right-handed ("neurological" storage, a positive determinant).
    """
    matrix = np.diag([*grid.voxel_sizes, 1.0])
    if np.linalg.det(grid.affine[:3, :3]) > 0:
        matrix[0, 0] *= -1
        matrix[0, 3] = (grid.shape[0] - 1) * grid.voxel_sizes[0]
    return matrix


def fsl_from_world(grid: Grid) -> np.ndarray:
    """Return the (4, 4) matrix from world coordinates to FSL's coordinates on a grid, both mm."""
    return fsl_from_voxels(grid) @ np.linalg.inv(grid.affine)
