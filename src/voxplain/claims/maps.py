"""Claims about the masks: masked accuracy and Table 2."""

from collections.abc import Mapping

import pandas as pd

from voxplain import paper
from voxplain.claims.verdicts import (
    AT_CHANCE,
    MARGIN,
    MISSING,
    NEAR_CHANCE,
    NOT_COMPARABLE,
    NOT_TESTABLE,
    ONE_MODEL,
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
from voxplain.paper import published_count, published_regions, same_region
from voxplain.stats.over_folds import ALPHA

TOP_REGIONS = 5


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


def table2_claims(tables: Mapping[str, pd.DataFrame], evidence: bool) -> list[Claim]:
    """Compare the five highest regions of each atlas, and their scores, with Table 2.

    Parameters
    ----------
    tables : mapping of atlas to pandas.DataFrame
        The run's tables of regions.
    evidence : bool
        Whether the network is above chance.
    """
    if not tables:
        return [Claim("Table 2: the five highest regions per atlas", "4.3, Table 2", "see Table 2")]
    claims = []
    for atlas, data in tables.items():
        rows = data[data["method"] == "meaningful_perturbation"].sort_values("rank")
        if len(rows) and published_regions(atlas):
            claims += [_highest(atlas, rows, evidence), _scores(atlas, rows, evidence)]
    return claims


def _highest(atlas: str, rows: pd.DataFrame, evidence: bool) -> Claim:
    """Judge by the regions that are in both lists of five: more than half.

    Before that, more than half of our list must exceed smooth random maps.
    """
    regions, top = published_regions(atlas), rows.head(TOP_REGIONS)
    shared = sum(
        any(same_region(atlas, region, row.value, row.name) for region in regions)
        for row in top.itertuples(index=False)
    )
    beyond = int(top["survives"].sum())
    survive = (
        f"{beyond} of {len(top)} survive (family-wise p < 0.05 against smooth random maps, and "
        "above them in every fold); for the others there is no evidence either way"
    )
    verdict = statement(2 * shared > len(regions)) if 2 * beyond > len(top) else UNDECIDED
    if top["p_folds"].isna().all():
        survive, verdict = "one model, no test over folds", ONE_MODEL
    return Claim(
        f"Table 2, {atlas}: the five highest regions of Meaningful Perturbations",
        "4.3, Table 2",
        "; ".join(region.name for region in regions),
        "the same list, without a null distribution",
        "; ".join(top["name"]),
        survive,
        f"{shared} in both; {len(top) * len(regions) / len(rows):.2f} expected at random",
        f"table2_{atlas}",
        verdict if evidence else NEAR_CHANCE,
    )


def _scores(atlas: str, rows: pd.DataFrame, evidence: bool) -> Claim:
    """Judge the printed scores by the intervals over folds of the same regions here.

    Scores sum to 1 over an atlas's regions. Those of atlases with different numbers of regions
    cannot be compared, so all are also given as multiples of 1/n, the score of a flat map.
    """
    regions, theirs, n = published_regions(atlas), published_count(atlas), len(rows)
    claim = Claim(
        f"Table 2, {atlas}: scores of the paper's five regions",
        "4.3, Table 2",
        "; ".join(f"{r.score:.4f} ({r.score * theirs:.2f} times 1/n)" for r in regions),
        source=f"table2_{atlas}",
    )
    matched = rows[rows["paper"].notna()].sort_values("paper", ascending=False)
    if matched.empty:
        return claim._replace(verdict=f"{NOT_TESTABLE}: {atlas} has none of these regions")
    each = [
        numeric(row.paper, row.fold_low, row.fold_high, 1 / n)
        for row in matched.itertuples(index=False)
    ]
    verdict = next((v for v in ("differs", UNDECIDED) if v in each), "reproduced")
    inside = matched["paper"].between(matched["fold_low"], matched["fold_high"])
    uncertainty = f"{int(inside.sum())} of {len(matched)} of the paper's scores lie in our 95 % "
    uncertainty += "intervals over folds"
    if matched["fold_low"].isna().all():
        verdict = ONE_MODEL
    if n != theirs:
        verdict = (
            f"{NOT_COMPARABLE}: scores sum to 1 over {n} regions here, over {theirs} in the paper"
        )
        uncertainty = ""
    absent = len(regions) - len(matched)
    return claim._replace(
        ours="; ".join(
            f"{row.name} {row.score:.4f} ({row.score * n:.2f} times 1/n, rank {row.rank} of {n})"
            for row in matched.itertuples(index=False)
        )
        + (f"; {absent} of the five have no region of the same name" if absent else ""),
        uncertainty=uncertainty,
        chance=f"1/n = {1 / n:.4f} for a flat map",
        verdict=verdict if evidence else NEAR_CHANCE,
    )
