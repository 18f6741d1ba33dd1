"""Over all folds: masked accuracy, and areas under deletion and insertion curves."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from voxplain import paper
from voxplain.stats.over_folds import TIE, against_null, beyond_random_maps, corrected_t

KEYS = ["method", "mask", "control"]
CONJOINED = "conjoined"


def masked_accuracy_over_folds(rows: pd.DataFrame, groups: Mapping[str, str]) -> pd.DataFrame:
    """Average the accuracy on masked images over folds, with a null distribution for each mask.

    Draw k of the random masks has the same seed in every fold, so that its mean over folds is one
    draw of what a mean over folds would be by chance.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns method, mask, control, draw, fold, accuracy (`masked_accuracy`, all folds).
    groups : mapping of str
        The paper's group (positive, negative, conjoined) by name of the mask.

    Returns
    -------
    pandas.DataFrame
        One row per method, mask and control: accuracy_mean, accuracy_sd (over folds, draws
        averaged first), n_folds, paper_mean, paper_sd; where control is mask also random_mean,
        random_p95 and p_random: (b + 1) / (n + 1) with b of n random draws whose mean over folds
        is at least the mask's. Differences paired over folds, with 95 % intervals (`corrected_t`):
        change, change_low, change_high (this minus the intact image) and, of a class's mask, lead,
        lead_low, lead_high (the conjoined mask minus this one). Missing elsewhere.
    """
    # A fold counts once, however many random masks it has.
    per_fold = rows.groupby([*KEYS, "fold"], sort=False)["accuracy"].mean().reset_index()
    folds = per_fold.pivot_table("accuracy", KEYS, "fold")
    table = per_fold.groupby(KEYS, sort=False)["accuracy"].agg(["mean", "std", "count"])
    table = table.set_axis(["accuracy_mean", "accuracy_sd", "n_folds"], axis=1).reset_index()
    published = [
        ("meaningful_perturbation", mask, "mask", *paper.MASKED_ACCURACY[group])
        for mask, group in groups.items()
    ]
    columns = [*KEYS, "paper_mean", "paper_sd"]
    table = table.merge(pd.DataFrame(published, columns=columns), on=KEYS, how="left")
    random = rows[rows["control"] == "random"]
    draws = random.groupby(["method", "mask", "draw"])["accuracy"].mean()
    changes, leads = (
        [f"{name}{end}" for end in ("", "_low", "_high")] for name in ("change", "lead")
    )
    table[["random_mean", "random_p95", "p_random", *changes, *leads]] = np.nan
    for index, row in table[table["control"] == "mask"].iterrows():
        null = draws.loc[row["method"], row["mask"]].to_numpy()
        tested = against_null(null, row["accuracy_mean"] - TIE)
        table.loc[index, ["random_mean", "random_p95", "p_random"]] = list(tested.values())
    for index, (method, mask, control) in table[KEYS].iterrows():
        accuracies = folds.loc[method, mask, control]
        if control != "none":
            change = accuracies - folds.loc[method, "none", "none"]
            table.loc[index, changes] = corrected_t(change)[:3]
        if control == "mask" and mask != CONJOINED:
            lead = folds.loc[method, CONJOINED, "mask"] - accuracies
            table.loc[index, leads] = corrected_t(lead)[:3]
    return table


def faithfulness_over_folds(rows: pd.DataFrame) -> pd.DataFrame:
    """Compare each method's areas with those of random orders as smooth as its participants' maps.

    Parameters
    ----------
    rows : pandas.DataFrame
        Areas of all folds (`voxplain.evaluation.trust.deletion_insertion.delete_and_insert`) with
        a column fold. Random orders of one draw are other ones in each fold.

    Returns
    -------
    pandas.DataFrame
        One row per method, test and fill: area, random, gain (how much better than random: lower
        by deletion, higher by insertion; mean over folds), ci_low, ci_high and p of the gain
        (`beyond_random_maps`), better (share of participants with a gain above 0), participants,
        folds; fwhm (smoothness of the random orders in voxels, median over folds) and unmatched
        (participants whose maps are smoother than noise can be, left out of it).
    """
    out = []
    for (method, test, fill), part in rows.groupby(["method", "test", "fill"], sort=False):
        of_map = part[part["draw"].isna()].set_index(["fold", "participant_id"])["area"]
        random = part[part["draw"].notna()]
        random = random.pivot_table("area", ["fold", "participant_id"], "draw")
        random = random.loc[of_map.index]
        sign = -1 if test == "deletion" else 1
        folds = [sign * table.groupby("fold").mean().to_numpy() for table in (of_map, random)]
        gain, low, high, p = beyond_random_maps(*folds)
        out.append(
            {"method": method, "test": test, "fill": fill}
            | {"area": of_map.mean(), "random": random.mean(axis=None)}
            | {"gain": gain, "ci_low": low, "ci_high": high, "p": p}
            | {"better": (sign * (of_map - random.mean(axis=1)) > 0).mean()}
            | {"participants": len(of_map), "folds": len(folds[0])}
            | _widths(part)
        )
    return pd.DataFrame(out)


def curves_over_folds(rows: pd.DataFrame) -> pd.DataFrame:
    """Average the deletion and insertion curves of all folds over participants.

    Parameters
    ----------
    rows : pandas.DataFrame
        Curves of all folds (`voxplain.evaluation.trust.deletion_insertion.delete_and_insert`), with
        a column participants: whose mean each fold's curve is.

    Returns
    -------
    pandas.DataFrame
        One row per method, random, test, fill and fraction: probability, participants.
    """
    keys = ["method", "random", "test", "fill", "fraction"]
    rows = rows.assign(sum=rows["probability"] * rows["participants"])
    sums = rows.groupby(keys, sort=False)[["sum", "participants"]].sum()
    mean = (sums["sum"] / sums["participants"]).rename("probability").reset_index()
    return mean.assign(participants=np.max(sums["participants"]))


def _widths(rows: pd.DataFrame) -> dict[str, float]:
    folds = rows.groupby("fold")[["fwhm", "unmatched"]].first()
    return {"fwhm": folds["fwhm"].median(), "unmatched": int(folds["unmatched"].sum())}
