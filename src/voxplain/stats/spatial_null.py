"""Random maps that match a reference map in values, volume and smoothness.

White noise is the wrong null for a map: attribution maps are smooth, and smooth blobs coincide with
anatomy far more often than scattered voxels. Here noise is smoothed until the reference's values,
put into the rank order of the noise, have the reference's spatial autocorrelation (the idea of Burt
et al. 2020, NeuroImage 220:117038).
"""

from collections.abc import Iterable

import numpy as np
from scipy.ndimage import gaussian_filter

FWHM_PER_SIGMA = np.sqrt(8 * np.log(2))
LAGS = (1, 2, 4)  # voxels
SIGMA_BOUNDS = (0.2, 10.0)  # voxels; below 0.2 a Gaussian kernel leaves noise white
BISECTIONS = 12
_AT_BOUND = 0.99 * SIGMA_BOUNDS[1] * FWHM_PER_SIGMA  # the bisection stops just below the bound
N_CALIBRATION = 4  # noise fields on which the smoothness is calibrated


def surrogates(reference: np.ndarray, brain_mask: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Draw random smooth maps with exactly the reference's values inside the brain.

    Parameters
    ----------
    reference : numpy.ndarray, shape (X, Y, Z)
        Map to match.
    brain_mask : numpy.ndarray of bool, shape (X, Y, Z)
        Voxels that get values.
    n : int
        Number of maps.
    seed : int
        On one machine the same seed gives the same bits, and the first maps of a longer series.

    Returns
    -------
    numpy.ndarray of float32, shape (n, X, Y, Z)
        Zero outside the brain; inside, each map is a permutation of the reference's values.

    Examples
    --------
    >>> import numpy as np
    >>> from voxplain import surrogates
    >>> brain = np.zeros((8, 8, 8), bool)
    >>> brain[1:7, 1:7, 1:7] = True
    >>> reference = np.random.default_rng(0).random(brain.shape)
    >>> maps = surrogates(reference, brain, n=3, seed=0)
    >>> maps.shape
    (3, 8, 8, 8)
    >>> np.allclose(np.sort(maps[0][brain]), np.sort(reference[brain]))
    True
    """
    maps = np.zeros((n, *reference.shape), np.float32)
    maps[:, brain_mask] = surrogate_values(reference, brain_mask, n, seed)
    return maps


def surrogate_values(
    reference: np.ndarray, brain_mask: np.ndarray, n: int, seed: int
) -> np.ndarray:
    """Draw the same maps as `surrogates`, as values of the brain voxels.

    Parameters
    ----------
    reference, brain_mask, n, seed
        As for `surrogates`.

    Returns
    -------
    numpy.ndarray of float32, shape (n, n_brain)
        Voxels in C order.
    """
    fwhm = matched_fwhm(reference, brain_mask, seed)
    values = reference[brain_mask].astype(np.float32)
    return np.stack(
        [rank_matched_noise(values, brain_mask, fwhm, [seed, 0, index]) for index in range(n)]
    )


def rank_matched_noise(
    values: np.ndarray, brain_mask: np.ndarray, fwhm: float, seed: list[int]
) -> np.ndarray:
    """Put the values of a map into the rank order of smooth noise.

    Parameters
    ----------
    values : numpy.ndarray, shape (n_brain,)
    brain_mask : numpy.ndarray of bool, shape (X, Y, Z)
    fwhm : float
        Full width at half maximum of the smoothing, voxels.
    seed : list of int

    Returns
    -------
    numpy.ndarray, shape (n_brain,)
    """
    return _rank_matched(_noise(brain_mask.shape, seed), np.sort(values), brain_mask, fwhm)


def matched_fwhm(reference: np.ndarray, brain_mask: np.ndarray, seed: int) -> float:
    """Find the smoothness of noise that gives rank-matched maps the reference's autocorrelation.

    The autocorrelation is the mean over lags of 1, 2 and 4 voxels along the three axes inside the
    brain. It is matched after the values are put in, because a map of few blobs in many zeros is
    rougher than the Gaussian field of the same full width at half maximum.

    Parameters
    ----------
    reference : numpy.ndarray, shape (X, Y, Z)
    brain_mask : numpy.ndarray of bool, shape (X, Y, Z)
    seed : int

    Returns
    -------
    float
        Full width at half maximum in voxels, between 0.5 and 23.5; the lower bound for a map that
        is constant in the brain, where any noise gives the same map.
    """
    values = np.sort(reference[brain_mask])
    low, high = SIGMA_BOUNDS
    if values[0] == values[-1]:
        return float(low * FWHM_PER_SIGMA)
    target = _autocorrelation(reference, brain_mask)
    # the same fields in all steps: the autocorrelation then grows with sigma without jitter
    fields = [_noise(reference.shape, [seed, 1, index]) for index in range(N_CALIBRATION)]
    candidate = np.zeros(reference.shape)
    for _ in range(BISECTIONS):
        sigma = np.sqrt(low * high)
        reached = []
        for noise in fields:
            candidate[brain_mask] = _rank_matched(noise, values, brain_mask, sigma * FWHM_PER_SIGMA)
            reached.append(_autocorrelation(candidate, brain_mask))
        if np.mean(reached) < target:
            low = sigma
        else:
            high = sigma
    return float(np.sqrt(low * high) * FWHM_PER_SIGMA)


def smoothness(maps: Iterable[np.ndarray], brain_mask: np.ndarray, seed: int) -> tuple[float, int]:
    """Return the typical smoothness of some participants' maps.

    Parameters
    ----------
    maps : iterable of numpy.ndarray, shape (X, Y, Z)
    brain_mask : numpy.ndarray of bool, shape (X, Y, Z)
    seed : int

    Returns
    -------
    fwhm : float
        Median of `matched_fwhm` over the maps that noise can match, voxels; its upper bound where
        noise can match none of them.
    unmatched : int
        Number of maps with a higher autocorrelation than noise can reach with their values, such
        as a single compact blob in zeros. For these, `matched_fwhm` returns its upper bound, which
        is not their width.
    """
    widths = np.array([matched_fwhm(volume, brain_mask, seed) for volume in maps])
    matched = widths[widths < _AT_BOUND]
    return float(np.median(matched if len(matched) else widths)), len(widths) - len(matched)


def _noise(shape: tuple[int, ...], seed: list[int]) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def smooth(noise: np.ndarray, fwhm: float) -> np.ndarray:
    """Smooth noise by a Gaussian.

    Parameters
    ----------
    noise : numpy.ndarray, shape (X, Y, Z)
    fwhm : float
        Full width at half maximum, voxels.
    """
    # wrapping at the borders of the box keeps the variance of the noise the same there
    smoothed: np.ndarray = gaussian_filter(noise, fwhm / FWHM_PER_SIGMA, mode="wrap")
    return smoothed


def _rank_matched(
    noise: np.ndarray, values: np.ndarray, brain_mask: np.ndarray, fwhm: float
) -> np.ndarray:
    """Give the in-brain voxels of smoothed noise the sorted `values` in the noise's rank order."""
    order = np.argsort(smooth(noise, fwhm)[brain_mask], kind="stable")
    matched = np.empty_like(values)
    matched[order] = values
    return matched


def _autocorrelation(volume: np.ndarray, brain_mask: np.ndarray) -> float:
    """Mean correlation of in-brain voxels with their in-brain neighbours at `LAGS`."""
    inside = volume[brain_mask].astype(np.float64)
    centred = np.where(brain_mask, volume - inside.mean(), 0.0)
    correlations = []
    for axis in range(3):
        for lag in LAGS:
            first = [slice(None)] * 3
            second = [slice(None)] * 3
            first[axis], second[axis] = slice(None, -lag), slice(lag, None)
            n_pairs = (brain_mask[tuple(first)] & brain_mask[tuple(second)]).sum()
            if n_pairs:
                covariance = (centred[tuple(first)] * centred[tuple(second)]).sum() / n_pairs
                correlations.append(covariance / inside.var())
    return float(np.mean(correlations))
