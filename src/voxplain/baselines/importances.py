"""Importances of the features of fitted morphometry models."""

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss
from sklearn.pipeline import Pipeline

REPEATS = 5


def of_linear(pipeline: Pipeline, features: pd.Index) -> pd.DataFrame:
    """Return the coefficients, per standard deviation of the training participants.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted, its last step a linear model.
    features : pandas.Index
        Names.
    """
    return pd.DataFrame({"feature": features, "coefficient": pipeline["model"].coef_[0]})


def of_xgboost(
    pipeline: Pipeline, features: pd.Index, values: np.ndarray, labels: np.ndarray, seed: int
) -> pd.DataFrame:
    """Return the gain, and the importance by permuting each feature of held-out participants.

    Gain is what a feature did for the training participants; permutation says what it does for
    others: the increase of their log loss, mean of `REPEATS` permutations (Breiman 2001). Features
    that no tree uses are not permuted, they have 0.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted, its last step an ``XGBClassifier``.
    features : pandas.Index
    values : numpy.ndarray, shape (n_test, n_features)
        Held-out participants.
    labels : numpy.ndarray of int, shape (n_test,)
    seed : int
    """
    booster = pipeline["model"].get_booster()
    gain = booster.get_score(importance_type="gain")
    gains = np.array([gain.get(f"f{index}", 0.0) for index in range(len(features))])
    rng = np.random.default_rng([seed])
    intact = log_loss(labels, pipeline.predict_proba(values)[:, 1], labels=[0, 1])
    increase = np.zeros(len(features))
    for index in np.flatnonzero(gains):
        shuffled = np.tile(values, (REPEATS, 1))
        column = np.tile(values[:, index], (REPEATS, 1))
        shuffled[:, index] = rng.permuted(column, axis=1).ravel()
        changed = pipeline.predict_proba(shuffled)[:, 1]
        increase[index] = log_loss(np.tile(labels, REPEATS), changed, labels=[0, 1]) - intact
    return pd.DataFrame({"feature": features, "gain": gains, "permutation": increase})
