"""Accuracy on newly drawn folds, with families kept together and divided."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from voxplain.cohort.folds import make_splits, rows_of
from voxplain.run.paths import WHOLE_COHORT
from voxplain.stats.family_blocks import family_codes


def score_repeat(
    fit: Callable[[str, np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    participants: pd.DataFrame,
    models: Sequence[str],
    groups: Mapping[str, str],
    n_splits: int,
    seed: int,
) -> pd.DataFrame:
    """Draw folds anew and score models on them.

    Parameters
    ----------
    fit : callable
        Model, labels, training rows and test rows to the test rows' predicted class.
    participants : pandas.DataFrame
        The participants table.
    models : sequence of str
    groups : mapping of str
        What is never divided (`voxplain.cohort.folds.make_splits`), by what becomes of families:
        ``together`` or ``divided``.
    n_splits : int
        Number of folds.
    seed : int
        Of the folds.

    Returns
    -------
    pandas.DataFrame
        One row per model and kind of families: model, families, accuracy (pooled), relatives
        (share of participants with a relative in their training fold).
    """
    labels, families = participants["label"].to_numpy(int), family_codes(participants)
    rows = []
    for kind, undivided in groups.items():
        right: dict[str, list[np.ndarray]] = {model: [] for model in models}
        related = []
        for split in make_splits(participants, n_splits, seed, undivided):
            if split.fold == WHOLE_COHORT:
                continue
            train, test = (rows_of(side, participants) for side in (split.train, split.test))
            related.append(np.isin(families[test], families[train]))
            for model in models:
                right[model].append(fit(model, labels, train, test) == labels[test])
        rows += [
            {
                "model": model,
                "families": kind,
                "accuracy": np.concatenate(right[model]).mean(),
                "relatives": np.concatenate(related).mean(),
            }
            for model in models
        ]
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
        accuracies = values[kind] if kind in values else pd.Series(np.nan, index=values.index)
        grouped = accuracies.groupby("model", sort=False)
        table[f"{kind}_mean"], table[f"{kind}_sd"] = grouped.mean(), grouped.std()
    table["family_gain"] = table["divided_mean"] - table["together_mean"]
    divided = rows[rows["families"] == "divided"]
    table["relatives"] = divided.groupby("model")["relatives"].mean()
    return table.reset_index()
