"""Accuracy over folds, and Table 1 of the paper."""

from typing import Any

import numpy as np
import pandas as pd

from voxplain import paper
from voxplain.evaluation.prediction.calibration import calibration
from voxplain.stats.accuracy import accuracy_summary, bootstrap_intervals, is_evidence


def accuracy_row(
    model: str,
    held_out: pd.DataFrame,
    predicted: np.ndarray | None,
    permuted: np.ndarray,
    weights: np.ndarray,
) -> dict[str, Any]:
    """Describe how well one model predicts.

    Parameters
    ----------
    model : str
    held_out : pandas.DataFrame
        Its predictions, in the order of the cohort.
    predicted : numpy.ndarray or None, shape (n,)
        Logits of class 1 (`voxplain.evaluation.prediction.calibration.logits`).
    permuted : numpy.ndarray of int, shape (n_permutations, n)
        Permuted labels, for the null distribution.
    weights : numpy.ndarray of int, shape (n_draws, n)
        How often each participant is in each bootstrap sample.

    Returns
    -------
    dict
        model, and the values of `voxplain.stats.accuracy.accuracy_summary`, `is_evidence`,
        `bootstrap_intervals` and `calibration`.
    """
    summary = accuracy_summary(held_out, permuted)
    return {
        "model": model,
        **summary,
        "evidence": is_evidence(summary),
        **bootstrap_intervals(held_out, weights),
        **calibration(held_out["y_true"].to_numpy(int), predicted),
    }


def table1(accuracy: pd.DataFrame) -> pd.DataFrame:
    """Compare the accuracies with the paper's Table 1; models without data here say so.

    Parameters
    ----------
    accuracy : pandas.DataFrame
        Columns model, mean, sd (over folds).

    Returns
    -------
    pandas.DataFrame
        model, accuracy_mean, accuracy_sd, paper_mean, paper_sd, status.
    """
    ours = accuracy.set_index("model")
    rows = []
    for model in paper.TABLE1_MODELS:
        known = model in ours.index
        rows.append(
            {
                "model": model,
                "accuracy_mean": ours.loc[model, "mean"] if known else None,
                "accuracy_sd": ours.loc[model, "sd"] if known else None,
                "paper_mean": paper.ACCURACY[model].mean,
                "paper_sd": paper.ACCURACY[model].sd,
                "status": "computed" if known else "this cohort has no morphometry table",
            }
        )
    return pd.DataFrame(rows)
