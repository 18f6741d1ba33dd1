"""The table in which every model writes its held-out predictions."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from voxplain.cohort.folds import Fold


def predictions_table(
    participants: list[str],
    fold: str,
    y_true: np.ndarray,
    y_score: np.ndarray,
    y_pred: np.ndarray,
) -> pd.DataFrame:
    """Build a predictions table.

    Parameters
    ----------
    participants : list of str
        Held-out participants, in split order.
    fold : str
        Name of the fold.
    y_true : numpy.ndarray
        ``(n,)`` true class, 0 or 1.
    y_score : numpy.ndarray
        ``(n,)`` higher means class 1; the scale is the model's own (logit difference, decision
        value or probability).
    y_pred : numpy.ndarray
        ``(n,)`` predicted class, 0 or 1.

    Returns
    -------
    pandas.DataFrame
        Columns participant_id, fold, y_true, y_score, y_pred.
    """
    return pd.DataFrame(
        {
            "participant_id": participants,
            "fold": fold,
            "y_true": np.asarray(y_true, int),
            "y_score": np.asarray(y_score, float),
            "y_pred": np.asarray(y_pred, int),
        }
    )


def predictions_of_fold(fold: Fold, scores: np.ndarray, predicted: np.ndarray) -> pd.DataFrame:
    """Build the predictions table of a fold's held-out participants.

    Parameters
    ----------
    fold : Fold
        From `voxplain.cohort.folds.read_fold`.
    scores, predicted : numpy.ndarray, shape (n_test,)
        As for `predictions_table`, in the order of the fold's test rows.
    """
    truth = fold.labels[fold.test]
    return predictions_table(fold.split.test, fold.name, truth, scores, predicted)


def in_order(predictions: pd.DataFrame, participants: Sequence[str]) -> pd.DataFrame:
    """Return a predictions table with its rows in the order of the participants.

    Parameters
    ----------
    predictions : pandas.DataFrame
        Predictions of all folds.
    participants : sequence of str
        Each of whom has one row.
    """
    return predictions.set_index("participant_id").loc[participants].reset_index()
