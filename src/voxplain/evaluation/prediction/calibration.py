"""Whether a model's probabilities are right."""

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from sklearn.metrics import brier_score_loss
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM

from voxplain.stats.accuracy import wilson

# The network's score is a difference of logits and the SVM's a distance without unit; every other
# model's score is a probability.
LOGIT_MODELS = ("cnn",)
NO_PROBABILITY = ("voxel_svm",)
PROBABILITY_RANGE = (0.001, 0.999)  # k-NN says 0 and 1, whose logits are infinite
PER_BIN, MOST_BINS = 20, 10


def logits(model: str, scores: np.ndarray) -> np.ndarray | None:
    """Return the logit of class 1 that a model's scores stand for.

    Parameters
    ----------
    model : str
        Name of the model.
    scores : numpy.ndarray, shape (n,)
        Column y_score of its predictions.

    Returns
    -------
    numpy.ndarray, shape (n,), or None
        None if the scores are no probabilities. Probabilities are cut to .001 and .999.
    """
    if model in NO_PROBABILITY:
        return None
    return scores if model in LOGIT_MODELS else logit(np.clip(scores, *PROBABILITY_RANGE))


def calibration(true: np.ndarray, predicted: np.ndarray | None) -> dict[str, float]:
    """Return Brier score, calibration slope and calibration-in-the-large of predicted logits.

    Parameters
    ----------
    true : numpy.ndarray of int, shape (n,)
        Class, 0 or 1, both present.
    predicted : numpy.ndarray or None, shape (n,)
        Logit of class 1; None gives missing values.

    Returns
    -------
    dict
        brier (mean squared error of the probabilities; .25 for always saying one half);
        calibration_slope, b in ``logit P(y = 1) = a + b * predicted`` (1 is right, below 1
        overconfident; infinite where the scores separate the classes); calibration_intercept, a
        in ``logit P(y = 1) = a + predicted`` (0 is right, above 0 class 1 is named too seldom).
        Cox 1958; Van Calster et al. 2019.
    """
    names = ("brier", "calibration_slope", "calibration_intercept")
    if predicted is None:
        return dict.fromkeys(names, float("nan"))
    ones = np.ones_like(predicted)
    if predicted[true == 1].min() >= predicted[true == 0].max():
        slope = float("inf")
    else:
        design = np.column_stack([ones, predicted])
        slope = GLM(true, design, family=Binomial()).fit().params[1]
    intercept = GLM(true, ones, family=Binomial(), offset=predicted).fit().params[0]
    brier = brier_score_loss(true, expit(predicted))
    return dict(zip(names, map(float, (brier, slope, intercept)), strict=True))


def reliability(true: np.ndarray, predicted: np.ndarray) -> pd.DataFrame:
    """Return the observed rate of class 1 over predicted probability, in bins of similar size.

    Parameters
    ----------
    true : numpy.ndarray of int, shape (n,)
    predicted : numpy.ndarray, shape (n,)
        Logit of class 1.

    Returns
    -------
    pandas.DataFrame
        One row per bin (at least 20 participants each, at most 10 bins): n, predicted (mean
        probability), observed, ci_low, ci_high (Wilson 95 % interval of observed).
    """
    probability = expit(predicted)
    n_bins = int(np.clip(len(true) // PER_BIN, 1, MOST_BINS))
    bins = pd.qcut(probability, n_bins, labels=False, duplicates="drop")
    grouped = pd.DataFrame({"true": true, "probability": probability}).groupby(bins)
    n, n_positive = grouped.size(), grouped["true"].sum()
    low, high = wilson(n_positive, n)
    return pd.DataFrame(
        {
            "n": n,
            "predicted": grouped["probability"].mean(),
            "observed": n_positive / n,
            "ci_low": low,
            "ci_high": high,
        }
    ).reset_index(drop=True)
