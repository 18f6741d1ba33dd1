"""Whether one model predicts better than another, on shared folds and participants."""

from itertools import combinations

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from voxplain.stats.over_folds import ALPHA, corrected_t

OVER_FOLDS = ("difference", "ci_low", "ci_high", "p_corrected")


def paired_bootstrap(difference: np.ndarray, weights: np.ndarray) -> dict[str, float]:
    """Compare two models by their pooled held-out predictions, resampling families.

    Parameters
    ----------
    difference : numpy.ndarray, shape (n,)
        1 where only the first model is right, -1 where only the second is, 0 elsewhere.
    weights : numpy.ndarray of int, shape (n_draws, n)
        How often each participant is in each sample (`voxplain.stats.family_blocks.resample`).

    Returns
    -------
    dict
        pooled_difference, boot_low, boot_high (95 % percentile interval), p_bootstrap (two-sided:
        twice the share of samples on the other side of zero, zero itself included).
    """
    draws = weights @ difference / weights.sum(axis=1)
    beyond = min(np.count_nonzero(draws <= 0), np.count_nonzero(draws >= 0))
    low, high = np.quantile(draws, [ALPHA / 2, 1 - ALPHA / 2])
    return {
        "pooled_difference": float(difference.mean()),
        "boot_low": float(low),
        "boot_high": float(high),
        "p_bootstrap": min(1.0, 2 * (beyond + 1) / (len(draws) + 1)),
    }


def correctness(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return who was classified correctly by which model: participants and folds by models."""
    rows = predictions.assign(correct=predictions["y_true"] == predictions["y_pred"])
    return rows.pivot_table(
        index=["participant_id", "fold"], columns="model", values="correct", sort=False
    )


def differences(
    table: pd.DataFrame, a: str, b: str, participants: list[str]
) -> tuple[dict[str, float], np.ndarray]:
    """Return by how much model a is better than b: over folds, and for each participant.

    Parameters
    ----------
    table : pandas.DataFrame
        From `correctness`.
    a, b : str
        Models.
    participants : list of str
        Order of the second result.

    Returns
    -------
    over_folds : dict
        difference, ci_low, ci_high, p_corrected (`corrected_t`).
    pooled : numpy.ndarray, shape (n,)
        For `paired_bootstrap`, in the order of `participants`.
    """
    ahead = table[a] - table[b]
    of_fold = table.groupby("fold").mean()
    over_folds = corrected_t(of_fold[a] - of_fold[b])
    pooled = ahead.reset_index("fold", drop=True).loc[participants].to_numpy()
    return dict(zip(OVER_FOLDS, over_folds, strict=True)), pooled


def compare_models(
    predictions: pd.DataFrame, participants: list[str], weights: np.ndarray
) -> pd.DataFrame:
    """Compare the accuracy of every pair of models.

    Parameters
    ----------
    predictions : pandas.DataFrame
        Columns participant_id, fold, y_true, y_pred, model: the held-out predictions of all
        models, the same participants and folds for each.
    participants : list of str
        The cohort in the order of the columns of `weights`.
    weights : numpy.ndarray of int, shape (n_draws, n)

    Returns
    -------
    pandas.DataFrame
        One row per pair, in the models' order: model_a, model_b; difference (a minus b, mean over
        folds) with ci_low, ci_high and p_corrected of the corrected resampled t-test
        (`corrected_t`), p_holm (over the pairs); pooled_difference with boot_low, boot_high and
        p_bootstrap (`paired_bootstrap`).
    """
    table = correctness(predictions)
    rows = []
    for a, b in combinations(predictions["model"].unique(), 2):
        over_folds, pooled = differences(table, a, b, participants)
        rows.append({"model_a": a, "model_b": b, **over_folds, **paired_bootstrap(pooled, weights)})
    comparisons = pd.DataFrame(rows)
    holm = multipletests(comparisons["p_corrected"], method="holm")[1]
    comparisons.insert(comparisons.columns.get_loc("p_corrected") + 1, "p_holm", holm)
    return comparisons
