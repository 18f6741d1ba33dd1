"""Claims about the methods: run time, sensitivity to weights and dropout, which to use first."""

from typing import Any

import pandas as pd
from statsmodels.stats.multitest import multipletests

from voxplain import paper
from voxplain.claims.properties import MAIN
from voxplain.claims.verdicts import Claim, above, find, judged, statement, together
from voxplain.evaluation.trust.sanity_and_stability import OTHER_PARTICIPANT, sanity
from voxplain.names import duration, method_name, relation
from voxplain.run.tables import ResultTables
from voxplain.stats.over_folds import ALPHA

GRADIENT = [method for method in paper.RUNTIME_WORDS if method != MAIN]


def runtime_order(runtime: pd.DataFrame | None) -> Claim:
    """Check the order of the methods' run times."""
    title = "Grad-CAM is fastest, then Guided Backpropagation, Meaningful Perturbations slowest"
    stated = "within one minute; up to several minutes; several hours"
    seconds = _seconds(runtime)
    if runtime is None or seconds is None:
        return Claim(title, "6", stated)
    whole_cohort = runtime.groupby("method")["cohort_seconds"].min()[seconds.index]
    return Claim(
        title,
        "6",
        stated,
        ours="; ".join(f"{value:.3g} s" for value in seconds)
        + " per map; one map of each participant: "
        + ", ".join(duration(value) for value in whole_cohort),
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
    """Judge by noise on the weights: the gradient methods' maps change more, at every level.

    The intervals of the difference decide, over draws of the noise and participants; if one of
    them holds zero, the claim is undecided.

    Parameters
    ----------
    robustness : pandas.DataFrame or None
        The run's table of that name.
    evidence : bool
        Whether the network is above chance.
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
    ours += "; networks trained from other seeds: " + ", ".join(f"{value:.2f}" for value in seeds)
    lags = noise.set_index("method").loc[GRADIENT]
    shown = (
        f"over {method_name(row.Index)} at {float(row.level):.0%} noise {_interval(row)}"
        for row in lags.itertuples()
    )
    return claim._replace(
        ours="Spearman's rho with the maps of the unchanged network "
        f"({', '.join(method_name(method) for method in order)}): {ours}",
        uncertainty=f"lead of {method_name(MAIN)}, {_over(noise)}: {'; '.join(shown)}",
        chance="maps of two participants: " + ", ".join(f"{people[name]:.2f}" for name in order),
        source="robustness",
        verdict=judged(_all_behind(lags), evidence),
    )


def dropout(robustness: pd.DataFrame | None, evidence: bool) -> Claim:
    """Judge by maps with dropout on: those of both gradient methods change more.

    Parameters
    ----------
    robustness : pandas.DataFrame or None
        The run's table of that name.
    evidence : bool
        Whether the network is above chance.
    """
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
        ours="Spearman's rho between maps with dropout on and off: "
        + ", ".join(f"{method_name(name)} {alike[name]:.2f}" for name in (*GRADIENT, MAIN)),
        uncertainty=f"lead of {method_name(MAIN)}, {_over(rows)}: {'; '.join(shown)}",
        source="robustness",
        verdict=judged(_all_behind(lags), evidence),
    )


def _over(rows: pd.DataFrame) -> str:
    n = int(rows["participants"].iloc[0])
    return f"95 % CI over {n} participants of one fold, each with its own random draw"


def _interval(row: Any) -> str:
    return f"{row.lag_low:+.2f} to {row.lag_high:+.2f}"


def _all_behind(lags: pd.DataFrame) -> bool | None:
    """Whether every method's maps change more than those of Meaningful Perturbations."""
    return together(*(above(row.lag_low, row.lag_high) for row in lags.itertuples()))


def first_choice(tables: ResultTables, evidence: bool) -> Claim:
    """Judge the advice by three conditions: fastest, passes the sanity checks, and right.

    Right means that the maps find the planted regions better than smooth random maps (Holm over
    the methods), and no worse than the network's plain gradient, which costs less. Where nothing
    was planted, deletion and insertion must do better than random orders in every test.

    Parameters
    ----------
    tables : ResultTables
        Of the run.
    evidence : bool
        Whether the network is above chance.
    """
    claim = Claim("Grad-CAM is the method to use first", "6", "recommended")
    seconds = _seconds(tables.runtime)
    if seconds is None or tables.robustness is None:
        return claim
    verdict = sanity(tables.robustness).set_index("method").loc["grad_cam", "verdict"]
    sane = {"passes": True, "fails": False}.get(verdict)
    fastest = seconds.idxmin() == "grad_cam"
    plain = find(tables.localisation_controls, method="input_gradient")
    if tables.localisation is not None and plain is not None:
        right, how = _right(tables.localisation, plain["auc"])
        source = "localisation, localisation_controls"
    elif tables.faithfulness is not None:
        rows = tables.faithfulness[tables.faithfulness["method"] == "grad_cam"]
        tests = [above(row.ci_low, row.ci_high) for row in rows.itertuples()]
        right, source = together(*tests), "faithfulness"
        how = (
            f"better than random orders in {tests.count(True)} of {len(rows)} tests of deletion "
            "and insertion"
        )
    else:
        return claim
    return claim._replace(
        ours=f"{'fastest' if fastest else 'not the fastest'}; sanity checks: {verdict}; {how}",
        source=f"runtime, robustness, {source}",
        verdict=judged(together(fastest, sane, right), evidence),
    )


def _right(localisation: pd.DataFrame, plain: float) -> tuple[bool | None, str]:
    """Whether Grad-CAM finds the planted regions, no worse than the plain gradient; in words, too.

    `plain` is the area under the ROC curve of the plain gradient.
    """
    p_holm = multipletests(localisation["p_auc"], method="holm")[1]
    row = localisation.assign(p_holm=p_holm).set_index("method").loc["grad_cam"]
    words = (
        f"AUC {row['auc']:.2f} against the planted regions (p {relation(row['p_holm'])}, Holm over "
        f"the methods); AUC of the plain gradient {plain:.2f}"
    )
    return together(row["p_holm"] < ALPHA or None, row["auc"] >= plain), words
