"""Voxel grids: shapes of arrays and their affines to world coordinates (mm)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from nibabel.orientations import io_orientation, ornt2axcodes
from numpy.typing import ArrayLike, NDArray

from voxplain.errors import ImageError


@dataclass(frozen=True)
class Reorientation:
    """A permutation and reversal of array axes.

    Attributes
    ----------
    axes : tuple of int
        ``axes[i]`` is the input axis that becomes output axis ``i``.
    flips : tuple of bool
        Whether output axis ``i`` runs against its input axis.
    """

    axes: tuple[int, int, int]
    flips: tuple[bool, bool, bool]

    def apply(self, data: np.ndarray) -> np.ndarray:
        """Return a view of a 3-D array in the output orientation."""
        reverse = tuple(slice(None, None, -1 if flip else 1) for flip in self.flips)
        return np.transpose(data, self.axes)[reverse]

    def undo(self, data: np.ndarray) -> np.ndarray:
        """Return a view of a 3-D array, given in the output orientation, in that of the input."""
        reverse = tuple(slice(None, None, -1 if flip else 1) for flip in self.flips)
        return np.transpose(data[reverse], np.argsort(self.axes))


@dataclass(frozen=True, eq=False)
class Grid:
    """Shape of a volume and the affine from voxel indices to world coordinates.

    Parameters
    ----------
    shape : tuple of int
        Number of voxels along each of three axes.
    affine : (4, 4) array_like
        Voxel indices (of voxel centres) to world coordinates, mm, NIfTI's RAS+ convention.
        Kept as read-only float64.

    Raises
    ------
    ImageError
        If the shape is not three positive integers or the affine cannot be inverted.

    Examples
    --------
    >>> import numpy as np
    >>> from voxplain import Grid
    >>> grid = Grid((58, 70, 58), np.diag([-3.0, 3.0, 3.0, 1.0]))
    >>> grid.orientation, round(grid.voxel_volume)
    ('LAS', 27)
    >>> grid.world([1, 0, 0]).tolist()
    [-3.0, 0.0, 0.0]
    """

    shape: tuple[int, int, int]
    affine: NDArray[np.float64]

    def __post_init__(self) -> None:
        shape = tuple(int(size) for size in self.shape)
        if len(shape) != 3 or min(shape) < 1:
            raise ImageError(f"a grid needs three positive sizes, not {shape}")
        affine = np.array(self.affine, dtype=np.float64)
        if affine.shape != (4, 4) or not np.isfinite(affine).all():
            raise ImageError("the affine is not a 4 x 4 matrix of finite numbers")
        sizes = np.linalg.norm(affine[:3, :3], axis=0)
        # Relative to the voxel's edges, so that micrometre voxels do not count as singular.
        if sizes.min() == 0 or abs(np.linalg.det(affine[:3, :3] / sizes)) < 1e-6:
            raise ImageError("the affine is singular: its voxels have no volume")
        if not np.array_equal(affine[3], (0, 0, 0, 1)):
            raise ImageError(f"the affine's last row is {affine[3].tolist()}, not [0, 0, 0, 1]")
        affine.setflags(write=False)
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "affine", affine)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Grid):
            return NotImplemented
        return self.shape == other.shape and np.array_equal(self.affine, other.affine)

    def __hash__(self) -> int:
        return hash((self.shape, (self.affine + 0.0).tobytes()))  # + 0.0: -0.0 equals 0.0

    @property
    def voxel_sizes(self) -> NDArray[np.float64]:
        """Edge lengths of a voxel along the three array axes, (3,), mm."""
        sizes: NDArray[np.float64] = np.linalg.norm(self.affine[:3, :3], axis=0)
        return sizes

    @property
    def voxel_volume(self) -> float:
        """Volume of a voxel, mm³."""
        return float(abs(np.linalg.det(self.affine[:3, :3])))

    @property
    def n_voxels(self) -> int:
        """Number of voxels."""
        return math.prod(self.shape)

    @property
    def orientation(self) -> str:
        """Directions in which the array axes run, such as ``RAS`` or ``PSR``."""
        return "".join(ornt2axcodes(self._directions))

    @cached_property
    def _directions(self) -> NDArray[np.float64]:
        """World axis and direction that each array axis is closest to, as nibabel gives them."""
        orientation: NDArray[np.float64] = io_orientation(self.affine)
        return orientation

    def world(self, voxels: ArrayLike) -> NDArray[np.float64]:
        """World coordinates, (..., 3) mm, of voxel indices (..., 3)."""
        return np.asarray(voxels) @ self.affine[:3, :3].T + self.affine[:3, 3]

    def voxels(self, world: ArrayLike) -> NDArray[np.float64]:
        """Fractional voxel indices, (..., 3), of world coordinates (..., 3) mm."""
        inverse = np.linalg.inv(self.affine)
        voxels: NDArray[np.float64] = np.asarray(world) @ inverse[:3, :3].T + inverse[:3, 3]
        return voxels

    def from_voxels_of(self, other: "Grid") -> NDArray[np.float64]:
        """Return the matrix, (4, 4), from another grid's voxel indices to this one's."""
        matrix: NDArray[np.float64] = np.linalg.inv(self.affine) @ other.affine
        return matrix

    def coarsen(self, shape: tuple[int, int, int]) -> "Grid":
        """Return the grid of `shape` voxels over the same field of view.

        The outer faces of the two grids coincide; the centre of the first new voxel lies half a new
        voxel inside the common corner. Sizes need not divide each other.
        """
        scale = np.divide(self.shape, shape)
        affine = self.affine.copy()
        affine[:3, :3] = self.affine[:3, :3] * scale
        affine[:3, 3] = self.affine[:3, :3] @ ((scale - 1) / 2) + self.affine[:3, 3]
        return Grid(shape, affine)

    def is_coarser_than(self, shape: Sequence[int]) -> bool:
        """Whether `shape` (right, anterior, superior) has more voxels than this grid on any axis.

        Averaging cannot create such voxels.
        """
        return any(new > old for new, old in zip(shape, self.to_ras()[0].shape, strict=True))

    def to_ras(self) -> tuple["Grid", Reorientation]:
        """Return the same voxels with axes permuted and flipped closest to RAS.

        Nothing is interpolated: an oblique grid stays oblique.

        Returns
        -------
        grid : Grid
            The grid of the reoriented array.
        reorientation : Reorientation
            Turns an array on this grid into one on the returned grid.
        """
        closest, directions = self._directions.T
        x, y, z = (int(np.flatnonzero(closest == world)[0]) for world in range(3))
        axes = (x, y, z)
        flips = (bool(directions[x] < 0), bool(directions[y] < 0), bool(directions[z] < 0))
        linear = self.affine[:3, :3].copy()
        origin = self.affine[:3, 3].copy()
        for axis, flip in zip(axes, flips, strict=True):
            if flip:
                origin += linear[:, axis] * (self.shape[axis] - 1)
                linear[:, axis] *= -1
        affine = np.eye(4)
        affine[:3, :3] = linear[:, axes]
        affine[:3, 3] = origin
        shape = (self.shape[x], self.shape[y], self.shape[z])
        return Grid(shape, affine), Reorientation(axes, flips)

    def matches(self, other: "Grid", tolerance: float = 0.01) -> bool:
        """Whether two grids have one shape and every voxel in the same place.

        The difference of two affine maps is largest at a corner, so eight points decide.

        Parameters
        ----------
        other : Grid
            The grid to compare with.
        tolerance : float
            Largest distance between the centres of a voxel on the two grids, mm.
        """
        if self.shape != other.shape:
            return False
        corners = np.array(np.meshgrid(*[(0, size - 1) for size in self.shape])).reshape(3, -1).T
        distance = np.linalg.norm(self.world(corners) - other.world(corners), axis=1)
        return bool(distance.max() <= tolerance)

    def to_dict(self) -> dict[str, Any]:
        """Return the grid as JSON-ready lists."""
        return {"shape": list(self.shape), "affine": self.affine.tolist()}

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Self:
        """Return the grid that `to_dict` described."""
        return cls(tuple(value["shape"]), np.array(value["affine"]))
