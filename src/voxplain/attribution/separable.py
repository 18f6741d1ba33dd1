"""Smoothing and interpolation of volumes as three fixed matrices, one per axis."""

from collections.abc import Sequence

import numpy as np
import torch


def gaussian_matrix(n: int, sigma: float) -> np.ndarray:
    """Return the (n, n) float64 matrix that smooths n voxels with a Gaussian.

    Untruncated and renormalised: every row sums to 1, so that a constant stays what it is up to
    the border. `sigma` is in voxels; 0 gives the identity.
    """
    if sigma == 0:
        return np.eye(n)
    distance = np.subtract.outer(np.arange(n), np.arange(n)) / sigma
    weights = np.exp(-0.5 * distance**2)
    return weights / weights.sum(1, keepdims=True)


def box_matrix(n: int, width: int) -> np.ndarray:
    """Return the (n, n) float64 matrix that averages n voxels over an odd width of voxels.

    At the border the mean is over what of the box lies inside: a constant stays what it is.
    """
    reach = np.abs(np.subtract.outer(np.arange(n), np.arange(n))) <= width // 2
    return reach / reach.sum(1, keepdims=True)


def upsampling_matrix(n: int, m: int) -> np.ndarray:
    """Return the (n, m) float64 matrix of linear interpolation from m to n voxels.

    Both grids span the same box (``align_corners=False``); outside the centres of the outermost
    coarse voxels their value holds.
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
    """Smooth volumes (n, D, H, W) by `gaussian_matrix` along each axis."""
    matrices = [torch.as_tensor(gaussian_matrix(n, sigma)) for n in volumes.shape[1:]]
    return apply([matrix.to(volumes) for matrix in matrices], volumes)


def apply(matrices: Sequence[torch.Tensor], volumes: torch.Tensor) -> torch.Tensor:
    """Multiply the last three axes of `volumes` (n, a, b, c) by one matrix each.

    Matrices (D, a), (H, b) and (W, c) give (n, D, H, W).
    """
    first, second, third = matrices
    partial = second @ (volumes @ third.T)
    n, a, height, width = partial.shape
    return (first @ partial.reshape(n, a, -1)).reshape(n, len(first), height, width)
