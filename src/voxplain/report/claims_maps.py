"""Claims about the masks: masked accuracy and Table 2."""

from collections.abc import Mapping

import pandas as pd

from voxplain import paper
from voxplain.evaluation.statistics import ALPHA
from voxplain.paper import published_regions, same_region
from voxplain.report.tables import relation
from voxplain.report.verdicts import (
    AT_CHANCE,
    MISSING,
    NEAR_CHANCE,
    Claim,
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
    """Compare the five highest regions of each atlas with Table 2."""
    if not tables:
        return [Claim("Table 2: the five highest regions per atlas", "4.3, Table 2", "see Table 2")]
    claims = []
    for atlas, data in tables.items():
        rows = data[data["method"] == "meaningful_perturbation"].sort_values("rank")
        regions = published_regions(atlas)
        if rows.empty or not regions:
            continue
        top = rows.head(TOP_REGIONS)
        shared = [
            row.name
            for row in top.itertuples(index=False)
            if any(same_region(atlas, region, row.value, row.name) for region in regions)
        ]
        claims.append(
            Claim(
                f"Table 2, {atlas}: the five highest regions of Meaningful Perturbations",
                "4.3, Table 2",
                "; ".join(region.name for region in regions),
                "the same list, without a null",
                "; ".join(top["name"]),
                f"{int(top['survives'].sum())} of {len(top)} survive both tests: family-wise over "
                "the regions against smooth random maps, FDR over the regions with folds as the "
                "unit",
                f"{len(shared)} shared; {len(top) * len(regions) / len(rows):.2f} expected",
                f"table2_{atlas}",
                statement(2 * len(shared) > len(regions)) if evidence else NEAR_CHANCE,
            )
        )
    return claims
