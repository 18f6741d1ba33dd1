"""The paper's claims one by one, with our number and a verdict that follows by rule.

Rules. A number is *reproduced* if the paper's value lies in our 95 % interval and *differs* if it
does not; the share of first-layer features has a Wilson interval over features, and Table 3, which
has no interval, a tolerance of .02. A number that random or independent masks reach too is *at
chance*. A statement is *supported* or *not supported* by the numbers named beside it. What rests
on a network near chance is called *near chance*, whatever its numbers are. What the run has no
numbers for is *not tested here*, and what its numbers cannot decide *not testable* or *not
comparable*, with the reason. On other participants than the paper's the verdict says so.
"""

from collections.abc import Mapping

import pandas as pd

from voxplain import paper
from voxplain.evaluation.robustness import OTHER_PARTICIPANT
from voxplain.figures.style import method_name
from voxplain.report.claims_first_layer import first_layer_claims
from voxplain.report.claims_maps import (
    masked_claims,
    sufficiency_claim,
    table2_claims,
    table3_claims,
)
from voxplain.report.claims_prediction import (
    accuracy_claims,
    cnn_beats_svm,
    cnn_is_evidence,
    figure1,
)
from voxplain.report.verdicts import NEAR_CHANCE, UNDECIDED, Claim, statement


def build(
    *,
    class_names: tuple[str, str],
    same_cohort: bool,
    accuracy: pd.DataFrame | None = None,
    comparisons: pd.DataFrame | None = None,
    importances: pd.DataFrame | None = None,
    masked: pd.DataFrame | None = None,
    table2: Mapping[str, pd.DataFrame] | None = None,
    table3: pd.DataFrame | None = None,
    first_layer: pd.DataFrame | None = None,
    runtime: pd.DataFrame | None = None,
    robustness: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Set the paper's claims against a run's tables.

    Parameters
    ----------
    class_names : (str, str)
        Names of the negative class (the paper's women) and the positive class (its men).
    same_cohort : bool
        Whether the run used the paper's participants (HCP).
    accuracy, comparisons, importances, masked, table2, table3, first_layer, runtime, robustness
        DataFrames or None. The run's tables as `voxplain.report.build` takes them; `importances`
        has the columns feature, fold, coefficient. None: the claims that need it are not tested.

    Returns
    -------
    pandas.DataFrame
        Text columns claim, section, paper, ours, uncertainty, chance, source, verdict.
    """
    evidence = cnn_is_evidence(accuracy)
    claims = [
        *accuracy_claims(accuracy),
        cnn_beats_svm(accuracy, comparisons),
        figure1(importances),
        *masked_claims(masked, class_names, evidence),
        sufficiency_claim(masked, evidence),
        *table2_claims(table2 or {}, evidence),
        *table3_claims(table3, evidence),
        *first_layer_claims(first_layer, class_names, evidence),
        *_runtime_claims(runtime),
        _sensitivity_claim(robustness, evidence),
    ]
    rows = pd.DataFrame(claims, columns=list(Claim._fields))
    if not same_cohort:
        decided = ~rows["verdict"].isin(UNDECIDED)
        rows.loc[decided, "verdict"] += ", other cohort"
    return rows


def _sensitivity_claim(robustness: pd.DataFrame | None, evidence: bool) -> Claim:
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
    perturbation = alike["meaningful_perturbation"]
    holds = (alike.drop(columns="meaningful_perturbation").max(axis=1) < perturbation).all()
    return claim._replace(
        ours="Spearman's rho with the intact maps "
        f"({', '.join(method_name(method) for method in order)}): {ours}",
        uncertainty=f"one fold, {int(noise['participants'].iloc[0])} participants",
        chance="two people's maps: " + ", ".join(f"{people[name]:.2f}" for name in order),
        source="tables/robustness.tsv",
        verdict=statement(bool(holds)) if evidence else NEAR_CHANCE,
    )


def _runtime_claims(runtime: pd.DataFrame | None) -> list[Claim]:
    title = "Grad-CAM is fastest, then Guided Backpropagation, Meaningful Perturbations slowest"
    stated = "within one minute; up to several minutes; several hours"
    order = list(paper.RUNTIME_WORDS)
    if runtime is None or not set(order) <= set(runtime["method"]):
        return [Claim(title, "6", stated)]
    totals = runtime.groupby("method")[["seconds", "maps"]].sum().loc[order]
    seconds = totals["seconds"] / totals["maps"]
    return [
        Claim(
            title,
            "6",
            stated,
            "; ".join(f"{value:.3g} s" for value in seconds) + " per map",
            "",
            "",
            "tables/runtime.tsv",
            statement(bool(seconds.is_monotonic_increasing)),
        )
    ]
