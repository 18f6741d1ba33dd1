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
    """Return the rows of Meaningful Perturbations by control (also brain and none)."""
    if masked is None:
        return {}
    rows = masked[masked["method"] == "meaningful_perturbation"]
    rows = rows[rows["mask"].isin([mask, "brain", "none"])]
    return {row["control"]: row for _, row in rows.iterrows()}


def masked_claims(
    masked: pd.DataFrame | None, class_names: tuple[str, str], evidence: bool
) -> list[Claim]:
    """Compare the accuracy on masked images with section 4.3."""
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
    """Check that the conjoined mask keeps more accuracy than either class's mask, fold by fold."""
    published = {key: value.mean for key, value in paper.MASKED_ACCURACY.items()}
    claim = Claim(
        "The conjoined mask keeps more than the mask of either class",
        "4.3",
        "{conjoined:.2f} against {positive:.2f} and {negative:.2f}".format(**published),
    )
    whole = masked_rows(masked, "conjoined").get("mask")
    if whole is None:
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
    """Check that what the map ranks highest is missed no more than other voxels, on retraining.

    The complement of a mask decides nothing: whatever an imperfect mask leaves out still tells the
    classes apart. A network that is trained again on images without the voxels (ROAR) finds what
    else there is. Where random voxels cost it everything, too, nothing is shown.
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
    dearer = above(row["cost_low"], row["cost_high"], MARGIN)
    informative = row["random"] > cnn["majority"] + MARGIN
    return claim._replace(
        ours=f"trained again without the {row['share']:.0%} of the brain that rank highest "
        f"{row['accuracy']:.2f}, without random ones {row['random']:.2f}",
        uncertainty=f"cost beyond random masks, 95 % CI {row['cost_low']:+.2f} to "
        f"{row['cost_high']:+.2f}; whole brain means at most {MARGIN}",
        chance=f"{cnn['majority']:.2f}, always naming the larger class",
        source="roar, accuracy",
        verdict=judged(together(_no(dearer), informative or None), evidence),
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

    It must exceed random masks, lose no more than `MARGIN` against the intact image, and leave no
    more than `MARGIN` above the larger class's rate in its complement; each by its interval.
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
    """Check that the conjoined mask holds what the classification needs (section 4.3)."""
    claim = Claim(
        "All information needed for the classification is in the conjoined mask",
        "4.3",
        "no control",
    )
    cnn = find(accuracy, model="cnn")
    rows = masked_rows(masked, "conjoined")
    if "mask" not in rows or cnn is None:
        return claim
    mask, (low, high) = rows["mask"], fold_interval(rows["complement"])
    return claim._replace(
        ours=f"mask {mask['accuracy_mean']:.2f}, intact {rows['none']['accuracy_mean']:.2f}, "
        f"complement {rows['complement']['accuracy_mean']:.2f}",
        uncertainty=f"95 % CI of mask minus intact {mask['change_low']:+.2f} to "
        f"{mask['change_high']:+.2f} (paired over folds), of the complement {low:.2f} to "
        f"{high:.2f}; to suffice, a loss and what is left above chance stay within {MARGIN}",
        chance=f"{_random_masks(mask)}; larger class {cnn['majority']:.2f}",
        source="masked_accuracy, accuracy",
        verdict=masks_suffice(masked, cnn["majority"]) if evidence else NEAR_CHANCE,
    )


def table2_claims(tables: Mapping[str, pd.DataFrame], evidence: bool) -> list[Claim]:
    """Compare the five highest regions of each atlas, and their scores, with Table 2."""
    if not tables:
        return [Claim("Table 2: the five highest regions per atlas", "4.3, Table 2", "see Table 2")]
    claims = []
    for atlas, data in tables.items():
        rows = data[data["method"] == "meaningful_perturbation"].sort_values("rank")
        if len(rows) and published_regions(atlas):
            claims += [_highest(atlas, rows, evidence), _scores(atlas, rows, evidence)]
    return claims


def _highest(atlas: str, rows: pd.DataFrame, evidence: bool) -> Claim:
    """Judge by the regions that both top fives share: more than half.

    Our list has to be settled first: more than half of it must exceed smooth random maps.
    """
    regions, top = published_regions(atlas), rows.head(TOP_REGIONS)
    shared = sum(
        any(same_region(atlas, region, row.value, row.name) for region in regions)
        for row in top.itertuples(index=False)
    )
    beyond = int(top["survives"].sum())
    survive = (
        f"{beyond} of {len(top)} survive: family-wise p < 0.05 over the regions against smooth "
        "random maps, and above these in every fold; the others are not shown, which is no sign "
        "of absence"
    )
    verdict = statement(2 * shared > len(regions)) if 2 * beyond > len(top) else UNDECIDED
    if top["p_folds"].isna().all():
        survive, verdict = "one model, no test over folds", ONE_MODEL
    return Claim(
        f"Table 2, {atlas}: the five highest regions of Meaningful Perturbations",
        "4.3, Table 2",
        "; ".join(region.name for region in regions),
        "the same list, without a null",
        "; ".join(top["name"]),
        survive,
        f"{shared} shared; {len(top) * len(regions) / len(rows):.2f} expected",
        f"table2_{atlas}",
        verdict if evidence else NEAR_CHANCE,
    )


def _scores(atlas: str, rows: pd.DataFrame, evidence: bool) -> Claim:
    """Judge the printed scores by the intervals over folds of the same regions here.

    Scores sum to 1 over an atlas's regions, so those of atlases of different numbers of regions
    cannot be compared, and all are shown as multiples of the even share.
    """
    regions, theirs, n = published_regions(atlas), published_count(atlas), len(rows)
    claim = Claim(
        f"Table 2, {atlas}: scores of the paper's five regions",
        "4.3, Table 2",
        "; ".join(f"{r.score:.4f} ({r.score * theirs:.2f} of the even share)" for r in regions),
        source=f"table2_{atlas}",
    )
    found = rows[rows["paper"].notna()].sort_values("paper", ascending=False)
    if found.empty:
        return claim._replace(verdict=f"{NOT_TESTABLE}: {atlas} has none of these regions")
    each = [
        numeric(row.paper, row.fold_low, row.fold_high, 1 / n)
        for row in found.itertuples(index=False)
    ]
    verdict = next((v for v in ("differs", UNDECIDED) if v in each), "reproduced")
    inside = found["paper"].between(found["fold_low"], found["fold_high"])
    uncertainty = f"{int(inside.sum())} of {len(found)} of the paper's scores lie in our 95 % "
    uncertainty += "intervals over folds"
    if found["fold_low"].isna().all():
        verdict = ONE_MODEL
    if n != theirs:
        verdict = f"{NOT_COMPARABLE}: {n} regions here, {theirs} in the paper share the sum of 1"
        uncertainty = ""
    absent = len(regions) - len(found)
    return claim._replace(
        ours="; ".join(
            f"{row.name} {row.score:.4f} ({row.score * n:.2f} of the even share, "
            f"rank {row.rank} of {n})"
            for row in found.itertuples(index=False)
        )
        + (f"; {absent} of the five have no match by name" if absent else ""),
        uncertainty=uncertainty,
        chance=f"{1 / n:.4f}, the even share, for a flat map",
        verdict=verdict if evidence else NEAR_CHANCE,
    )
