"""Claims about Table 2: the highest regions of each atlas and their scores."""

from collections.abc import Mapping

import pandas as pd

from voxplain.claims.verdicts import (
    NEAR_CHANCE,
    NOT_COMPARABLE,
    NOT_TESTABLE,
    ONE_MODEL,
    UNDECIDED,
    Claim,
    numeric,
    statement,
)
from voxplain.paper import published_count, published_regions, same_region

TOP_REGIONS = 5


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
