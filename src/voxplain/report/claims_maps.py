"""Claims about the masks: masked accuracy, Table 2 and Table 3."""

import re
from collections.abc import Mapping

import pandas as pd

from voxplain import paper
from voxplain.figures.style import method_name
from voxplain.report.verdicts import NEAR_CHANCE, Claim, fold_interval, numeric, statement

# Table 3 comes without an interval; numbers this close are called equal
AGREEMENT_TOLERANCE = 0.02
TOP_REGIONS = 5


def _masked_rows(masked: pd.DataFrame | None, mask: str) -> dict[str, pd.Series]:
    """Rows of Meaningful Perturbations by control; whole brain and no mask under their names."""
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
    claims = []
    for key in ("positive", "negative", "conjoined"):
        published = paper.MASKED_ACCURACY[key]
        title = f"Accuracy on images multiplied by the {names[key]} mask"
        stated = f"{published.mean:.2f} ± {published.sd:.2f}"
        rows = _masked_rows(masked, names[key])
        if "mask" not in rows:
            claims.append(Claim(title, "4.3", stated))
            continue
        ours = rows["mask"]
        low, high = fold_interval(ours)
        claims.append(
            Claim(
                title,
                "4.3",
                stated,
                f"{ours['accuracy_mean']:.2f} ± {ours['accuracy_sd']:.2f}",
                f"95 % CI {low:.3f} to {high:.3f}",
                f"{rows['random']['accuracy_mean']:.2f} for random masks of the same volume",
                "tables/masked_accuracy.tsv",
                numeric(published.mean, low, high) if evidence else NEAR_CHANCE,
            )
        )
    return claims


def masks_suffice(masked: pd.DataFrame) -> bool | None:
    """Whether the conjoined mask beats random masks and its own complement; None: no such rows."""
    rows = _masked_rows(masked, "conjoined")
    if "mask" not in rows:
        return None
    low, _ = fold_interval(rows["mask"])
    return low > max(rows["random"]["accuracy_mean"], rows["complement"]["accuracy_mean"])


def sufficiency_claim(masked: pd.DataFrame | None, evidence: bool) -> Claim:
    """Check that the conjoined mask holds what the classification needs (section 4.3)."""
    title = "All information needed for the classification is in the conjoined mask"
    suffices = None if masked is None else masks_suffice(masked)
    if suffices is None:
        return Claim(title, "4.3", "no control")
    rows = _masked_rows(masked, "conjoined")
    low, high = fold_interval(rows["mask"])
    return Claim(
        title,
        "4.3",
        "no control",
        f"mask {rows['mask']['accuracy_mean']:.2f}, "
        f"complement {rows['complement']['accuracy_mean']:.2f}",
        f"95 % CI of the mask {low:.3f} to {high:.3f}",
        f"{rows['random']['accuracy_mean']:.2f} for random masks of the same volume",
        "tables/masked_accuracy.tsv",
        statement(suffices) if evidence else NEAR_CHANCE,
    )


def _words(name: str) -> frozenset[str]:
    """Split a region's name into words: sides spelled out, remarks in brackets left out."""
    plain = re.sub(r"\(.*?\)", " ", name.lower())
    sides = {"r": "right", "l": "left"}
    return frozenset(sides.get(word, word) for word in re.findall(r"[a-z]+", plain))


def published_regions(atlas: str) -> tuple[paper.Region, ...]:
    """Return the five rows of Table 2 for an atlas: Brainnetome's, else white matter's."""
    return paper.TABLE2["brainnetome" if "brainnetome" in atlas.lower() else "icbm"]


def same_region(atlas: str, published: paper.Region, value: int, name: str) -> bool:
    """Whether a region of an atlas is the one the paper names.

    Brainnetome's label values are fixed; white-matter tables exist with left and right exchanged,
    so their regions are compared by name.
    """
    if "brainnetome" in atlas.lower():
        return int(value) == published.value
    return _words(name) == _words(published.name)


def table2_claims(tables: Mapping[str, pd.DataFrame], evidence: bool) -> list[Claim]:
    """Compare the five highest regions of each atlas with Table 2."""
    if not tables:
        return [Claim("Table 2: the five highest regions per atlas", "4.3, Table 2", "see Table 2")]
    claims = []
    for atlas, data in tables.items():
        rows = data[data["method"] == "meaningful_perturbation"].sort_values("rank")
        if rows.empty:
            continue
        top = rows.head(TOP_REGIONS)
        regions = published_regions(atlas)
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
                "; ".join(top["name"]),
                f"{int((top['q_fdr'] < 0.05).sum())} of {len(top)} exceed the spatial null "
                "(q < 0.05)",
                f"{len(shared)} shared; {len(top) * len(regions) / len(rows):.2f} expected",
                f"tables/table2_{atlas}.tsv",
                statement(2 * len(shared) > len(regions)) if evidence else NEAR_CHANCE,
            )
        )
    return claims


def table3_claims(table3: pd.DataFrame | None, evidence: bool) -> list[Claim]:
    """Compare the agreement numbers with Table 3, and what the paper concludes from them."""
    title = "High overlap: all three methods reveal similar patterns"
    if table3 is None:
        return [Claim("Table 3: DICE between methods", "4.5, Table 3", "0.94, 0.94, 0.93")]
    claims = []
    for row in table3.itertuples():
        if pd.isna(row.paper):
            continue
        close = abs(row.agreement - row.paper) <= AGREEMENT_TOLERANCE
        claims.append(
            Claim(
                f'"DICE" (agreement) of {method_name(row.method_a)} and '
                f"{method_name(row.method_b)}",
                "4.5, Table 3",
                f"{row.paper:.2f}",
                f"agreement {row.agreement:.2f}; true Dice {row.dice_threshold:.2f} at the "
                "paper's thresholds",
                f"called equal within ± {AGREEMENT_TOLERANCE}",
                f"Dice {row.chance:.2f} by chance at equal area",
                "tables/table3.tsv",
                ("reproduced" if close else "differs") if evidence else NEAR_CHANCE,
            )
        )
    dice = table3["dice_equal_area"]
    above = int((table3["p_null"] < 0.05).sum())
    claims.append(
        Claim(
            title,
            "6",
            "concluded from Table 3",
            f"true Dice at equal area {dice.min():.2f} to {dice.max():.2f}",
            f"{above} of {len(table3)} pairs exceed smooth random masks (p < 0.05)",
            f"{table3['chance'].mean():.2f}; smooth random masks up to "
            f"{table3['null_p95'].max():.2f}",
            "tables/table3.tsv",
            # similar means: more than half of each mask is shared, in every pair, beyond chance
            statement(above == len(table3) and dice.min() > 0.5) if evidence else NEAR_CHANCE,
        )
    )
    return claims
