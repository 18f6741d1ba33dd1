"""Intervals and tests on one number per fold."""

import numpy as np
from scipy import stats


def corrected_error(sd: float, k: int) -> float:
    """Return the standard error of a mean over k folds, corrected as in `corrected_t`."""
    return sd * np.sqrt(1 / k + 1 / (k - 1))


def corrected_t(values: np.ndarray, level: float = 0.95) -> tuple[float, float, float, float]:
    """Mean over folds with the resampled t-test's corrected variance (Nadeau and Bengio 2003).

    The folds of a cross-validation share training participants, so their numbers are not
    independent: the variance of the mean is ``s^2 (1/k + 1/(k - 1))``, the second term being test
    over training size, instead of ``s^2 / k``.

    Parameters
    ----------
    values : numpy.ndarray, shape (k,)
        One number per fold.
    level : float
        Coverage of the interval.

    Returns
    -------
    mean, low, high, p : float
        Against a mean of 0. The last three are missing (NaN) for a single fold. Folds without any
        spread, as two folds easily are, have an interval of no width and p = 1: they say nothing of
        how far it could be from 0.
    """
    values = np.asarray(values, float)
    k, mean = len(values), float(np.mean(values))
    if k < 2:
        return mean, np.nan, np.nan, np.nan
    error = corrected_error(values.std(ddof=1), k)
    if error == 0:
        return mean, mean, mean, 1.0
    half = stats.t.ppf((1 + level) / 2, k - 1) * error
    p = 2 * stats.t.sf(abs(mean) / error, k - 1)
    return mean, mean - half, mean + half, float(p)
