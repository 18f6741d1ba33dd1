"""Claims in words about the maps: sparse, anatomic-like, sensitive, fast, and where they lie."""

import pandas as pd

from voxplain import paper
from voxplain.evaluation.robustness import OTHER_PARTICIPANT, sanity
from voxplain.evaluation.statistics import ALPHA
from voxplain.figures.style import method_name
from voxplain.report.tables import relation
from voxplain.report.verdicts import BLANK_MAP, MISSING, NEAR_CHANCE, Claim, find, statement

MAIN = "meaningful_perturbation"


def _judged(holds: bool, evidence: bool) -> str:
    return statement(bool(holds)) if evidence else NEAR_CHANCE


def _untested(title: str, section: str, stated: str, row: pd.Series | None) -> Claim:
    """Make a claim without numbers: there is no table, or its numbers are those of a blank map."""
    claim = Claim(title, section, stated)
    return claim if row is None else claim._replace(verdict=BLANK_MAP)


def class_masks_differ(properties: pd.DataFrame | None, evidence: bool) -> Claim:
    """Check whether the two classes' mean maps differ more than with permuted labels."""
    title = "The two classes' masks highlight different regions"
    row = find(properties, property="class difference", method=MAIN)
    if row is None or pd.isna(row["correlation"]):
        return _untested(title, "4.3", "stated without numbers", row)
    return Claim(
        title,
        "4.3",
        "stated without numbers",
        f"correlation of the two class maps {row['correlation']:.2f}, no null",
        f"root mean square difference {row['observed']:.2f} of the mean map's",
        "label permutations inside folds",
        f"{row['null_mean']:.2f}, 95 % below {row['null_p95']:.2f}; p {relation(row['p_null'])}",
        "map_properties",
        _judged(row["p_null"] < ALPHA, evidence),
    )


def _values(properties: pd.DataFrame, name: str) -> str:
    rows = properties[properties["property"] == name].itertuples()
    return ", ".join(f"{method_name(row.method)} {row.value:.2f}" for row in rows)


def sparsest(properties: pd.DataFrame | None, evidence: bool) -> Claim:
    """Check whether Guided Backpropagation's maps are the sparsest by both indices."""
    title = "Guided Backpropagation has the sparsest maps"
    keys = {"method": "guided_backprop"}
    rows = [find(properties, property=name, **keys) for name in ("gini", "hoyer")]
    if any(row is None or pd.isna(row["p_highest"]) for row in rows):
        return _untested(title, "6", "stated without numbers", rows[0])
    return Claim(
        title,
        "6",
        "stated without numbers",
        MISSING,
        f"Gini: {_values(properties, 'gini')}; Hoyer: {_values(properties, 'hoyer')}",
        "ahead of every other method: p "
        + ", ".join(relation(row["p_highest"]) for row in rows)
        + " (corrected t over folds)",
        "0 for a flat map",
        "map_properties",
        _judged(all(row["p_highest"] < ALPHA for row in rows), evidence),
    )


def most_anatomic(properties: pd.DataFrame | None, evidence: bool) -> Claim:
    """Check whether the edges of Meaningful Perturbations follow the brain's most."""
    title = "Meaningful Perturbations give the most anatomic-like maps"
    row = find(properties, property="edges", method=MAIN)
    if row is None:
        return Claim(title, "6", "stated without numbers")
    return Claim(
        title,
        "6",
        "stated without numbers",
        MISSING,
        f"rank correlation of map edges with tissue borders: {_values(properties, 'edges')}",
        f"95 % CI {row['low']:.2f} to {row['high']:.2f}; ahead of every other method: p "
        f"{relation(row['p_highest'])} (corrected t over folds)",
        f"smooth random maps {row['null_mean']:.2f}, 95 % below {row['null_p95']:.2f}; p "
        f"{relation(row['p_null'])}",
        "map_properties",
        _judged(row["p_highest"] < ALPHA and row["p_null"] < ALPHA, evidence),
    )


def lateral(laterality: pd.DataFrame | None, evidence: bool) -> list[Claim]:
    """Check the sides that section 5 gives to regions: the interval over folds excludes 0."""
    claims = []
    for region in paper.LATERALITY:
        title = f"The {region.name} matters more on the {region.side}"
        row = find(laterality, region=region.name, method=MAIN)
        if row is None:
            claims.append(Claim(title, "5, Table 2", region.side))
            continue
        sign = 1 if region.side == "right" else -1
        beyond = row["index_low"] > 0 if sign > 0 else row["index_high"] < 0
        claims.append(
            Claim(
                title,
                "5, Table 2",
                region.side,
                f"right {row['right']:.3f}, left {row['left']:.3f}, no test",
                f"laterality index {row['index']:+.2f} (1 is right)",
                f"95 % CI {row['index_low']:+.2f} to {row['index_high']:+.2f} over folds",
                f"0; smooth random maps as far from it: p {relation(row['p_null'])}",
                "laterality",
                _judged(beyond and row["p_null"] < ALPHA, evidence),
            )
        )
    return claims


def network(networks: pd.DataFrame | None, evidence: bool) -> Claim:
    """Check whether the map prefers the fronto-parietal network."""
    title = "The masks show the pattern of the fronto-parietal network"
    row = find(networks, network=paper.NETWORK, method=MAIN)
    if row is None or pd.isna(row["enrichment"]):
        return _untested(title, "5", "by eye", row)
    best = networks[networks["method"] == MAIN].sort_values("enrichment").iloc[-1]
    return Claim(
        title,
        "5",
        "by eye",
        MISSING,
        f"mean inside over mean of the cortex {row['enrichment']:.2f}; highest: "
        f"{best['network']} {best['enrichment']:.2f}",
        f"95 % CI {row['enrichment_low']:.2f} to {row['enrichment_high']:.2f} over folds",
        f"smooth random maps {row['null_mean']:.2f}, 95 % below {row['null_p95']:.2f}; q "
        f"{relation(row['q_fdr'])} over the networks",
        "networks",
        _judged(row["q_fdr"] < ALPHA, evidence),
    )


def morphometry(overlap: pd.DataFrame | None, evidence: bool) -> Claim:
    """Check whether the map marks what the morphometry regression weighs."""
    title = "The masks partially overlap with the features that morphometry models weigh"
    stated = "named: corpus callosum, cerebellum, frontal gyri"
    row = find(overlap, method=MAIN, importance="coefficient")
    if row is None or pd.isna(row["spearman"]):
        return _untested(title, "4.3, 5", stated, row)
    others = overlap[(overlap["method"] == MAIN) & (overlap["importance"] != "coefficient")]
    rest = "".join(
        f"; XGBoost's {one.importance} {one.spearman:.2f}" for one in others.itertuples()
    )
    return Claim(
        title,
        "4.3, 5",
        stated,
        MISSING,
        f"rank correlation over {row['structures']:g} structures: |coefficient| "
        f"{row['spearman']:.2f}{rest}",
        f"{row['mapped']:g} of {row['features']:g} regional features lie in structures that an "
        "atlas here holds",
        f"smooth random maps {row['null_mean']:.2f}, 95 % below {row['null_p95']:.2f}; p "
        f"{relation(row['p_null'])}",
        "morphometry_overlap",
        _judged(row["p_null"] < ALPHA, evidence),
    )


def runtime_order(runtime: pd.DataFrame | None) -> Claim:
    """Check the order of the methods' run times."""
    title = "Grad-CAM is fastest, then Guided Backpropagation, Meaningful Perturbations slowest"
    stated = "within one minute; up to several minutes; several hours"
    seconds = _seconds(runtime)
    if seconds is None:
        return Claim(title, "6", stated)
    return Claim(
        title,
        "6",
        stated,
        MISSING,
        "; ".join(f"{value:.3g} s" for value in seconds) + " per map",
        source="runtime",
        verdict=statement(bool(seconds.is_monotonic_increasing)),
    )


def _seconds(runtime: pd.DataFrame | None) -> pd.Series | None:
    """Return seconds per map in the paper's order of methods, where all of them were run."""
    order = list(paper.RUNTIME_WORDS)
    if runtime is None or not set(order) <= set(runtime["method"]):
        return None
    totals = runtime.groupby("method")[["seconds", "maps"]].sum().loc[order]
    return totals["seconds"] / totals["maps"]


def sensitivity(robustness: pd.DataFrame | None, evidence: bool) -> Claim:
    """Judge by noise on the weights: Meaningful Perturbations more alike at every level."""
    claim = Claim(
        "Grad-CAM and Guided Backpropagation are very sensitive to small changes of the weights, "
        "Meaningful Perturbations less so",
        "6",
        "stated without numbers",
    )
    order = list(paper.RUNTIME_WORDS)
    if robustness is None or not set(order) <= set(robustness["method"]):
        return claim
    noise = robustness[robustness["kind"] == "noise"]
    alike = noise.pivot_table("spearman", "level", "method", sort=False)[order]
    people = robustness[robustness["kind"] == OTHER_PARTICIPANT].set_index("method")["spearman"]
    ours = "; ".join(
        f"{float(level):.0%} noise: " + ", ".join(f"{value:.2f}" for value in row)
        for level, row in zip(alike.index, alike.to_numpy(), strict=True)
    )
    seeds = robustness[robustness["kind"] == "seed"].groupby("method")["spearman"].mean()[order]
    ours += "; trained from other seeds: " + ", ".join(f"{value:.2f}" for value in seeds)
    perturbation = alike[MAIN]
    holds = (alike.drop(columns=MAIN).max(axis=1) < perturbation).all()
    return claim._replace(
        ours="Spearman's rho with the intact maps "
        f"({', '.join(method_name(method) for method in order)}): {ours}",
        uncertainty=f"one fold, {int(noise['participants'].iloc[0])} participants",
        chance="two people's maps: " + ", ".join(f"{people[name]:.2f}" for name in order),
        source="robustness",
        verdict=_judged(holds, evidence),
    )


def first_choice(
    runtime: pd.DataFrame | None,
    robustness: pd.DataFrame | None,
    localisation: pd.DataFrame | None,
    faithfulness: pd.DataFrame | None,
    evidence: bool,
) -> Claim:
    """Judge the advice by three conditions: fastest, sane, and right or at least faithful.

    Right means to find the planted regions beyond smooth random maps. Where nothing was planted,
    faithful means to delete and insert better than random orders in every test.
    """
    claim = Claim("Grad-CAM is the method to use first", "6", "recommended")
    seconds = _seconds(runtime)
    if seconds is None or robustness is None:
        return claim
    sane = bool(find(sanity(robustness), method="grad_cam")["passes"])
    fastest = seconds.idxmin() == "grad_cam"
    truth = find(localisation, method="grad_cam")
    if truth is not None:
        right, source = truth["p_auc"] < ALPHA, "localisation"
        how = f"AUC {truth['auc']:.2f} against the planted regions (p {relation(truth['p_auc'])})"
    elif faithfulness is not None:
        own = faithfulness[faithfulness["method"] == "grad_cam"]
        right, source = bool((own["ci_low"] > 0).all()), "faithfulness"
        how = (
            f"better than random orders in {int((own['ci_low'] > 0).sum())} of {len(own)} tests of "
            "deletion and insertion"
        )
    else:
        return claim
    return claim._replace(
        ours=f"{'fastest' if fastest else 'not the fastest'}; "
        f"{'passes' if sane else 'fails'} the sanity checks; {how}",
        source=f"runtime, robustness, {source}",
        verdict=_judged(fastest and sane and right, evidence),
    )
