"""Accuracy on held-out participants whose head size says nothing about their class."""

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import linear_sum_assignment
from statsmodels.stats.proportion import proportion_confint

from voxplain.evaluation.confounds import pooled_sd, standardised_difference


def match_pairs(values: np.ndarray, labels: np.ndarray, caliper: float) -> np.ndarray:
    """Pair participants of the two classes that differ by the caliper at most.

    The pairs are those of the smallest total distance, where a participant of the smaller class
    that is left out counts as much as the caliper. So no pair is made that would drive the others
    apart by more than it brings.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
        What is matched on.
    labels : numpy.ndarray of int, shape (n,)
        Class, 0 or 1.
    caliper : float
        Largest difference inside a pair, in the unit of `values`.

    Returns
    -------
    numpy.ndarray of int, shape (n_pairs, 2)
        Rows of the participant of class 0 and of class 1.
    """
    rows = np.flatnonzero(labels == 0), np.flatnonzero(labels == 1)
    distance = np.abs(values[rows[0]][:, None] - values[rows[1]])
    # a pair at the price of the caliper is one left out
    first, second = linear_sum_assignment(distance.clip(max=caliper))
    kept = distance[first, second] <= caliper
    return np.column_stack([rows[0][first[kept]], rows[1][second[kept]]])


def matched_accuracy(correct: np.ndarray, pairs: np.ndarray) -> dict[str, float]:
    """Accuracy on matched pairs, with its interval and a test against chance.

    Parameters
    ----------
    correct : numpy.ndarray of bool, shape (n,)
        Whether a participant was classified rightly.
    pairs : numpy.ndarray of int, shape (n_pairs, 2)
        From `match_pairs`.

    Returns
    -------
    dict
        matched_accuracy (chance is .5, the classes being of one size) with its Wilson 95 %
        interval matched_low, matched_high; p_matched, one-sided, exact: were the labels
        exchangeable inside a pair, pairs with both right and with both wrong would be equally
        frequent. Missing (p: 1) without pairs.
    """
    if not len(pairs):
        missing = dict.fromkeys(("matched_accuracy", "matched_low", "matched_high"), float("nan"))
        return {**missing, "p_matched": 1.0}
    right = correct[pairs].sum(axis=1)
    both, none = int((right == 2).sum()), int((right == 0).sum())
    low, high = proportion_confint(right.sum(), pairs.size, method="wilson")
    test = stats.binomtest(both, both + none, alternative="greater") if both + none else None
    return {
        "matched_accuracy": float(right.sum() / pairs.size),
        "matched_low": float(low),
        "matched_high": float(high),
        "p_matched": float(test.pvalue) if test else 1.0,
    }


def head_size_table(
    accuracy: pd.DataFrame,
    predictions: pd.DataFrame,
    participants: pd.DataFrame,
    head_size: pd.Series,
    caliper: float,
) -> pd.DataFrame:
    """Set every model's accuracy beside its accuracy on pairs matched for head size.

    Parameters
    ----------
    accuracy : pandas.DataFrame
        Columns model, accuracy, ci_low, ci_high.
    predictions : pandas.DataFrame
        Columns participant_id, model, y_true, y_pred: held-out predictions of all models.
    participants : pandas.DataFrame
        Columns participant_id, label.
    head_size : pandas.Series, shape (n,)
        ml, indexed by participant_id.
    caliper : float
        In standard deviations of head size pooled over the classes; .25 after Rosenbaum and Rubin
        (1985).

    Returns
    -------
    pandas.DataFrame
        model, accuracy, ci_low, ci_high; the columns of `matched_accuracy`; n_pairs, caliper_ml;
        d_all and d_matched, the classes' standardised difference of head size (class 1 minus
        class 0, in the pooled standard deviation of everybody) before and after matching.
    """
    size = head_size.loc[participants["participant_id"]].to_numpy()
    labels = participants["label"].to_numpy(int)
    groups = size[labels == 0], size[labels == 1]
    sd = pooled_sd(*groups)
    pairs = match_pairs(size, labels, caliper * sd)
    shared = {
        "n_pairs": len(pairs),
        "caliper_ml": caliper * sd,
        "d_all": standardised_difference(*groups),
        "d_matched": float(np.diff(size[pairs], axis=1).mean() / sd) if len(pairs) else np.nan,
    }
    rows = []
    for model, part in predictions.groupby("model", sort=False):
        right = (part["y_true"] == part["y_pred"]).set_axis(part["participant_id"])
        own = right.loc[participants["participant_id"]].to_numpy()
        rows.append({"model": model, **matched_accuracy(own, pairs), **shared})
    columns = ["model", "accuracy", "ci_low", "ci_high"]
    return accuracy[columns].merge(pd.DataFrame(rows), on="model")
