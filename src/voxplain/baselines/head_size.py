"""Logistic regression on head size alone, which every image model of sex has to beat."""

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from voxplain.baselines import Fitted
from voxplain.errors import CohortError


def measured(participants: pd.DataFrame, quality: pd.DataFrame) -> pd.Series:
    """Return head size by participant: the table's, or the brain volume in the images.

    Parameters
    ----------
    participants : pandas.DataFrame
        Columns participant_id and tiv (ml); the table counts if it gives any head size at all.
    quality : pandas.DataFrame
        Columns participant_id and foreground_ml (volume of the image's non-zero voxels, ml).
        In images registered to a template by scaling, this is what scaling has left of it.

    Returns
    -------
    pandas.Series
        ml, indexed by participant_id, in the order of `participants`.

    Raises
    ------
    CohortError
        If the table gives a head size for some participants and not for others.
    """
    tiv = participants.set_index("participant_id")["tiv"]
    missing = tiv.index[tiv.isna()].tolist()
    if not missing:
        return tiv
    if len(missing) < len(tiv):
        raise CohortError(
            f"{len(missing)} of {len(tiv)} participants have no head size (tiv), such as "
            f"{missing[:5]}; fill the column or exclude them"
        )
    return quality.set_index("participant_id")["foreground_ml"].loc[tiv.index]


def fit_predict(tiv: pd.Series, y: np.ndarray, train: np.ndarray, test: np.ndarray) -> Fitted:
    """Fit on the training participants' head size and predict the test participants.

    Parameters
    ----------
    tiv : pandas.Series, shape (n,)
        Total intracranial (or brain) volume in any one unit, indexed by participant_id.
    y : numpy.ndarray of int, shape (n,)
        Class, 0 or 1.
    train, test : numpy.ndarray of int
        Rows of the training and test participants.

    Returns
    -------
    Fitted
        The scores are probabilities of class 1.
    """
    X = tiv.to_numpy(dtype=np.float64)[:, None]
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X[train], y[train])
    coefficients = pd.DataFrame({"feature": ["tiv"], "coefficient": model[-1].coef_[0]})
    return Fitted(
        scores=model.predict_proba(X[test])[:, 1],
        predictions=model.predict(X[test]),
        importances=coefficients,
    )
