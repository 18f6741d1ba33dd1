"""The paper's claims one by one, with our number and a verdict that follows by rule.

Rules. A number is *reproduced* if the paper's value lies in our 95 % interval and *differs* if it
does not; the share of first-layer features has a Wilson interval over features, and Table 3, which
has no interval, a tolerance of .02. A statement is *supported* or *not supported* by the
numbers named beside it. What rests on a network near chance is called *near chance*, whatever its
numbers are. What the run has no numbers for is *not tested here*. On other participants than the
paper's the verdict says so.
"""

from collections.abc import Mapping

import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from voxplain import paper
from voxplain.paths import WHOLE_COHORT
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
from voxplain.report.verdicts import NEAR_CHANCE, NOT_TESTED, Claim, numeric, statement


def build(
    *,
    class_names: tuple[str, str],
    same_cohort: bool,
    accuracy: pd.DataFrame | None = None,
    importances: pd.DataFrame | None = None,
    masked: pd.DataFrame | None = None,
    table2: Mapping[str, pd.DataFrame] | None = None,
    table3: pd.DataFrame | None = None,
    first_layer: pd.DataFrame | None = None,
    runtime: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Set the paper's claims against a run's tables.

    Parameters
    ----------
    class_names : (str, str)
        Names of the negative class (the paper's women) and the positive class (its men).
    same_cohort : bool
        Whether the run used the paper's participants (HCP).
    accuracy, importances, masked, table2, table3, first_layer, runtime : DataFrame or None
        The run's tables as `voxplain.report.build` takes them; `importances` has the columns
        feature, fold, coefficient. None: the claims that need it are not tested.

    Returns
    -------
    pandas.DataFrame
        Text columns claim, section, paper, ours, uncertainty, chance, source, verdict.
    """
    evidence = cnn_is_evidence(accuracy)
    claims = [
        *accuracy_claims(accuracy),
        cnn_beats_svm(accuracy),
        figure1(importances),
        *masked_claims(masked, class_names, evidence),
        sufficiency_claim(masked, evidence),
        *table2_claims(table2 or {}, evidence),
        *table3_claims(table3, evidence),
        *_first_layer_claims(first_layer, class_names, evidence),
        *_runtime_claims(runtime),
        Claim(
            "Grad-CAM and Guided Backpropagation are very sensitive to small changes of the "
            "weights, Meaningful Perturbations less so",
            "6",
            "stated without numbers",
        ),
    ]
    rows = pd.DataFrame(claims, columns=list(Claim._fields))
    if not same_cohort:
        tested = ~rows["verdict"].isin([NOT_TESTED, NEAR_CHANCE])
        rows.loc[tested, "verdict"] += ", other cohort"
    return rows


def first_layer_counts(tests: pd.DataFrame, class_names: tuple[str, str]) -> pd.DataFrame:
    """Count significant features per fold and measure (Holm p < .05, and which class is larger).

    Parameters
    ----------
    tests : pandas.DataFrame
        Columns fold, measure, feature, p_holm, larger; rows that repeat a feature (one per class)
        count once.
    class_names : (str, str)
        Names of the negative and the positive class.

    Returns
    -------
    pandas.DataFrame
        Columns measure, fold, features, different, negative, positive.
    """
    rows = []
    for (measure, fold), part in tests.groupby(["measure", "fold"], sort=False):
        part = part.drop_duplicates("feature")
        significant = part[part["p_holm"] < 0.05]
        larger = significant["larger"]
        rows.append(
            {
                "measure": measure,
                "fold": fold,
                "features": len(part),
                "different": len(significant),
                "negative": int((larger == class_names[0]).sum()),
                "positive": int((larger == class_names[1]).sum()),
            }
        )
    return pd.DataFrame(rows)


def _first_layer_claims(
    tests: pd.DataFrame | None, class_names: tuple[str, str], evidence: bool
) -> list[Claim]:
    negative, positive = class_names
    mean = (
        f"First layer: mean activation differs in {paper.FIRST_LAYER_DIFFERENT} of "
        f"{paper.FIRST_LAYER_FEATURES} features ({paper.FIRST_LAYER_LARGER_NEGATIVE} larger in "
        f"women, {paper.FIRST_LAYER_LARGER_POSITIVE} in men)"
    )
    entropy = "First layer: entropy is higher in men"
    share = paper.FIRST_LAYER_DIFFERENT / paper.FIRST_LAYER_FEATURES
    if tests is None:
        return [Claim(mean, "A, Fig. 3", f"{share:.0%}"), Claim(entropy, "A, Fig. 3b", "no test")]
    counts = first_layer_counts(tests, class_names)
    claims = []
    for measure, title, stated in (("mean", mean, f"{share:.0%}"), ("entropy", entropy, "no test")):
        part = counts[counts["measure"] == measure]
        held_out, whole = part[part["fold"] != WHOLE_COHORT], part[part["fold"] == WHOLE_COHORT]
        # The paper tests one model on everybody; where the run has that one, like meets like.
        row = (part if whole.empty else whole).iloc[0]
        low, high = proportion_confint(row["different"], row["features"], method="wilson")
        uncertainty = f"95 % CI over features {low:.0%} to {high:.0%}"
        if len(held_out):
            fewest, most = held_out["different"].min(), held_out["different"].max()
            uncertainty += f"; {fewest} to {most} on held-out participants of single folds"
        if measure == "mean":
            verdict = numeric(share, low, high)
        else:
            verdict = statement(bool(2 * row["positive"] > row["features"]))
        claims.append(
            Claim(
                title,
                "A, Fig. 3",
                stated,
                f"{row['different']} of {row['features']} features ({row['negative']} larger in "
                f"{negative}, {row['positive']} in {positive}; "
                f"{'everybody, in-sample' if len(whole) else 'fold ' + str(row['fold'])})",
                uncertainty,
                "5 % for one or more false findings (Holm)",
                "tables/first_layer.tsv",
                verdict if evidence else NEAR_CHANCE,
            )
        )
    return claims


def _runtime_claims(runtime: pd.DataFrame | None) -> list[Claim]:
    title = "Grad-CAM is fastest, then Guided Backpropagation, Meaningful Perturbations slowest"
    stated = "within one minute; up to several minutes; several hours"
    order = list(paper.RUNTIME_WORDS)
    if runtime is None or not set(order) <= set(runtime["method"]):
        return [Claim(title, "6", stated)]
    totals = runtime.groupby("method")[["seconds", "participants"]].sum().loc[order]
    seconds = totals["seconds"] / totals["participants"]
    return [
        Claim(
            title,
            "6",
            stated,
            "; ".join(f"{value:.3g} s" for value in seconds) + " per participant",
            "",
            "",
            "tables/runtime.tsv",
            statement(bool(seconds.is_monotonic_increasing)),
        )
    ]
