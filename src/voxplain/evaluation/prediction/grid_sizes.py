"""Whether compression makes network and SVM similar: their difference over grids."""

import numpy as np
import pandas as pd

from voxplain.evaluation.prediction.comparisons import correctness, differences, paired_bootstrap

SUPPORTED = "the finer the grid, the further the network is ahead"
UNSUPPORTED = "a finer grid does not put the network further ahead"
UNDECIDED = "a model is near chance on the coarsest or finest grid"


def over_grids(
    rows: pd.DataFrame, predictions: pd.DataFrame, participants: list[str], weights: np.ndarray
) -> pd.DataFrame:
    """Compare the network with the voxel SVM on each grid, and the grids with each other.

    Parameters
    ----------
    rows : pandas.DataFrame
        One row per grid: grid, voxel_mm and whatever else is known of it.
    predictions : pandas.DataFrame
        Columns grid, model (cnn, voxel_svm), participant_id, fold, y_true, y_pred: held-out
        predictions of both models, the same participants and folds on every grid.
    participants : list of str
        The cohort in the order of the columns of `weights`.
    weights : numpy.ndarray of int, shape (n_draws, n)
        Bootstrap samples of families (`voxplain.stats.family_blocks.resample`).

    Returns
    -------
    pandas.DataFrame
        `rows`, coarsest grid first, with lead (accuracy of the network minus that of the SVM, mean
        over folds), lead_low, lead_high and lead_p (corrected resampled t-test); gain (lead,
        pooled, minus that on the coarsest grid), gain_low and gain_high (95 % interval over
        families). The coarsest grid has no gain.
    """
    rows = rows.sort_values("voxel_mm", ascending=False, ignore_index=True)
    leads, coarsest = [], None
    for grid in rows["grid"]:
        on_grid = predictions[predictions["grid"] == grid]
        pair, ahead = differences(correctness(on_grid), "cnn", "voxel_svm", participants)
        row = dict(zip(("lead", "lead_low", "lead_high", "lead_p"), pair.values(), strict=True))
        if coarsest is None:
            coarsest = ahead
        else:
            gain = paired_bootstrap(ahead - coarsest, weights)
            row |= {"gain": gain["pooled_difference"]}
            row |= {"gain_low": gain["boot_low"], "gain_high": gain["boot_high"]}
        leads.append(row)
    return pd.concat([rows, pd.DataFrame(leads)], axis=1)


def verdict(table: pd.DataFrame) -> str:
    """Judge by the finest grid's gain, if both models are above chance on both end grids."""
    ends = table.iloc[[0, -1]]
    if not ends[["cnn_evidence", "voxel_svm_evidence"]].all(axis=None):
        return UNDECIDED
    return SUPPORTED if ends["gain_low"].iloc[-1] > 0 else UNSUPPORTED
