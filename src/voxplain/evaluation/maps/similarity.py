"""How similar two maps are inside the brain."""

import numpy as np
from scipy import ndimage, stats

from voxplain.evaluation.maps.overlap import dice, top_fraction

_SSIM_SIGMA = 1.5  # voxels; this and the two constants as in Wang et al. 2004
_SSIM_CONSTANTS = (0.01**2, 0.03**2)


def similarity(
    a: np.ndarray, b: np.ndarray, brain_mask: np.ndarray, fraction: float
) -> dict[str, float]:
    """Compare two maps of one participant.

    Parameters
    ----------
    a, b : numpy.ndarray, shape (X, Y, Z)
        Non-negative maps.
    brain_mask : numpy.ndarray of bool, shape (X, Y, Z)
    fraction : float
        Share of the brain in the equal-area masks.

    Returns
    -------
    dict
        spearman and pearson (correlation over the brain's voxels; 0 where a map is constant there),
        ssim (see `ssim`), dice (of the highest `fraction` of the brain).
    """
    inside = a[brain_mask], b[brain_mask]
    varies = all(np.ptp(values) > 0 for values in inside)
    return {
        "spearman": float(stats.spearmanr(*inside).statistic) if varies else 0.0,
        "pearson": float(np.corrcoef(*inside)[0, 1]) if varies else 0.0,
        "ssim": ssim(a, b, brain_mask),
        "dice": dice(top_fraction(a, brain_mask, fraction), top_fraction(b, brain_mask, fraction)),
    }


def icc(maps: np.ndarray) -> float:
    """Intraclass correlation of maps as raters of voxels: two-way, consistency, a single map.

    ICC(C, 1) of McGraw and Wong (1996), ``(MSR - MSE) / (MSR + (k - 1) MSE)``.

    Parameters
    ----------
    maps : numpy.ndarray, shape (k, n_voxels)

    Returns
    -------
    float
        1 where all maps are one up to a constant, 0 where they share nothing; 0 for maps that are
        all constant.
    """
    maps = maps.astype(np.float64)
    k, n = maps.shape
    mean = maps.mean(axis=0)
    between = k * np.var(mean, ddof=1)
    rest = maps - mean - (maps.mean(axis=1, keepdims=True) - maps.mean())
    error = np.sum(rest**2) / ((k - 1) * (n - 1))
    total = between + (k - 1) * error
    return float((between - error) / total) if total > 0 else 0.0


def ssim(a: np.ndarray, b: np.ndarray, brain_mask: np.ndarray) -> float:
    """Return the structural similarity (Wang et al. 2004) of two maps.

    Each is divided by its own maximum; an all-zero map stays zero. Gaussian windows of 1.5 voxels'
    standard deviation; the mean is over the brain's voxels.

    Parameters
    ----------
    a, b : numpy.ndarray, shape (X, Y, Z)
        Non-negative maps.
    brain_mask : numpy.ndarray of bool, shape (X, Y, Z)
    """
    a, b = (volume.astype(np.float64) / (volume.max() or 1) for volume in (a, b))

    def local(values: np.ndarray) -> np.ndarray:
        return ndimage.gaussian_filter(values, _SSIM_SIGMA, mode="nearest")[brain_mask]

    mean_a, mean_b = local(a), local(b)
    variances = local(a * a) - mean_a**2 + local(b * b) - mean_b**2
    covariance = local(a * b) - mean_a * mean_b
    c1, c2 = _SSIM_CONSTANTS
    similar = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return float(np.mean(similar / ((mean_a**2 + mean_b**2 + c1) * (variances + c2))))
