"""Intervals and tests of one number per fold, and of a number against its null."""

import numpy as np
from scipy import stats

ALPHA = 0.05
TIE = 1e-9  # the mean of the same accuracies depends on their order, by rounding


def corrected_error(sd: float, k: int) -> float:
    """Return the standard error of a mean over folds, corrected as in `corrected_t`.

    Parameters
    ----------
    sd : float
        Standard deviation over the folds.
    k : int
        Number of folds.
    """
    error: float = sd * np.sqrt(1 / k + 1 / (k - 1))
    return error


def corrected_t(values: np.ndarray) -> tuple[float, float, float, float]:
    """Test a mean over folds of numbers measured on held-out participants, such as accuracies.

    The resampled t-test's corrected variance (Nadeau and Bengio 2003): the folds of a
    cross-validation share training participants, so their numbers are not independent, and the
    variance of the mean is ``s^2 (1/k + 1/(k - 1))`` instead of ``s^2 / k``; the second term is
    the size of the test set over that of the training set.

    Parameters
    ----------
    values : numpy.ndarray, shape (k,)
        One number per fold.

    Returns
    -------
    mean : float
        Of the folds.
    low, high : float
        95 % interval; missing (NaN) for a single fold.
    p : float
        Two-sided p against a mean of 0; missing (NaN) for a single fold.

    Notes
    -----
    Folds without any spread have an interval of width 0 and p = 1, because they do not show how far
    the mean could be from 0.

    Examples
    --------
    >>> import numpy as np
    >>> from voxplain import corrected_t
    >>> mean, low, high, p = corrected_t(np.array([0.8, 0.9, 0.85, 0.95]) - 0.5)
    >>> round(mean, 3), round(low, 3), round(high, 3), round(p, 3)
    (0.375, 0.218, 0.532, 0.005)
    """
    mean, sd, k = _summary(values)
    return _t_test(mean, corrected_error(sd, k) if k > 1 else np.nan, k - 1)


def jackknife_t(
    values: np.ndarray, least: float = -np.inf, most: float = np.inf
) -> tuple[float, float, float, float]:
    """Test a mean over folds of numbers that describe the networks, such as region scores of maps.

    Any two networks share ``(k - 2) / (k - 1)`` of their training participants, and with them what
    these have in common by chance, on which any number of folds would agree. Leaving out each fold
    in turn is a jackknife of groups with the variance ``s^2 (k - 1)^2 / k`` of the mean (Shao and
    Wu 1989). Differences caused by the networks' seeds are counted as if they were shared, which
    makes the test conservative.

    Parameters
    ----------
    values : numpy.ndarray, shape (k,)
        One number per fold.
    least, most : float
        Bounds of the possible values; the interval ends there.

    Returns
    -------
    mean, low, high, p : float
        As of `corrected_t`.
    """
    mean, sd, k = _summary(values)
    mean, low, high, p = _t_test(mean, sd * (k - 1) / np.sqrt(k), k - 1)
    return mean, float(np.maximum(low, least)), float(np.minimum(high, most)), p


def beyond_random_maps(method: np.ndarray, random: np.ndarray) -> tuple[float, float, float, float]:
    """Compare the numbers of a method's maps with those of random maps in the same folds.

    The maps of a method may be much the same in all folds, so they are compared with a single
    further random map, not with the mean of many. The variance is ``s^2 (1 + 1 / (k n))``, where
    ``s^2`` is the variance between the random maps of a fold or, with a single random map per
    fold, that of the differences between folds. The degrees of freedom are those of the folds,
    ``k - 1``, or for a single fold those of its random maps, ``n - 1``.

    Parameters
    ----------
    method : numpy.ndarray, shape (k,)
        The number of the method's maps in each fold.
    random : numpy.ndarray, shape (k, n)
        The numbers of n random maps, drawn anew in each fold.

    Returns
    -------
    difference, low, high, p : float
        Method minus random; the others as of `corrected_t`.
    """
    k, n = random.shape
    difference, sd, _ = _summary(method - random.mean(axis=1))
    if n > 1:
        sd = np.sqrt(random.var(axis=1, ddof=1).mean())
    return _t_test(difference, sd * np.sqrt(1 + 1 / random.size), (k if k > 1 else n) - 1)


def _summary(values: np.ndarray) -> tuple[float, float, int]:
    # rounded, so that equal folds are equal to the last digit
    values = np.round(np.asarray(values, float), 12)
    k = len(values)
    return float(values.mean()), float(values.std(ddof=1)) if k > 1 else np.nan, k


def _t_test(mean: float, error: float, freedom: int) -> tuple[float, float, float, float]:
    if np.isnan(error):
        return mean, np.nan, np.nan, np.nan
    if error == 0:
        return mean, mean, mean, 1.0
    half = float(stats.t.ppf(0.975, freedom) * error)
    return mean, mean - half, mean + half, float(2 * stats.t.sf(abs(mean) / error, freedom))


def one_sided(mean: float, p: float) -> float:
    """Turn a two-sided p value into the one-sided p value of "greater than 0".

    Parameters
    ----------
    mean : float
        What was tested.
    p : float
        Two-sided.
    """
    return p / 2 if mean > 0 else 1 - p / 2


def against_null(null: np.ndarray, at_least: float) -> dict[str, float]:
    """Summarise draws of a null and how many of them reach the observed value.

    Parameters
    ----------
    null : numpy.ndarray, shape (n,)
        The statistic under the null.
    at_least : float
        The observed value, less the rounding error of a draw that ties with it.

    Returns
    -------
    dict
        null_mean, null_p95, and p_null, ``(b + 1) / (n + 1)`` with b draws of at least `at_least`.
    """
    return {
        "null_mean": float(null.mean()),
        "null_p95": float(np.quantile(null, 0.95)),
        "p_null": float((np.count_nonzero(null >= at_least) + 1) / (len(null) + 1)),
    }
