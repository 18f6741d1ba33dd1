"""Remove and retrain (ROAR, Hooker et al. 2019): what a network learns without a method's voxels.

A network that was never trained on altered images may fail on them because they are strange to it.
Trained again on images without the marked voxels, it fails only if they held what the others lack.
"""

import pandas as pd

from voxplain.stats.over_folds import beyond_random_maps


def roar_over_folds(rows: pd.DataFrame, intact: pd.Series) -> pd.DataFrame:
    """Average the retrained networks' accuracy over folds, beside random masks of equal volume.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns method, share (of the brain replaced), control (mask or random), draw, fold and
        accuracy (of the held-out participants).
    intact : pandas.Series
        Accuracy of the network on intact images, by fold.

    Returns
    -------
    pandas.DataFrame
        One row per method and share: n_folds; intact, accuracy and random (means over folds, draws
        averaged first); cost (random minus accuracy: how much more the marked voxels are missed
        than others) with cost_low, cost_high and p (`beyond_random_maps`).
    """
    out = []
    for (method, share), part in rows.groupby(["method", "share"], sort=False):
        folds = part.pivot_table(index="fold", columns="control", values="accuracy")
        random = part[part["control"] == "random"].pivot_table("accuracy", "fold", "draw")
        cost, low, high, p = beyond_random_maps(-folds["mask"].to_numpy(), -random.to_numpy())
        out.append(
            {
                "method": method,
                "share": share,
                "n_folds": len(folds),
                "intact": intact.mean(),
                "accuracy": folds["mask"].mean(),
                "random": folds["random"].mean(),
                "cost": cost,
                "cost_low": low,
                "cost_high": high,
                "p": p,
            }
        )
    return pd.DataFrame(out)
