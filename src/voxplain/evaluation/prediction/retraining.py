"""How far the network's accuracy depends on the seed, the draw of folds, or chance."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from voxplain.stats.family_blocks import permuted_labels
from voxplain.stats.over_folds import ALPHA, TIE, against_null


def spread(this: pd.DataFrame, reruns: Mapping[str, Sequence[pd.DataFrame]]) -> pd.DataFrame:
    """Summarise the pooled held-out accuracy of a run and of its repetitions.

    Parameters
    ----------
    this : pandas.DataFrame
        Predictions of the run itself: participant_id, y_true, y_pred.
    reruns : mapping of str to sequence of pandas.DataFrame
        The same of runs that differ in one thing, by what that is.

    Returns
    -------
    pandas.DataFrame
        One row per thing: changed; n_runs (this run is one of them); accuracy_mean, accuracy_sd
        (ddof 1), accuracy_low and accuracy_high (lowest and highest run) of the pooled accuracy;
        this_run; flipped (share of participants whose predicted class differs, mean over the pairs
        of runs).
    """
    rows = []
    for changed, others in reruns.items():
        runs = [predictions.set_index("participant_id") for predictions in (this, *others)]
        accuracies = np.array([(run["y_pred"] == run["y_true"]).mean() for run in runs])
        called = [run["y_pred"].loc[runs[0].index].to_numpy() for run in runs]
        rows.append(
            {
                "changed": changed,
                "n_runs": len(runs),
                "accuracy_mean": accuracies.mean(),
                "accuracy_sd": accuracies.std(ddof=1),
                "accuracy_low": accuracies.min(),
                "accuracy_high": accuracies.max(),
                "this_run": accuracies[0],
                "flipped": np.mean([(a != b).mean() for a, b in combinations(called, 2)]),
            }
        )
    return pd.DataFrame(rows)


def against_chance(
    predictions: pd.DataFrame,
    families: np.ndarray,
    folds: np.ndarray,
    n_permutations: int,
    seed: int,
) -> dict[str, float | bool]:
    """Compare a run's accuracy with that of its predictions against permuted labels.

    Labels change places as families of one fold allow (`permuted_labels`); the predictions stay.

    Parameters
    ----------
    predictions : pandas.DataFrame, n rows
        Columns y_true (the labels that the run was trained on) and y_pred.
    families, folds : numpy.ndarray, shape (n,)
        Family number and fold of each row.
    n_permutations : int
    seed : int

    Returns
    -------
    dict
        accuracy; chance_low and chance_high, the 95 % interval of the permutations' accuracies;
        inside (the accuracy lies in it); p, ``(b + 1) / (n_permutations + 1)`` with b permutations
        of at least the accuracy.
    """
    true, called = predictions["y_true"].to_numpy(int), predictions["y_pred"].to_numpy(int)
    accuracy = float((called == true).mean())
    null = (permuted_labels(true, families, folds, n_permutations, seed) == called).mean(axis=1)
    low, high = np.quantile(null, [ALPHA / 2, 1 - ALPHA / 2])
    return {
        "accuracy": accuracy,
        "chance_low": float(low),
        "chance_high": float(high),
        "inside": bool(low - TIE <= accuracy <= high + TIE),
        "p": against_null(null, accuracy - TIE)["p_null"],
    }
