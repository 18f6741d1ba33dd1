"""What folds give together: Table 1, repeated folds, masked accuracy, faithfulness, run times."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from voxplain import paper
from voxplain.evaluation.fold_statistics import against_null, beyond_random_maps, corrected_t

KEYS = ["method", "mask", "control"]
CONJOINED = "conjoined"
TIE = 1e-9  # means of the same accuracies in another order differ by rounding


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
        beside = against_null(null, row["accuracy_mean"] - TIE)
        table.loc[index, ["random_mean", "random_p95", "p_random"]] = list(beside.values())
    for index, (method, mask, control) in table[KEYS].iterrows():
        own = folds.loc[method, mask, control]
        if control != "none":
            change = own - folds.loc[method, "none", "none"]
            table.loc[index, changes] = corrected_t(change)[:3]
        if control == "mask" and mask != CONJOINED:
            lead = folds.loc[method, CONJOINED, "mask"] - own
            table.loc[index, leads] = corrected_t(lead)[:3]
    return table


def runtime_over_folds(timing: pd.DataFrame) -> pd.DataFrame:
    """Sum the time of each method over folds.

    Parameters
    ----------
    timing : pandas.DataFrame
        Columns method, device, maps (all that were computed), test_maps (those of held-out
        participants), seconds; one row per method and fold.

    Returns
    -------
    pandas.DataFrame
        One row per method and device: method, device, maps, seconds, seconds_per_map,
        cohort_seconds (one map for each held-out participant of all folds, at this device's speed)
        and paper (its words).
    """
    table = timing.groupby(["method", "device"], sort=False)[["maps", "seconds"]].sum()
    table = table.reset_index()
    table["seconds_per_map"] = table["seconds"] / table["maps"]
    participants = timing.groupby("method")["test_maps"].sum()
    table["cohort_seconds"] = table["seconds_per_map"] * table["method"].map(participants)
    table["paper"] = table["method"].map(paper.RUNTIME_WORDS)
    return table


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


def faithfulness_over_folds(rows: pd.DataFrame) -> pd.DataFrame:
    """Compare each method's areas with those of random orders as smooth as its participants' maps.

    Parameters
    ----------
    rows : pandas.DataFrame
        Areas of all folds (`voxplain.evaluation.faithfulness.of_participants`), with a column
        fold. Random orders of one draw are other ones in each fold.

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
        own = part[part["draw"].isna()].set_index(["fold", "participant_id"])["area"]
        random = part[part["draw"].notna()]
        random = random.pivot_table("area", ["fold", "participant_id"], "draw")
        random = random.loc[own.index]
        sign = -1 if test == "deletion" else 1
        folds = [sign * table.groupby("fold").mean().to_numpy() for table in (own, random)]
        gain, low, high, p = beyond_random_maps(*folds)
        out.append(
            {"method": method, "test": test, "fill": fill}
            | {"area": own.mean(), "random": random.mean(axis=None)}
            | {"gain": gain, "ci_low": low, "ci_high": high, "p": p}
            | {"better": (sign * (own - random.mean(axis=1)) > 0).mean()}
            | {"participants": len(own), "folds": len(folds[0])}
            | _widths(part)
        )
    return pd.DataFrame(out)


def _widths(rows: pd.DataFrame) -> dict[str, float]:
    folds = rows.groupby("fold")[["fwhm", "unmatched"]].first()
    return {"fwhm": folds["fwhm"].median(), "unmatched": int(folds["unmatched"].sum())}
