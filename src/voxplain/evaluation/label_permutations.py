"""What a model reaches when it is fitted to labels that mean nothing."""

from collections.abc import Callable

import numpy as np

from voxplain.evaluation.families import permute_labels
from voxplain.evaluation.fold_statistics import against_null
from voxplain.evaluation.over_folds import TIE


def refitting_null(
    predict: Callable[[np.ndarray], np.ndarray],
    labels: np.ndarray,
    families: np.ndarray,
    folds: np.ndarray,
    n_permutations: int,
    seed: int,
) -> dict[str, float]:
    """Permutation test of the accuracy that refits the model, all folds of it, every time.

    Ojala and Garriga 2010, test 1; labels are exchanged by `permute_labels`. Shuffling labels
    against fixed predictions is cheaper, but takes for granted that folds are independent.

    Parameters
    ----------
    predict : callable
        Labels, shape (n,), to everybody's held-out predicted class, shape (n,).
    labels, families, folds : numpy.ndarray, shape (n,)
        Class, family number (`voxplain.evaluation.families.family_codes`) and fold.
    n_permutations : int
    seed : int

    Returns
    -------
    dict
        accuracy (pooled); null_mean and null_p95 of the permutations' accuracies; p_refit,
        ``(b + 1) / (n_permutations + 1)`` with b of them at least the accuracy; n_permutations.
    """
    accuracy, null = permuted_accuracies(predict, labels, families, folds, n_permutations, seed)
    beside = against_null(null, accuracy - TIE)
    p = {"p_refit": beside.pop("p_null"), "n_permutations": n_permutations}
    return {"accuracy": accuracy} | beside | p


def permuted_accuracies(
    predict: Callable[[np.ndarray], np.ndarray],
    labels: np.ndarray,
    families: np.ndarray,
    folds: np.ndarray,
    n_permutations: int,
    seed: int,
) -> tuple[float, np.ndarray]:
    """Return the accuracy on the labels and, (n_permutations,), on permuted ones.

    Parameters are those of `refitting_null`.
    """
    rng = np.random.default_rng([seed])
    null = np.empty(n_permutations)
    for draw in range(n_permutations):
        permuted = permute_labels(labels, families, folds, rng)
        null[draw] = (predict(permuted) == permuted).mean()
    return float((predict(labels) == labels).mean()), null


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
