"""Accuracy over the number of training participants, which tells whether more would help."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from voxplain.cohort.folds import Fold
from voxplain.stats.over_folds import ALPHA


def nested_subsets(
    labels: np.ndarray, train: np.ndarray, shares: list[float], rng: np.random.Generator
) -> list[np.ndarray]:
    """Draw training sets of several sizes, each holding the smaller ones, with the classes' mix.

    Parameters
    ----------
    labels : (n,) int array
        Class of everybody, 0 or 1.
    train : (m,) int array
        Rows of the fold's training participants.
    shares : list of float
        Of each class's training participants, rounded, but at least two of a class.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    list of int arrays
        Rows, in the order of `train`, one array per share.

    Examples
    --------
    >>> import numpy as np
    >>> from voxplain import nested_subsets
    >>> labels, rng = np.tile([0, 1], 20), np.random.default_rng(0)
    >>> half, whole = nested_subsets(labels, np.arange(40), [0.5, 1.0], rng)
    >>> len(half), len(whole)
    (20, 40)
    """
    rank = np.empty(len(train))
    for label in (0, 1):
        members = np.flatnonzero(labels[train] == label)
        rank[rng.permutation(members)] = np.arange(len(members))
    sizes = np.bincount(labels[train], minlength=2)[labels[train]]
    return [train[rank < np.maximum(2, np.rint(share * sizes))] for share in shares]


def score_draw(
    fit: Callable[[str, np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    folds: Sequence[Fold],
    models: Sequence[str],
    shares: list[float],
    seeds: Sequence[int],
) -> pd.DataFrame:
    """Fit models on smaller training sets and test them on everybody held out.

    Parameters
    ----------
    fit : callable
        Model, labels, training rows and test rows to the test rows' predicted class.
    folds : sequence of Fold
    models : sequence of str
    shares : list of float
        As for `nested_subsets`.
    seeds : sequence of int
        Of the draw, one for each fold.

    Returns
    -------
    pandas.DataFrame
        One row per model and share: n_train and n_whole (means over folds), accuracy.
    """
    rows = []
    for fold, seed in zip(folds, seeds, strict=True):
        subsets = nested_subsets(fold.labels, fold.train, shares, np.random.default_rng(seed))
        truth = fold.labels[fold.test]
        for share, subset in zip(shares, subsets, strict=True):
            for model in models:
                predicted = fit(model, fold.labels, subset, fold.test)
                rows.append(
                    {
                        "model": model,
                        "share": share,
                        "n_train": len(subset),
                        "n_whole": len(fold.train),
                        "right": (predicted == truth).sum(),
                        "tested": len(truth),
                    }
                )
    grouped = pd.DataFrame(rows).groupby(["model", "share"], sort=False)
    table = grouped[["n_train", "n_whole"]].mean()
    table["accuracy"] = grouped["right"].sum() / grouped["tested"].sum()
    return table.reset_index()


def over_sizes(rows: pd.DataFrame, accuracy: pd.DataFrame) -> pd.DataFrame:
    """Summarise accuracy by size of the training set, up to the run's own.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns model, share, n_train and n_whole (of this share and of all of it, means over
        folds), accuracy (over all held-out participants); one row per draw.
    accuracy : pandas.DataFrame
        The run's own: columns model, n, accuracy, majority.

    Returns
    -------
    pandas.DataFrame
        model, share, n_train, draws, accuracy (mean over draws), accuracy_low, accuracy_high (over
        draws), majority, chance_high (97.5th percentile of what always naming the larger class
        reaches in cohorts of this size). Smallest first; share 1 is the run itself.
    """
    of_run = accuracy.set_index("model")
    whole = rows.groupby("model", sort=False)["n_whole"].mean()
    runs = pd.DataFrame({"n_train": whole, "accuracy": of_run.loc[whole.index, "accuracy"]})
    everything = pd.concat([rows, runs.assign(share=1.0).reset_index()])
    grouped = everything.groupby(["model", "share"])
    table = grouped["accuracy"].agg(
        draws="size", accuracy="mean", accuracy_low="min", accuracy_high="max"
    )
    table.insert(0, "n_train", grouped["n_train"].mean())
    table = table.loc[list(whole.index)].reset_index()
    n, majority = (table["model"].map(of_run[name]) for name in ("n", "majority"))
    chance = stats.binom.ppf(1 - ALPHA / 2, n, majority) / n
    return table.assign(majority=majority, chance_high=chance)
