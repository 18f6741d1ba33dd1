"""Models that the network must be compared with, all on the network's folds."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Fitted:
    """Predictions of a baseline that was fitted on one fold's training participants.

    Attributes
    ----------
    scores : numpy.ndarray of float64, shape (n_test,)
        Score of each test participant, in the order of the test indices; higher means class 1.
    predictions : numpy.ndarray of int, shape (n_test,)
        Predicted class, 0 or 1.
    parameters : dict
        Parameters chosen or computed inside the training fold.
    importances : pandas.DataFrame or None
        Columns feature and coefficient (linear models; per standard deviation of the training
        participants, sign kept, positive towards class 1) or feature, gain and permutation
        (XGBoost, see `voxplain.baselines.importances`).
    """

    scores: np.ndarray
    predictions: np.ndarray
    parameters: dict[str, Any] = field(default_factory=dict)
    importances: pd.DataFrame | None = None
