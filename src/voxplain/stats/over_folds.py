"""Intervals and tests on one number per fold, and one number against its null."""

import numpy as np
from scipy import stats

ALPHA = 0.05
TIE = 1e-9  # means of the same accuracies in another order differ by rounding


def corrected_error(sd: float, k: int) -> float:
    """Return the standard error of a mean over k folds, corrected as in `corrected_t`."""
    return sd * np.sqrt(1 / k + 1 / (k - 1))


def corrected_t(values: np.ndarray) -> tuple[float, float, float, float]:
    """Mean over folds of what was measured on held-out participants, such as accuracies.

    The resampled t-test's corrected variance (Nadeau and Bengio 2003): the folds of a
    cross-validation share training participants, so their numbers are not independent, and the
    variance of the mean is ``s^2 (1/k + 1/(k - 1))``, the second term being test over training
    size, instead of ``s^2 / k``.

    Parameters
    ----------
    values : numpy.ndarray, shape (k,)
        One number per fold.

    Returns
    -------
    mean, low, high, p : float
        95 % interval, and p against a mean of 0. The last three are missing (NaN) for a single
        fold. Folds without any spread, as two folds easily are, have an interval of no width and
        p = 1: they say nothing of how far it could be from 0.
    """
    mean, sd, k = _summary(values)
    return _t_test(mean, corrected_error(sd, k) if k > 1 else np.nan, k - 1)


def jackknife_t(
    values: np.ndarray, least: float = -np.inf, most: float = np.inf
) -> tuple[float, float, float, float]:
    """Mean over folds of what describes the folds' networks, such as their maps' region scores.

    Networks that share ``(k - 2) / (k - 1)`` of their training participants share what these have
    in common by chance, too, so that any number of folds would agree on it. Leaving out one fold
    after the other is a jackknife of groups, whose variance of the mean is ``s^2 (k - 1)^2 / k``
    (Shao and Wu 1989). What differs by the networks' seeds is counted as if it were shared: the
    test errs on the careful side.

    Parameters
    ----------
    values : numpy.ndarray, shape (k,)
        One number per fold.
    least, most : float
        Values that there can be; the interval is cut there.

    Returns
    -------
    mean, low, high, p : float
        As of `corrected_t`.
    """
    mean, sd, k = _summary(values)
    mean, low, high, p = _t_test(mean, sd * (k - 1) / np.sqrt(k), k - 1)
    return mean, float(np.maximum(low, least)), float(np.minimum(high, most)), p


def beyond_random_maps(own: np.ndarray, random: np.ndarray) -> tuple[float, float, float, float]:
    """Compare what a method's maps reach with what random maps reach in the same folds.

    A method's maps may be as good as one map in all folds, so it is another single random map that
    they have to be compared with, not the mean of many. The variance is ``s^2 (1 + 1 / (k n))``
    with that between the random maps of a fold, or, where a fold has one only, that of the
    differences between folds; the degrees of freedom are those of the folds, ``k - 1``, or of one
    network's random maps, ``n - 1``.

    Parameters
    ----------
    own : numpy.ndarray, shape (k,)
        The method's number in each fold.
    random : numpy.ndarray, shape (k, n)
        The same of n random maps, other ones in each fold.

    Returns
    -------
    difference, low, high, p : float
        Own minus random; the others as of `corrected_t`.
    """
    k, n = random.shape
    difference, sd, _ = _summary(own - random.mean(axis=1))
    if n > 1:
        sd = np.sqrt(random.var(axis=1, ddof=1).mean())
    return _t_test(difference, sd * np.sqrt(1 + 1 / random.size), (k if k > 1 else n) - 1)


def _summary(values: np.ndarray) -> tuple[float, float, int]:
    # rounded, so that folds that are alike are so to the last digit
    values = np.round(np.asarray(values, float), 12)
    k = len(values)
    return float(values.mean()), float(values.std(ddof=1)) if k > 1 else np.nan, k


def _t_test(mean: float, error: float, freedom: int) -> tuple[float, float, float, float]:
    if np.isnan(error):
        return mean, np.nan, np.nan, np.nan
    if error == 0:
        return mean, mean, mean, 1.0
    half = stats.t.ppf(0.975, freedom) * error
    return mean, mean - half, mean + half, float(2 * stats.t.sf(abs(mean) / error, freedom))


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
