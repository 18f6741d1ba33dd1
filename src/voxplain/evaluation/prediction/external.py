"""How well the models of another cohort predict this one."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from voxplain.evaluation.prediction.table import predictions_table
from voxplain.stats.accuracy import accuracy_summary, bootstrap_intervals, is_evidence

MEASURES = (
    "n",
    "accuracy",
    "ci_low",
    "ci_high",
    "boot_low",
    "boot_high",
    "balanced_accuracy",
    "auc",
    "majority",
    "p_permutation",
    "evidence",
)
WHOLE, MEAN, FOLDS = "whole cohort", "folds, mean of logits", "training folds"


def score_external(
    predictions: Mapping[tuple[str, str], tuple[np.ndarray, np.ndarray]],
    participants: Sequence[str],
    truth: np.ndarray,
    permuted: np.ndarray,
    weights: np.ndarray,
) -> pd.DataFrame:
    """Score another run's models on this run's cohort.

    Parameters
    ----------
    predictions : mapping of (model, fitted_on) to pair of numpy.ndarray, shape (n,)
        Scores and predicted classes; fitted_on is `WHOLE` or `MEAN`.
    participants : sequence of str
    truth : numpy.ndarray of int, shape (n,)
        Class, 0 or 1.
    permuted : numpy.ndarray of int, shape (n_permutations, n)
        Permuted labels.
    weights : numpy.ndarray of int, shape (n_draws, n)
        How often each participant is in each bootstrap sample.

    Returns
    -------
    pandas.DataFrame
        One row per key: model, fitted_on and `MEASURES`.
    """
    rows: list[dict[str, Any]] = []
    for (model, fitted_on), (scores, predicted) in predictions.items():
        table = predictions_table(list(participants), "external", truth, scores, predicted)
        summary = accuracy_summary(table, permuted)
        described = {
            **summary,
            "evidence": is_evidence(summary),
            **bootstrap_intervals(table, weights),
        }
        measures = {name: described.get(name) for name in MEASURES}
        rows.append({"model": model, "fitted_on": fitted_on, **measures})
    return pd.DataFrame(rows)


def held_out_rows(accuracy: pd.DataFrame, models: Sequence[str]) -> pd.DataFrame:
    """Return the accuracy of a run's models on its own held-out participants, for comparison.

    Parameters
    ----------
    accuracy : pandas.DataFrame
        The run's table of accuracy.
    models : sequence of str
        Rows to return.

    Returns
    -------
    pandas.DataFrame
        The columns of `score_external`; fitted_on is `FOLDS`.
    """
    rows = accuracy.set_index("model").loc[list(models), list(MEASURES)]
    rows.insert(0, "fitted_on", FOLDS)
    return rows.reset_index()
