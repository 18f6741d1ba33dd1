"""Models without a network, fitted on a whole cohort and asked about another."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from voxplain.baselines import Fitted
from voxplain.baselines.models import Baselines
from voxplain.baselines.morphometry import RESIDUAL
from voxplain.baselines.voxel_svm import gram_matrix
from voxplain.image.stack import Stack


def predict_elsewhere(
    models: Sequence[str],
    theirs: Baselines,
    ours: Baselines,
    volumes: np.ndarray | Stack,
    labels: np.ndarray,
) -> dict[str, Fitted]:
    """Fit models on one cohort and predict another, where both have what a model needs.

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
    gram, sums = gram_matrix(volumes)
    features = _same_features(theirs.features, ours.features)
    both = replace(
        theirs,
        sizes=pd.concat([theirs.sizes, ours.sizes]),
        # a family of the one may bear the name of one of the other
        families=np.concatenate(["theirs: " + theirs.families, "ours: " + ours.families]),
        features=features,
        gram=gram,
        sums=sums,
        n_voxels=int(np.prod(volumes.shape[1:])),
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
