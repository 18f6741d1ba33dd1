"""Accuracy on held-out participants matched for head size, which then predicts no class."""

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from voxplain.evaluation.prediction.confounds import pooled_sd, standardised_difference
from voxplain.stats.accuracy import wilson
from voxplain.stats.family_blocks import family_codes


def match_pairs(values: np.ndarray, labels: np.ndarray, caliper: float) -> np.ndarray:
    """Pair participants of the two classes that differ by the caliper at most.

    The pairs are those of the smallest total distance, where a participant of the smaller class
    that is left out counts as much as the caliper. So no pair is made that would increase the
    distance of the others by more than the caliper.

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


def matched_accuracy(
    correct: np.ndarray, pairs: np.ndarray, families: np.ndarray
) -> dict[str, float]:
    """Accuracy on matched pairs, with its interval and a test against chance.

    Parameters
    ----------
    correct : numpy.ndarray of bool, shape (n,)
        Whether a participant was classified correctly.
    pairs : numpy.ndarray of int, shape (n_pairs, 2)
        From `match_pairs`.
    families : numpy.ndarray of int, shape (n,)
        Family number (`voxplain.stats.family_blocks.family_codes`).

    Returns
    -------
    dict
        matched_accuracy (chance is .5, the classes being of one size) with its Wilson 95 %
        interval matched_low, matched_high; p_matched, one-sided, exact: were the labels
        exchangeable inside a pair, pairs with both right and with both wrong would be equally
        frequent. Pairs that hold relatives of each other change their labels together. Missing
        (p: 1) without pairs.
    """
    if not len(pairs):
        missing = dict.fromkeys(("matched_accuracy", "matched_low", "matched_high"), float("nan"))
        return {**missing, "p_matched": 1.0}
    right = correct[pairs].sum(axis=1)
    low, high = wilson(right.sum(), pairs.size)
    members = families[pairs]
    links = coo_array((np.ones(len(pairs)), members.T), shape=[families.max() + 1] * 2)
    group = connected_components(links, directed=False)[1][members[:, 0]]
    return {
        "matched_accuracy": float(right.sum() / pairs.size),
        "matched_low": float(low),
        "matched_high": float(high),
        "p_matched": _sign_flips(np.bincount(group, right - 1).astype(int)),
    }


def _sign_flips(values: np.ndarray) -> float:
    """Share of all choices of signs that give these whole numbers at least the sum they have."""
    sizes = np.abs(values[values != 0])
    chances = np.ones(1)  # of the sums -total, -total + 2, ... total
    for size in sizes:
        chances = np.convolve(chances, np.concatenate([[0.5], np.zeros(size - 1), [0.5]]))
    return float(chances[(values.sum() + sizes.sum()) // 2 :].sum())


def head_size_table(
    accuracy: pd.DataFrame,
    predictions: pd.DataFrame,
    participants: pd.DataFrame,
    head_size: pd.Series,
    caliper: float,
) -> pd.DataFrame:
    """Compare every model's accuracy with its accuracy on pairs matched for head size.

    Parameters
    ----------
    accuracy : pandas.DataFrame
        Columns model, accuracy, ci_low, ci_high.
    predictions : pandas.DataFrame
        Columns participant_id, model, y_true, y_pred: held-out predictions of all models.
    participants : pandas.DataFrame
        Columns participant_id, label, family_id.
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
    pairs, families = match_pairs(size, labels, caliper * sd), family_codes(participants)
    shared = {
        "n_pairs": len(pairs),
        "caliper_ml": caliper * sd,
        "d_all": standardised_difference(*groups),
        "d_matched": float(np.diff(size[pairs], axis=1).mean() / sd) if len(pairs) else np.nan,
    }
    rows = []
    for model, part in predictions.groupby("model", sort=False):
        right = (part["y_true"] == part["y_pred"]).set_axis(part["participant_id"])
        correct = right.loc[participants["participant_id"]].to_numpy()
        rows.append({"model": model, **matched_accuracy(correct, pairs, families), **shared})
    columns = ["model", "accuracy", "ci_low", "ci_high"]
    return accuracy[columns].merge(pd.DataFrame(rows), on="model")
