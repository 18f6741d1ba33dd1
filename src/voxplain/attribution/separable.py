"""Smoothing and interpolation of volumes as three fixed matrices, one per axis."""

from collections.abc import Sequence

import numpy as np
import torch


def gaussian_matrix(n: int, sigma: float) -> np.ndarray:
    """Return the matrix that smooths n voxels with a Gaussian.

    Untruncated and renormalised: every row sums to 1, so that a constant stays what it is up to
    the border.

    Parameters
    ----------
    n : int
        Number of voxels.
    sigma : float
        Standard deviation, voxels; 0 gives the identity.

    Returns
    -------
    numpy.ndarray of float64, (n, n)
    """
    if sigma == 0:
        return np.eye(n)
    distance = np.subtract.outer(np.arange(n), np.arange(n)) / sigma
    weights: np.ndarray = np.exp(-0.5 * distance**2)
    result: np.ndarray = weights / weights.sum(1, keepdims=True)
    return result


def moving_average_matrix(n: int, width: int) -> np.ndarray:
    """Return the matrix that averages n voxels over a box.

    At the border the mean is over the part of the box that lies inside, so that a constant stays
    what it is.

    Parameters
    ----------
    n : int
        Number of voxels.
    width : int
        Of the box, an odd number of voxels.

    Returns
    -------
    numpy.ndarray of float64, (n, n)
    """
    reach = np.abs(np.subtract.outer(np.arange(n), np.arange(n))) <= width // 2
    result: np.ndarray = reach / reach.sum(1, keepdims=True)
    return result


def upsampling_matrix(n: int, m: int) -> np.ndarray:
    """Return the matrix of linear interpolation from m to n voxels.

    Both grids span the same box (``align_corners=False``); outside the centres of the outermost
    coarse voxels their value holds.

    Parameters
    ----------
    n, m : int
        Number of fine and of coarse voxels.

    Returns
    -------
    numpy.ndarray of float64, (n, m)
    """
    position = np.clip((np.arange(n) + 0.5) * m / n - 0.5, 0, m - 1)
    lower = np.minimum(position.astype(int), max(m - 2, 0))
    fraction = position - lower
    matrix = np.zeros((n, m))
    matrix[np.arange(n), lower] = 1 - fraction
    if m > 1:
        matrix[np.arange(n), lower + 1] = fraction
    return matrix


def gaussian_blur(volumes: torch.Tensor, sigma: float) -> torch.Tensor:
    """Smooth volumes by `gaussian_matrix` along each axis.

    Parameters
    ----------
    volumes : torch.Tensor, (n, D, H, W)
    sigma : float
        Standard deviation, voxels.
    """
    matrices = [torch.as_tensor(gaussian_matrix(n, sigma)) for n in volumes.shape[1:]]
    return apply([matrix.to(volumes) for matrix in matrices], volumes)


def apply(matrices: Sequence[torch.Tensor], volumes: torch.Tensor) -> torch.Tensor:
    """Multiply each of the last three axes of `volumes` by its matrix.

    Parameters
    ----------
    matrices : sequence of torch.Tensor
        (D, a), (H, b) and (W, c).
    volumes : torch.Tensor, (n, a, b, c)

    Returns
    -------
    torch.Tensor, (n, D, H, W)
    """
    first, second, third = matrices
    partial = second @ (volumes @ third.T)
    n, a, height, width = partial.shape
    return (first @ partial.reshape(n, a, -1)).reshape(n, len(first), height, width)
