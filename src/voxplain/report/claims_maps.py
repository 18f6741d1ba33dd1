"""Claims about the masks: masked accuracy and Table 2."""

from collections.abc import Mapping

import pandas as pd

from voxplain import paper
from voxplain.evaluation.fold_statistics import ALPHA
from voxplain.paper import published_regions, same_region
from voxplain.report.tables import relation
from voxplain.report.verdicts import (
    AT_CHANCE,
    MISSING,
    NEAR_CHANCE,
    NOT_TESTABLE,
    ONE_MODEL,
    Claim,
    find,
    fold_interval,
    numeric,
    statement,
)

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
        verdict = numeric(published.mean, low, high) if beyond else AT_CHANCE
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
    """Check that the conjoined mask keeps more accuracy than either class's mask alone."""
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
    alone = rows.loc[rows["mask"] != "conjoined"].set_index("mask")["accuracy_mean"]
    low, high = fold_interval(whole)
    return claim._replace(
        ours=f"{whole['accuracy_mean']:.2f} against "
        + " and ".join(f"{value:.2f} ({name})" for name, value in alone.items()),
        uncertainty=f"95 % CI of the conjoined mask {low:.3f} to {high:.3f}",
        chance=_random_masks(whole),
        source="masked_accuracy",
        verdict=statement(low > alone.max()) if evidence else NEAR_CHANCE,
    )


def whole_brain_claim(
    masked: pd.DataFrame | None, accuracy: pd.DataFrame | None, evidence: bool
) -> Claim:
    """Check that the classes differ outside the mask too: its complement still tells them apart."""
    claim = Claim(
        "The classes differ over the whole brain rather than in some regions",
        "6, A",
        "more probable",
    )
    row, cnn = masked_rows(masked, "conjoined").get("complement"), find(accuracy, model="cnn")
    if row is None or cnn is None:
        return claim
    low, high = fold_interval(row)
    return claim._replace(
        ours=f"accuracy without what the conjoined mask marks {row['accuracy_mean']:.2f}",
        uncertainty=f"95 % CI {low:.3f} to {high:.3f}",
        chance=f"{cnn['majority']:.2f}, always naming the larger class",
        source="masked_accuracy, accuracy",
        verdict=statement(low > cnn["majority"]) if evidence else NEAR_CHANCE,
    )


def _random_masks(row: pd.Series) -> str:
    return (
        f"{row['random_mean']:.2f} for random masks of the same volume, 95 % below "
        f"{row['random_p95']:.2f}; p {relation(row['p_random'])}"
    )


def masks_suffice(masked: pd.DataFrame) -> bool | None:
    """Whether the conjoined mask beats random masks and its own complement; None: no such rows."""
    rows = masked_rows(masked, "conjoined")
    if "mask" not in rows:
        return None
    mask, complement = rows["mask"], rows["complement"]
    return bool(mask["p_random"] < ALPHA and mask["accuracy_mean"] > complement["accuracy_mean"])


def sufficiency_claim(masked: pd.DataFrame | None, evidence: bool) -> Claim:
    """Check that the conjoined mask holds what the classification needs (section 4.3)."""
    title = "All information needed for the classification is in the conjoined mask"
    suffices = None if masked is None else masks_suffice(masked)
    if suffices is None:
        return Claim(title, "4.3", "no control")
    rows = masked_rows(masked, "conjoined")
    low, high = fold_interval(rows["mask"])
    return Claim(
        title,
        "4.3",
        "no control",
        MISSING,
        f"mask {rows['mask']['accuracy_mean']:.2f}, "
        f"complement {rows['complement']['accuracy_mean']:.2f}",
        f"95 % CI of the mask {low:.3f} to {high:.3f}",
        _random_masks(rows["mask"]),
        "masked_accuracy",
        statement(suffices) if evidence else NEAR_CHANCE,
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
    """Judge by the regions that both top fives share: more than half."""
    regions, top = published_regions(atlas), rows.head(TOP_REGIONS)
    shared = sum(
        any(same_region(atlas, region, row.value, row.name) for region in regions)
        for row in top.itertuples(index=False)
    )
    survive = (
        f"{int(top['survives'].sum())} of {len(top)} survive: family-wise p < 0.05 over the "
        "regions against smooth random maps, and above these in every fold"
    )
    if top["p_folds"].isna().all():
        survive = "one model, no test over folds"
    return Claim(
        f"Table 2, {atlas}: the five highest regions of Meaningful Perturbations",
        "4.3, Table 2",
        "; ".join(region.name for region in regions),
        "the same list, without a null",
        "; ".join(top["name"]),
        survive,
        f"{shared} shared; {len(top) * len(regions) / len(rows):.2f} expected",
        f"table2_{atlas}",
        statement(2 * shared > len(regions)) if evidence else NEAR_CHANCE,
    )


def _scores(atlas: str, rows: pd.DataFrame, evidence: bool) -> Claim:
    """Judge the printed scores by the intervals over folds of the same regions here."""
    claim = Claim(
        f"Table 2, {atlas}: scores of the paper's five regions",
        "4.3, Table 2",
        "; ".join(f"{region.score:.4f}" for region in published_regions(atlas)),
        source=f"table2_{atlas}",
    )
    found = rows[rows["paper"].notna()].sort_values("paper", ascending=False)
    if found.empty:
        return claim._replace(verdict=f"{NOT_TESTABLE}: {atlas} has none of these regions")
    inside = found["paper"].between(found["fold_low"], found["fold_high"])
    verdict = "reproduced" if inside.all() else "differs"
    if found["fold_low"].isna().all():
        verdict = ONE_MODEL
    return claim._replace(
        ours="; ".join(
            f"{row.name} {row.score:.4f} (rank {row.rank} of {len(rows)})"
            for row in found.itertuples(index=False)
        ),
        uncertainty=f"{int(inside.sum())} of {len(found)} of the paper's scores lie in our 95 % "
        "intervals over folds",
        chance=f"{1 / len(rows):.4f} for a flat map",
        verdict=verdict if evidence else NEAR_CHANCE,
    )
