"""How well a model predicts, with its uncertainty and against chance."""

import numpy as np
import pandas as pd
from sklearn.metrics import matthews_corrcoef
from statsmodels.stats.proportion import proportion_confint

from voxplain.stats.over_folds import ALPHA, against_null


def wilson(right: np.ndarray | int, n: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
    """Return the Wilson 95 % interval of a share.

    Parameters
    ----------
    right, n : numpy.ndarray of int, or int
        Number of correct predictions and of all.

    Returns
    -------
    low, high : numpy.ndarray
        They enclose the share itself: rounded, the interval of 14 of 14 would end at 1 - 1e-16,
        and an error bar would have a negative length.
    """
    low, high = proportion_confint(right, n, alpha=0.05, method="wilson")
    return np.minimum(low, right / n), np.maximum(high, right / n)


def accuracy_summary(predictions: pd.DataFrame, permuted: np.ndarray) -> dict[str, float]:
    """Summarise the held-out predictions of one model over all folds.

    Parameters
    ----------
    predictions : pandas.DataFrame
        Columns fold, y_true (0 or 1), y_score (higher means class 1), y_pred (0 or 1); one row
        per participant.
    permuted : numpy.ndarray of int, shape (n_permutations, n)
        Labels of the same rows, permuted as relatives allow
        (`voxplain.stats.family_blocks.label_permutations`). The predictions stay the same under
        this null.

    Returns
    -------
    dict
        n; accuracy (pooled) with its Wilson 95 % interval ci_low, ci_high; mean and sd (ddof 1)
        of the folds' accuracies; balanced_accuracy; recall_negative and recall_positive; mcc;
        auc (share of concordant pairs among participants of one fold, because scores of
        different folds' models are on different scales); majority (accuracy of always predicting
        the larger class); p_permutation, ``(b + 1) / (n_permutations + 1)``, where b permutations
        make at least as many predictions right. Because the classes keep their sizes, balanced
        accuracy has the same p.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from voxplain import accuracy_summary
    >>> true = np.tile([0, 1], 20)
    >>> score = true + np.random.default_rng(0).normal(0, 0.5, 40)
    >>> predictions = pd.DataFrame({"fold": np.repeat(["01", "02"], 20), "y_true": true})
    >>> predictions = predictions.assign(y_score=score, y_pred=(score > 0.5).astype(int))
    >>> rng = np.random.default_rng(1)
    >>> permuted = np.stack([rng.permutation(true) for _ in range(99)])
    >>> summary = accuracy_summary(predictions, permuted)
    >>> summary["n"], summary["majority"], summary["p_permutation"]
    (40, 0.5, 0.01)
    """
    true = predictions["y_true"].to_numpy()
    predicted = predictions["y_pred"].to_numpy()
    n = len(true)
    n_correct = int((true == predicted).sum())
    folds = (predictions["y_true"] == predictions["y_pred"]).groupby(predictions["fold"]).mean()
    ci_low, ci_high = wilson(n_correct, n)
    recall_negative = np.mean(predicted[true == 0] == 0)
    recall_positive = np.mean(predicted[true == 1] == 1)
    return {
        "n": n,
        "accuracy": n_correct / n,
        "ci_low": float(ci_low),
        "ci_high": float(ci_high),
        "mean": float(folds.mean()),
        "sd": float(folds.std(ddof=1)),
        "balanced_accuracy": float((recall_negative + recall_positive) / 2),
        "recall_negative": float(recall_negative),
        "recall_positive": float(recall_positive),
        "mcc": float(matthews_corrcoef(true, predicted)),
        "auc": float(_auc_within_folds(predictions, np.ones((1, n)))[0]),
        "majority": float(max(true.mean(), 1 - true.mean())),
        "p_permutation": against_null((permuted == predicted).sum(axis=1), n_correct)["p_null"],
    }


def is_evidence(summary: dict[str, float]) -> bool:
    """Tell whether a model predicts well enough for its maps to be evidence.

    Its accuracy must be beyond the permutation null (p < .05), and the lower end of its Wilson
    interval must lie above the share of the larger class.
    """
    return summary["p_permutation"] < ALPHA and summary["ci_low"] > summary["majority"]


def bootstrap_intervals(predictions: pd.DataFrame, weights: np.ndarray) -> dict[str, float]:
    """95 % percentile intervals of accuracy and AUC from bootstrap samples of families.

    Parameters
    ----------
    predictions : pandas.DataFrame
        As for `accuracy_summary`.
    weights : numpy.ndarray of int, shape (n_draws, n)
        How often each row is in each sample (`voxplain.stats.family_blocks.resample`).

    Returns
    -------
    dict
        boot_low, boot_high (accuracy); auc_low, auc_high.
    """
    correct = (predictions["y_true"] == predictions["y_pred"]).to_numpy()
    accuracies = weights @ correct / weights.sum(axis=1)
    intervals = {"boot": accuracies, "auc": _auc_within_folds(predictions, weights)}
    return {
        f"{name}_{end}": float(np.nanquantile(draws, share))
        for name, draws in intervals.items()
        for end, share in (("low", ALPHA / 2), ("high", 1 - ALPHA / 2))
    }


def _auc_within_folds(predictions: pd.DataFrame, weights: np.ndarray) -> np.ndarray:
    """AUC of each sample (rows of `weights`); missing where no fold holds both classes."""
    true, score = predictions["y_true"].to_numpy(), predictions["y_score"].to_numpy()
    weights = weights.astype(np.float64)
    concordant, pairs = np.zeros(len(weights)), np.zeros(len(weights))
    for rows in predictions.reset_index(drop=True).groupby("fold").indices.values():
        positive, negative = rows[true[rows] == 1], rows[true[rows] == 0]
        higher = np.sign(score[positive, None] - score[negative]) / 2 + 0.5  # ties count one half
        concordant += ((weights[:, positive] @ higher) * weights[:, negative]).sum(axis=1)
        pairs += weights[:, positive].sum(axis=1) * weights[:, negative].sum(axis=1)
    auc: np.ndarray = np.divide(concordant, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
    return auc
