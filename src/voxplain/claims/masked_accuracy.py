"""Claims about the masks: the accuracy on images inside and outside them."""

import pandas as pd

from voxplain import paper
from voxplain.claims.verdicts import (
    AT_CHANCE,
    MARGIN,
    MISSING,
    NEAR_CHANCE,
    ONLY_RETRAINED,
    UNDECIDED,
    Claim,
    above,
    find,
    fold_interval,
    judged,
    numeric,
    statement,
    together,
)
from voxplain.names import relation
from voxplain.stats.over_folds import ALPHA


def masked_rows(masked: pd.DataFrame | None, mask: str) -> dict[str, pd.Series]:
    """Return the rows of Meaningful Perturbations by control (also brain and none).

    Parameters
    ----------
    masked : pandas.DataFrame or None
        The run's table masked_accuracy.
    mask : str
        Name of the group mask.
    """
    if masked is None:
        return {}
    rows = masked[masked["method"] == "meaningful_perturbation"]
    rows = rows[rows["mask"].isin([mask, "brain", "none"])]
    return {row["control"]: row for _, row in rows.iterrows()}


def masked_claims(
    masked: pd.DataFrame | None, class_names: tuple[str, str], evidence: bool
) -> list[Claim]:
    """Compare the accuracy on masked images with section 4.3.

    Parameters
    ----------
    masked : pandas.DataFrame or None
        The run's table masked_accuracy.
    class_names : (str, str)
        Names of the negative and the positive class.
    evidence : bool
        Whether the network is above chance.
    """
    names = {"negative": class_names[0], "positive": class_names[1], "conjoined": "conjoined"}
    theirs = {"negative": " (the paper's women)", "positive": " (the paper's men)", "conjoined": ""}
    claims = []
    for key in ("positive", "negative", "conjoined"):
        published = paper.MASKED_ACCURACY[key]
        title = f"Accuracy on images multiplied by the {names[key]} mask{theirs[key]}"
        stated = f"{published.mean:.2f} ± {published.sd:.2f}"
        rows = masked_rows(masked, names[key])
        if "mask" not in rows:
            claims.append(Claim(title, "4.3", stated))
            continue
        ours = rows["mask"]
        low, high = fold_interval(ours)
        beyond = ours["p_random"] < ALPHA
        verdict = numeric(published.mean, low, high, ours["random_mean"]) if beyond else AT_CHANCE
        claims.append(
            Claim(
                title,
                "4.3",
                stated,
                MISSING,
                f"{ours['accuracy_mean']:.2f} ± {ours['accuracy_sd']:.2f}",
                f"95 % CI {low:.3f} to {high:.3f}",
                _random_masks(ours),
                "masked_accuracy",
                verdict if evidence else NEAR_CHANCE,
            )
        )
    return claims


def conjunction_claim(masked: pd.DataFrame | None, evidence: bool) -> Claim:
    """Check that the conjoined mask keeps more accuracy than either class's mask, fold by fold.

    Parameters
    ----------
    masked : pandas.DataFrame or None
        The run's table masked_accuracy.
    evidence : bool
        Whether the network is above chance.
    """
    published = {key: value.mean for key, value in paper.MASKED_ACCURACY.items()}
    claim = Claim(
        "The conjoined mask keeps more accuracy than the mask of either class",
        "4.3",
        "{conjoined:.2f} against {positive:.2f} and {negative:.2f}".format(**published),
    )
    whole = masked_rows(masked, "conjoined").get("mask")
    if masked is None or whole is None:
        return claim
    rows = masked[(masked["method"] == whole["method"]) & (masked["control"] == "mask")]
    alone = rows[rows["mask"] != "conjoined"]
    return claim._replace(
        ours=f"{whole['accuracy_mean']:.2f} against "
        + " and ".join(f"{row.accuracy_mean:.2f} ({row.mask})" for row in alone.itertuples()),
        uncertainty="lead, 95 % CI over folds (paired): "
        + "; ".join(
            f"over {row.mask} {row.lead_low:+.2f} to {row.lead_high:+.2f}"
            for row in alone.itertuples()
        ),
        chance=_random_masks(whole),
        source="masked_accuracy",
        verdict=judged(
            together(
                whole["p_random"] < ALPHA or None,
                *(above(row.lead_low, row.lead_high) for row in alone.itertuples()),
            ),
            evidence,
        ),
    )


def whole_brain_claim(
    roar: pd.DataFrame | None, accuracy: pd.DataFrame | None, evidence: bool
) -> Claim:
    """Check that a network retrained without the highest voxels loses no more than at random.

    The complement of a mask decides nothing: what an imperfect mask leaves out still separates the
    classes. A network that is trained again on images without the voxels (ROAR) finds what
    else there is. If removing random voxels leaves no accuracy either, the test shows nothing.

    Parameters
    ----------
    roar, accuracy : pandas.DataFrame or None
        The run's tables.
    evidence : bool
        Whether the network is above chance.
    """
    claim = Claim(
        "The classes differ over the whole brain rather than in some regions",
        "6, A",
        "more probable",
        verdict=ONLY_RETRAINED,
    )
    cnn = find(accuracy, model="cnn")
    rows = None if roar is None else roar[roar["method"] == "meaningful_perturbation"]
    if rows is None or rows.empty or cnn is None:
        return claim
    row = rows.loc[rows["share"].idxmax()]
    costs_more = above(row["cost_low"], row["cost_high"], MARGIN)
    informative = row["random"] > cnn["majority"] + MARGIN
    return claim._replace(
        ours=f"accuracy after retraining without the highest {row['share']:.0%} of the brain "
        f"{row['accuracy']:.2f}, without random voxels {row['random']:.2f}",
        uncertainty=f"loss beyond that of random voxels, 95 % CI {row['cost_low']:+.2f} to "
        f"{row['cost_high']:+.2f}; the claim allows at most {MARGIN}",
        chance=f"{cnn['majority']:.2f}, always predicting the larger class",
        source="roar, accuracy",
        verdict=judged(together(_no(costs_more), informative or None), evidence),
    )


def _no(condition: bool | None) -> bool | None:
    return None if condition is None else not condition


def _random_masks(row: pd.Series) -> str:
    return (
        f"{row['random_mean']:.2f} for random masks of the same volume, 95 % below "
        f"{row['random_p95']:.2f}; p {relation(row['p_random'])}"
    )


def masks_suffice(masked: pd.DataFrame, majority: float) -> str | None:
    """Say whether the conjoined mask holds all that the network needs; None: no such rows.

    It must exceed random masks, lose no more than `MARGIN` compared with the unmasked image, and
    leave no more than `MARGIN` above the larger class's rate in its complement; each by its
    interval.

    Parameters
    ----------
    masked : pandas.DataFrame
        The run's table masked_accuracy.
    majority : float
        Rate of the larger class.
    """
    rows = masked_rows(masked, "conjoined")
    if "mask" not in rows:
        return None
    mask, left = rows["mask"], fold_interval(rows["complement"])
    return statement(
        together(
            mask["p_random"] < ALPHA or None,
            above(mask["change_low"], mask["change_high"], -MARGIN),
            _no(above(*left, majority + MARGIN)),
        )
    )


def sufficiency_claim(
    masked: pd.DataFrame | None, accuracy: pd.DataFrame | None, evidence: bool
) -> Claim:
    """Check that the conjoined mask holds what the classification needs (section 4.3).

    Parameters
    ----------
    masked : pandas.DataFrame or None
        The run's table masked_accuracy.
    accuracy : pandas.DataFrame or None
        The run's table of that name.
    evidence : bool
        Whether the network is above chance.
    """
    claim = Claim(
        "All information needed for the classification is in the conjoined mask",
        "4.3",
        "no control",
    )
    cnn = find(accuracy, model="cnn")
    rows = masked_rows(masked, "conjoined")
    if masked is None or "mask" not in rows or cnn is None:
        return claim
    mask, (low, high) = rows["mask"], fold_interval(rows["complement"])
    return claim._replace(
        ours=f"mask {mask['accuracy_mean']:.2f}, unmasked {rows['none']['accuracy_mean']:.2f}, "
        f"complement {rows['complement']['accuracy_mean']:.2f}",
        uncertainty=f"95 % CI of mask minus unmasked {mask['change_low']:+.2f} to "
        f"{mask['change_high']:+.2f} (paired over folds), of the complement {low:.2f} to "
        f"{high:.2f}; the mask suffices if its loss, and the complement above chance, are at most "
        f"{MARGIN}",
        chance=f"{_random_masks(mask)}; larger class {cnn['majority']:.2f}",
        source="masked_accuracy, accuracy",
        verdict=(masks_suffice(masked, cnn["majority"]) or UNDECIDED) if evidence else NEAR_CHANCE,
    )
