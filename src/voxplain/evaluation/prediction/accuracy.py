"""Accuracy over folds: Table 1 of the paper, and newly drawn folds."""

import numpy as np
import pandas as pd

from voxplain import paper


def table1(accuracy: pd.DataFrame) -> pd.DataFrame:
    """Set the paper's Table 1 beside ours; a model that the cohort has no data for says so.

    Parameters
    ----------
    accuracy : pandas.DataFrame
        Columns model, mean, sd (over folds).

    Returns
    -------
    pandas.DataFrame
        model, accuracy_mean, accuracy_sd, paper_mean, paper_sd, status.
    """
    ours = accuracy.set_index("model")
    rows = []
    for model in paper.TABLE1_MODELS:
        known = model in ours.index
        rows.append(
            {
                "model": model,
                "accuracy_mean": ours.loc[model, "mean"] if known else None,
                "accuracy_sd": ours.loc[model, "sd"] if known else None,
                "paper_mean": paper.ACCURACY[model].mean,
                "paper_sd": paper.ACCURACY[model].sd,
                "status": "computed" if known else "this cohort has no morphometry table",
            }
        )
    return pd.DataFrame(rows)


def accuracy_over_repeats(rows: pd.DataFrame) -> pd.DataFrame:
    """Summarise the pooled accuracy over newly drawn folds.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns model, repeat, families (``together`` or ``divided``), accuracy, relatives (share
        of participants with a relative in their training fold).

    Returns
    -------
    pandas.DataFrame
        One row per model: model, n_repeats; together_mean and together_sd over repeats;
        divided_mean, divided_sd, family_gain (divided minus together, mean over repeats) and
        relatives, missing where no families are known.
    """
    values = rows.pivot_table(
        index=["model", "repeat"], columns="families", values="accuracy", sort=False
    )
    table = pd.DataFrame({"n_repeats": values.groupby("model", sort=False).size()})
    for kind in ("together", "divided"):
        own = values[kind] if kind in values else pd.Series(np.nan, index=values.index)
        grouped = own.groupby("model", sort=False)
        table[f"{kind}_mean"], table[f"{kind}_sd"] = grouped.mean(), grouped.std()
    table["family_gain"] = table["divided_mean"] - table["together_mean"]
    divided = rows[rows["families"] == "divided"]
    table["relatives"] = divided.groupby("model")["relatives"].mean()
    return table.reset_index()
