"""Intervals and tests on one number per fold, and one number against its null."""

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


def one_sided(mean: float, p: float) -> float:
    """Return the p of "greater" from a two-sided p and the mean that it belongs to."""
    return p / 2 if mean > 0 else 1 - p / 2


def against_null(null: np.ndarray, at_least: float) -> dict[str, float]:
    """Summarise draws of a null and how many of them reach what was found.

    Parameters
    ----------
    null : numpy.ndarray, shape (n,)
        The statistic under the null.
    at_least : float
        What was found, less what rounding may take from a draw that ties with it.

    Returns
    -------
    dict
        null_mean, null_p95, and p_null, ``(b + 1) / (n + 1)`` with b draws of at least `at_least`.
    """
    return {
        "null_mean": float(null.mean()),
        "null_p95": float(np.quantile(null, 0.95)),
        "p_null": (np.count_nonzero(null >= at_least) + 1) / (len(null) + 1),
    }
