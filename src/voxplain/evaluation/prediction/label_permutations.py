"""The accuracy of a model that is fitted to permuted labels."""

from collections.abc import Callable

import numpy as np

from voxplain.stats.family_blocks import permuted_labels
from voxplain.stats.over_folds import TIE, against_null


def refitting_null(
    predict: Callable[[np.ndarray], np.ndarray],
    labels: np.ndarray,
    families: np.ndarray,
    folds: np.ndarray,
    n_permutations: int,
    seed: int,
) -> dict[str, float]:
    """Permutation test of the accuracy that refits the model, all folds of it, every time.

    Ojala and Garriga 2010, test 1; labels are exchanged by `permuted_labels`. Shuffling labels
    against fixed predictions is cheaper, but assumes that folds are independent.

    Parameters
    ----------
    predict : callable
        Labels, shape (n,), to everybody's held-out predicted class, shape (n,).
    labels, families, folds : numpy.ndarray, shape (n,)
        Class, family number (`voxplain.stats.family_blocks.family_codes`) and fold.
    n_permutations : int
    seed : int

    Returns
    -------
    dict
        accuracy (pooled); null_mean and null_p95 of the permutations' accuracies; p_refit,
        ``(b + 1) / (n_permutations + 1)`` with b of them at least the accuracy; n_permutations.
    """
    permuted = permuted_labels(labels, families, folds, n_permutations, seed)
    null = np.array([(predict(drawn) == drawn).mean() for drawn in permuted])
    accuracy = float((predict(labels) == labels).mean())
    tested = against_null(null, accuracy - TIE)
    p = tested.pop("p_null")
    return {"accuracy": accuracy, **tested, "p_refit": p, "n_permutations": n_permutations}


def held_out(
    fit: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray], folds: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    """Turn a model of one split into a function of the labels alone.

    Parameters
    ----------
    fit : callable
        Labels, training rows and test rows to the test rows' predicted class.
    folds : numpy.ndarray, shape (n,)
        Fold that holds each participant out.

    Returns
    -------
    callable
        For `refitting_null`.
    """
    splits = [(np.flatnonzero(folds != f), np.flatnonzero(folds == f)) for f in np.unique(folds)]

    def predict(labels: np.ndarray) -> np.ndarray:
        predicted = np.empty_like(labels)
        for train, test in splits:
            predicted[test] = fit(labels, train, test)
        return predicted

    return predict
