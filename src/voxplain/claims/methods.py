"""Claims about the methods: fast, sensitive to the weights and to dropout, to be used first."""

import pandas as pd
from statsmodels.stats.multitest import multipletests

from voxplain import paper
from voxplain.claims.properties import MAIN
from voxplain.claims.verdicts import Claim, above, find, judged, statement, together
from voxplain.evaluation.trust.sanity_and_stability import OTHER_PARTICIPANT, sanity
from voxplain.names import duration, method_name, relation
from voxplain.stats.over_folds import ALPHA

GRADIENT = [method for method in paper.RUNTIME_WORDS if method != MAIN]


def runtime_order(runtime: pd.DataFrame | None) -> Claim:
    """Check the order of the methods' run times."""
    title = "Grad-CAM is fastest, then Guided Backpropagation, Meaningful Perturbations slowest"
    stated = "within one minute; up to several minutes; several hours"
    seconds = _seconds(runtime)
    if seconds is None:
        return Claim(title, "6", stated)
    everybody = runtime.groupby("method")["cohort_seconds"].min()[seconds.index]
    return Claim(
        title,
        "6",
        stated,
        ours="; ".join(f"{value:.3g} s" for value in seconds)
        + " per map; everybody: "
        + ", ".join(duration(value) for value in everybody),
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
    """Judge by noise on the weights: both others' maps change more, at every level.

    By the intervals of the lead, over draws of the noise and participants (`summarise`); what one
    of them leaves open is undecided.
    """
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
    lags = noise.set_index("method").loc[GRADIENT]
    shown = (
        f"over {method_name(row.Index)} at {float(row.level):.0%} noise {_interval(row)}"
        for row in lags.itertuples()
    )
    return claim._replace(
        ours="Spearman's rho with the intact maps "
        f"({', '.join(method_name(method) for method in order)}): {ours}",
        uncertainty=f"lead of {method_name(MAIN)}, {_over(noise)}: {'; '.join(shown)}",
        chance="two people's maps: " + ", ".join(f"{people[name]:.2f}" for name in order),
        source="robustness",
        verdict=judged(_all_behind(lags), evidence),
    )


def dropout(robustness: pd.DataFrame | None, evidence: bool) -> Claim:
    """Judge by maps with dropout left on: both gradient methods' change more, as `sensitivity`."""
    claim = Claim(
        "With dropout on, maps of Grad-CAM and Guided Backpropagation need a fixed random seed",
        "6",
        "necessary",
    )
    if robustness is None:
        return claim
    rows = robustness[robustness["kind"] == "dropout"].set_index("method")
    if not {MAIN, *GRADIENT} <= set(rows.index):
        return claim
    alike, lags = rows["spearman"], rows.loc[GRADIENT]
    shown = (f"over {method_name(row.Index)} {_interval(row)}" for row in lags.itertuples())
    return claim._replace(
        ours="Spearman's rho with the intact maps when dropout is left on: "
        + ", ".join(f"{method_name(name)} {alike[name]:.2f}" for name in (*GRADIENT, MAIN)),
        uncertainty=f"lead of {method_name(MAIN)}, {_over(rows)}: {'; '.join(shown)}",
        source="robustness",
        verdict=judged(_all_behind(lags), evidence),
    )


def _over(rows: pd.DataFrame) -> str:
    n = int(rows["participants"].iloc[0])
    return f"95 % CI over {n} participants of one fold, each with a draw of its own"


def _interval(row) -> str:
    return f"{row.lag_low:+.2f} to {row.lag_high:+.2f}"


def _all_behind(lags: pd.DataFrame) -> bool | None:
    """Whether all maps are less like the intact ones than Meaningful Perturbations' are."""
    return together(*(above(row.lag_low, row.lag_high) for row in lags.itertuples()))


def first_choice(
    runtime: pd.DataFrame | None,
    robustness: pd.DataFrame | None,
    localisation: pd.DataFrame | None,
    controls: pd.DataFrame | None,
    faithfulness: pd.DataFrame | None,
    evidence: bool,
) -> Claim:
    """Judge the advice by three conditions: fastest, sane, and right or at least faithful.

    Right means to find the planted regions beyond smooth random maps (Holm over the methods), and
    no worse than the network's plain gradient, which costs less. Where nothing was planted,
    faithful means to delete and insert better than random orders in every test.
    """
    claim = Claim("Grad-CAM is the method to use first", "6", "recommended")
    seconds = _seconds(runtime)
    if seconds is None or robustness is None:
        return claim
    found = find(sanity(robustness), method="grad_cam")["verdict"]
    sane = {"passes": True, "fails": False}.get(found)
    fastest = seconds.idxmin() == "grad_cam"
    plain = find(controls, method="input_gradient")
    if localisation is not None and plain is not None:
        right, how = _right(localisation, plain["auc"])
        source = "localisation, localisation_controls"
    elif faithfulness is not None:
        own = faithfulness[faithfulness["method"] == "grad_cam"]
        tests = [above(row.ci_low, row.ci_high) for row in own.itertuples()]
        right, source = together(*tests), "faithfulness"
        how = (
            f"better than random orders in {tests.count(True)} of {len(own)} tests of deletion "
            "and insertion"
        )
    else:
        return claim
    return claim._replace(
        ours=f"{'fastest' if fastest else 'not the fastest'}; sanity checks: {found}; {how}",
        source=f"runtime, robustness, {source}",
        verdict=judged(together(fastest, sane, right), evidence),
    )


def _right(localisation: pd.DataFrame, plain: float) -> tuple[bool | None, str]:
    """Whether Grad-CAM finds what was planted, beside a plain gradient's AUC; and in words."""
    p = multipletests(localisation["p_auc"], method="holm")[1]
    own = find(localisation.assign(p_holm=p), method="grad_cam")
    words = (
        f"AUC {own['auc']:.2f} against the planted regions (p {relation(own['p_holm'])}, Holm over "
        f"the methods); the plain gradient {plain:.2f}"
    )
    return together(own["p_holm"] < ALPHA or None, own["auc"] >= plain), words
