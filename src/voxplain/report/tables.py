"""Result tables as readers see them: readable names, rounded values, sortable cells."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from voxplain.names import MISSING, duration, is_missing, method_name, model_name, number

# What a column is called in the report; columns not named here keep their name
LABELS = {
    "accuracy": "accuracy",
    "accuracy_mean": "accuracy, mean of folds",
    "accuracy_sd": "sd of folds",
    "agreement": "agreement (the paper's number)",
    "agreement_chance": "agreement of independent masks",
    "agreement_disjoint": "agreement of masks that share no voxel",
    "agreement_in_brain": "agreement in the brain",
    "auc": "AUC",
    "average_precision": "average precision",
    "balanced_accuracy": "balanced accuracy",
    "dice_equal_area_chance": "Dice of independent masks, equal area",
    "ci_high": "95 % CI, high",
    "ci_low": "95 % CI, low",
    "cohens_d": "Cohen's d",
    "cohort_seconds": "one map per participant",
    "coverage": "share of region in the equal-area mask",
    "dice_equal_area": "Dice, equal area",
    "dice_threshold": "Dice, paper's thresholds",
    "dice_threshold_chance": "Dice of independent masks, paper's thresholds",
    "evidence": "above chance",
    "fwhm": "FWHM of random orders, voxels",
    "folds_above": "share of folds above random maps",
    "in_view": "share of region in view",
    "planted": "share of region where an effect was planted",
    "majority": "larger class",
    "mass_inside": "mass inside",
    "mcc": "MCC",
    "mean": "mean",
    "n_degenerate": "all-zero maps",
    "n_folds": "folds",
    "n_truth": "planted voxels",
    "n_maps": "maps",
    "null_ap_mean": "random maps: mean AP",
    "null_ap_p95": "random maps: 95th percentile of AP",
    "null_mass_mean": "random maps: mean mass inside",
    "null_mass_p95": "random maps: 95th percentile of mass inside",
    "null_peak_mean": "random maps: share with the peak inside",
    "null_auc_mean": "random maps: mean AUC",
    "null_auc_p95": "random maps: 95th percentile of AUC",
    "null_mean": "smooth random maps: mean",
    "null_p95": "smooth random maps: 95th percentile",
    "p_ap": "p (AP)",
    "p_auc": "p (AUC)",
    "p_folds": "p (folds)",
    "p_fwe": "p (family-wise)",
    "p_highest": "p (highest)",
    "p_mass": "p (mass)",
    "p_null": "p (spatial null)",
    "p_peak": "p (peak)",
    "p_permutation": "p (permutation)",
    "p_random": "p (random masks)",
    "paper_mean": "Kan et al.",
    "paper_sd": "their sd",
    "peak_inside": "peak inside",
    "pointing": "pointing game: hits",
    "pointing_high": "95 % CI, high (pointing)",
    "pointing_low": "95 % CI, low (pointing)",
    "pointing_maps": "maps in the pointing game",
    "q_fdr": "q (FDR)",
    "q_folds": "q (FDR, folds)",
    "random_mean": "random masks: mean",
    "random_p95": "random masks: 95th percentile",
    "score": "score (sums to 1)",
    "seconds": "time",
    "seconds_per_map": "time per map",
    "sd": "sd",
    "unmatched": "maps smoother than noise can be",
    "volume_ml": "volume, ml",
    "auc_high": "AUC 95 % CI, high",
    "auc_low": "AUC 95 % CI, low",
    "boot_high": "bootstrap by family 95 %, high",
    "boot_low": "bootstrap by family 95 %, low",
    "brier": "Brier score",
    "calibration_intercept": "calibration intercept",
    "calibration_slope": "calibration slope",
    "chosen": "chosen on all folds",
    "difference": "difference of accuracy",
    "effect": "size of the difference",
    "matched_accuracy": "accuracy, matched",
    "matched_high": "95 % CI, high (matched)",
    "matched_low": "95 % CI, low (matched)",
    "n_permutations": "permutations",
    "nested_mean": "nested: mean of folds",
    "nested_sd": "nested: sd",
    "non_nested_mean": "not nested: mean of folds",
    "non_nested_sd": "not nested: sd",
    "p_bootstrap": "p (paired bootstrap)",
    "p_corrected": "p (corrected resampled t)",
    "p_difference": "p (difference)",
    "p_holm": "p (Holm)",
    "p_matched": "p (matched)",
    "p_refit": "p (refitted)",
    "divided_mean": "families divided: accuracy",
    "divided_sd": "families divided: sd over repeats",
    "family_gain": "gain by dividing families",
    "n_repeats": "repeats",
    "relatives": "share with a relative in training",
    "together_mean": "families together: accuracy",
    "together_sd": "families together: sd over repeats",
    "pooled_difference": "difference, pooled",
}


class Cell(NamedTuple):
    """What is shown, what it sorts by, whether it is set as a number, and lines in small below."""

    text: str
    key: str
    numeric: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table of the report.

    Parameters
    ----------
    identifier : str
        Element id, unique on the page.
    caption : str
        Sentence above the table.
    headers : list of str
        Column names as shown.
    rows : list of list of Cell
    source : str
        File below the run's folder that holds the table in full, or several after commas; empty if
        there is none.
    folded : bool
        True hides the rows until asked for.
    """

    identifier: str
    caption: str
    headers: list[str]
    rows: list[list[Cell]]
    source: str = ""
    folded: bool = False
    kind: str = field(default="table", init=False)


def cell(value: Any, column: str) -> Cell:
    """Turn one value of a result table into a cell."""
    if is_missing(value):
        return Cell(MISSING, "", False)
    if isinstance(value, (bool, np.bool_)):
        return Cell("yes" if value else "no", str(int(value)), False)
    if isinstance(value, str):
        spelled = {"model": model_name, "method": method_name}.get(column.split("_")[0])
        return Cell(spelled(value) if spelled else value, value.lower(), False)
    if math.isinf(value):
        return Cell("∞" if value > 0 else "−∞", str(value), True)
    if "seconds" in column:
        return Cell(duration(value), repr(float(value)), True)
    return Cell(number(value, column), repr(float(value)), True)


def table(
    data: pd.DataFrame,
    identifier: str,
    caption: str,
    source: str = "",
    folded: bool = False,
    labels: Mapping[str, str] = LABELS,
) -> Table:
    """Make a report table of a result table; methods and models are spelled out.

    `labels` are what columns are called here, where that is not what `LABELS` calls them.
    """
    columns = list(data.columns)
    rows = [
        [cell(value, column) for value, column in zip(row, columns, strict=True)]
        for row in data.itertuples(index=False)
    ]
    called = LABELS | labels
    headers = [called.get(column, column.replace("_", " ")) for column in columns]
    return Table(identifier, caption, headers, rows, source, folded)
