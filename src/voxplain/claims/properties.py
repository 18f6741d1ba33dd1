"""Claims in words about the maps: sparse, anatomic-like, and their regions."""

import pandas as pd

from voxplain import paper
from voxplain.claims.verdicts import (
    BLANK_MAP,
    MISSING,
    NEAR_CHANCE,
    ONE_MODEL,
    OWN_CLASS,
    Claim,
    above,
    find,
    judged,
    over_folds,
    together,
)
from voxplain.names import method_name, relation
from voxplain.stats.over_folds import ALPHA

MAIN = "meaningful_perturbation"


def highest(rivals: int, *p: float) -> bool | None:
    """Whether a method exceeds all others by one-sided p (`p_highest`) of each index.

    False if another method exceeds it, at a level divided by the number of tests; else None.

    Parameters
    ----------
    rivals : int
        Number of other methods.
    *p : float
    """
    if max(p) < ALPHA:
        return True
    return False if max(p) > 1 - ALPHA / (rivals * len(p)) else None


def beyond_random(p: float) -> bool | None:
    """Whether a number exceeds smooth random maps; False if they exceed it, else None."""
    if p < ALPHA:
        return True
    return False if p > 1 - ALPHA else None


def _untested(title: str, section: str, stated: str, row: pd.Series | None) -> Claim:
    """Make a claim without numbers: there is no table, or the map is zero everywhere."""
    claim = Claim(title, section, stated)
    return claim if row is None else claim._replace(verdict=BLANK_MAP)


def _by_folds(tested: float, holds: bool | None, evidence: bool) -> str:
    """Judge by a number over folds; a single model of the whole cohort has none."""
    return ONE_MODEL if evidence and pd.isna(tested) else judged(holds, evidence)


def _ahead(*p: float) -> str:
    if any(map(pd.isna, p)):
        return "one model, no test over folds"
    return f"higher than every other method: p {', '.join(map(relation, p))} (over folds)"


def class_masks_differ(properties: pd.DataFrame | None, evidence: bool) -> Claim:
    """Check whether the two classes' mean maps differ more than with permuted labels.

    Maps that explain each participant's own class have no such test
    (`voxplain.evaluation.maps.properties.class_difference`).

    Parameters
    ----------
    properties : pandas.DataFrame or None
        The run's table map_properties.
    evidence : bool
        Whether the network is above chance.
    """
    title = "The two classes' masks highlight different regions"
    row = find(properties, property="class difference", method=MAIN)
    if row is None or pd.isna(row["correlation"]):
        return _untested(title, "4.3", "stated without numbers", row)
    claim = Claim(
        title,
        "4.3",
        "stated without numbers",
        f"correlation of the two class maps {row['correlation']:.2f}, no test",
        f"root mean square of the difference: {row['observed']:.2f} times that of the mean map",
        source="map_properties",
        verdict=OWN_CLASS if evidence else NEAR_CHANCE,
    )
    if pd.isna(row["p_null"]):
        return claim
    return claim._replace(
        uncertainty="label permutations inside folds",
        chance=f"{row['null_mean']:.2f}, 95 % below {row['null_p95']:.2f}; p "
        f"{relation(row['p_null'])}",
        verdict=judged(row["p_null"] < ALPHA or None, evidence),
    )


def _rivals(properties: pd.DataFrame, name: str) -> int:
    return int((properties["property"] == name).sum()) - 1


def _values(properties: pd.DataFrame, name: str) -> str:
    rows = properties[properties["property"] == name].itertuples()
    return ", ".join(f"{method_name(row.method)} {row.value:.2f}" for row in rows)


def sparsest(properties: pd.DataFrame | None, evidence: bool) -> Claim:
    """Check whether Guided Backpropagation's maps are the sparsest by both indices.

    Parameters
    ----------
    properties : pandas.DataFrame or None
        The run's table map_properties.
    evidence : bool
        Whether the network is above chance.
    """
    title = "Guided Backpropagation has the sparsest maps"
    keys = {"method": "guided_backprop"}
    gini = find(properties, property="gini", **keys)
    hoyer = find(properties, property="hoyer", **keys)
    if properties is None or gini is None or hoyer is None:
        return Claim(title, "6", "stated without numbers")
    if properties.query("property in ('gini', 'hoyer')")["value"].isna().any():
        return _untested(title, "6", "stated without numbers", gini)
    p = [gini["p_highest"], hoyer["p_highest"]]
    return Claim(
        title,
        "6",
        "stated without numbers",
        MISSING,
        f"Gini: {_values(properties, 'gini')}; Hoyer: {_values(properties, 'hoyer')}",
        _ahead(*p),
        "0 for a flat map",
        "map_properties",
        _by_folds(p[0], highest(_rivals(properties, "gini"), *p), evidence),
    )


def most_anatomic(properties: pd.DataFrame | None, evidence: bool) -> Claim:
    """Check whether the edges in maps of Meaningful Perturbations follow tissue borders most.

    Parameters
    ----------
    properties : pandas.DataFrame or None
        The run's table map_properties.
    evidence : bool
        Whether the network is above chance.
    """
    title = "Meaningful Perturbations give the most anatomic-like maps"
    row = find(properties, property="edges", method=MAIN)
    if properties is None or row is None:
        return Claim(title, "6", "stated without numbers")
    return Claim(
        title,
        "6",
        "stated without numbers",
        MISSING,
        f"rank correlation of map edges with tissue borders: {_values(properties, 'edges')}",
        f"{over_folds(row['low'], row['high'])}; {_ahead(row['p_highest'])}",
        f"smooth random maps {row['null_mean']:.2f}, 95 % below {row['null_p95']:.2f}; p "
        f"{relation(row['p_null'])}",
        "map_properties",
        _by_folds(
            row["p_highest"],
            together(
                highest(_rivals(properties, "edges"), row["p_highest"]),
                beyond_random(row["p_null"]),
            ),
            evidence,
        ),
    )


def lateral(laterality: pd.DataFrame | None, evidence: bool) -> list[Claim]:
    """Check the sides that section 5 gives to regions.

    The interval over folds must lie on that side, and smooth random maps must be closer to 0.

    Parameters
    ----------
    laterality : pandas.DataFrame or None
    evidence : bool
        Whether the network is above chance.
    """
    claims = []
    for region in paper.LATERALITY:
        title = f"The {region.name} matters more on the {region.side}"
        row = find(laterality, region=region.name, method=MAIN)
        if row is None:
            claims.append(Claim(title, "5, Table 2", region.side))
            continue
        ends = row["index_low"], row["index_high"]
        if region.side == "left":
            ends = -ends[1], -ends[0]
        claims.append(
            Claim(
                title,
                "5, Table 2",
                region.side,
                f"right {row['right']:.2g}, left {row['left']:.2g}, no test",
                f"laterality index {row['index']:+.2f} (1 is right)",
                over_folds(row["index_low"], row["index_high"], "+.2f"),
                f"0; p {relation(row['p_null'])} against smooth random maps",
                "laterality",
                _by_folds(ends[0], together(above(*ends), row["p_null"] < ALPHA or None), evidence),
            )
        )
    return claims


def network(networks: pd.DataFrame | None, evidence: bool) -> Claim:
    """Check whether the map prefers the fronto-parietal network.

    Parameters
    ----------
    networks : pandas.DataFrame or None
        The run's table of that name.
    evidence : bool
        Whether the network is above chance.
    """
    title = "The masks show the pattern of the fronto-parietal network"
    row = find(networks, network=paper.NETWORK, method=MAIN)
    if networks is None or row is None or pd.isna(row["enrichment"]):
        return _untested(title, "5", "by eye", row)
    best = networks[networks["method"] == MAIN].sort_values("enrichment").iloc[-1]
    return Claim(
        title,
        "5",
        "by eye",
        MISSING,
        f"mean in the network divided by mean in the cortex {row['enrichment']:.2f}; highest: "
        f"{best['network']} {best['enrichment']:.2f}",
        over_folds(row["enrichment_low"], row["enrichment_high"]),
        f"1; smooth random maps {row['null_mean']:.2f}, 95 % below {row['null_p95']:.2f}; q "
        f"{relation(row['q_fdr'])} over the networks",
        "networks",
        _by_folds(
            row["enrichment_low"],
            together(
                above(row["enrichment_low"], row["enrichment_high"], 1),
                row["q_fdr"] < ALPHA or None,
            ),
            evidence,
        ),
    )


def morphometry(overlap: pd.DataFrame | None, evidence: bool) -> Claim:
    """Check whether the map marks the structures that the morphometry regression relies on.

    Parameters
    ----------
    overlap : pandas.DataFrame or None
        The run's table morphometry_overlap.
    evidence : bool
        Whether the network is above chance.
    """
    title = "The masks partially overlap with features that matter to the morphometry models"
    stated = "named: corpus callosum, cerebellum, frontal gyri"
    row = find(overlap, method=MAIN, importance="coefficient")
    if overlap is None or row is None or pd.isna(row["spearman"]):
        return _untested(title, "4.3, 5", stated, row)
    others = overlap[(overlap["method"] == MAIN) & (overlap["importance"] != "coefficient")]
    rest = "".join(
        f"; XGBoost's {other.importance} {other.spearman:.2f}" for other in others.itertuples()
    )
    return Claim(
        title,
        "4.3, 5",
        stated,
        MISSING,
        f"rank correlation over {row['structures']:g} structures: |coefficient| "
        f"{row['spearman']:.2f}{rest}",
        f"{row['mapped']:g} of {row['features']:g} regional features are in structures of this "
        "run's atlases",
        f"smooth random maps {row['null_mean']:.2f}, 95 % below {row['null_p95']:.2f}; p "
        f"{relation(row['p_null'])}",
        "morphometry_overlap",
        judged(beyond_random(row["p_null"]), evidence),
    )
