"""Models without a network, fitted on one whole cohort and tested on another."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from voxplain.baselines import Fitted
from voxplain.baselines.models import Baselines, InnerProducts
from voxplain.baselines.morphometry import RESIDUAL
from voxplain.baselines.voxel_svm import gram_matrix
from voxplain.image.stack import Stack


def predict_other_cohort(
    models: Sequence[str],
    theirs: Baselines,
    ours: Baselines,
    volumes: np.ndarray | Stack,
    labels: np.ndarray,
) -> dict[str, Fitted]:
    """Fit models on one cohort and predict another, if both have what the model needs.

    Parameters
    ----------
    models : sequence of str
        As `voxplain.baselines.models.Baselines.fit_predict` takes them.
    theirs, ours : Baselines
        The cohort that is fitted on, with the settings, and the one that is predicted.
    volumes : numpy.ndarray or Stack, shape (n_theirs + n_ours, X, Y, Z)
        Of both, theirs first.
    labels : numpy.ndarray of int, shape (n_theirs + n_ours,)
        Class, 0 or 1; no model is fitted on ours.

    Returns
    -------
    dict of Fitted
        By model, in the order of `models`. Left out are models of morphometry unless both cohorts
        have the same features, and models of head size unless it is the same measure in both.
    """
    train, test = np.split(np.arange(len(labels)), [len(theirs.sizes)])
    products = InnerProducts(*gram_matrix(volumes), int(np.prod(volumes.shape[1:])))
    features = _same_features(theirs.features, ours.features)
    both = replace(
        theirs,
        sizes=pd.concat([theirs.sizes, ours.sizes]),
        # two families, one of each cohort, may have the same name
        families=np.concatenate(["theirs: " + theirs.families, "ours: " + ours.families]),
        features=features,
        products=products,
    )
    unfit = set() if theirs.sizes.name == ours.sizes.name else {"head_size", RESIDUAL}
    if features is None:
        unfit |= set(models) - {"voxel_svm", "head_size"}
    return {
        model: both.fit_predict(model, labels, train, test)
        for model in models
        if model not in unfit
    }


def _same_features(theirs: pd.DataFrame | None, ours: pd.DataFrame | None) -> pd.DataFrame | None:
    """Put two cohorts' features below each other, if they are the same."""
    if theirs is None or ours is None or set(theirs) != set(ours):
        return None
    return pd.concat([theirs, ours[theirs.columns]])
