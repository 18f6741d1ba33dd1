"""Claims about the first hidden layer (appendix A, Fig. 3)."""

import pandas as pd
from statsmodels.stats.power import TTestIndPower
from statsmodels.stats.proportion import proportion_confint

from voxplain import paper
from voxplain.claims.verdicts import (
    MISSING,
    NEAR_CHANCE,
    NOT_TESTED,
    UNDECIDED,
    Claim,
    numeric,
    statement,
)
from voxplain.run.paths import WHOLE_COHORT
from voxplain.stats.over_folds import ALPHA

# A test that would miss this difference more often than one time in five decides nothing by missing
LARGE_EFFECT = 0.8  # standard deviations (Cohen 1988)
POWER = 0.8


def first_layer_counts(
    tests: pd.DataFrame, class_names: tuple[str, str], p: str = "p_holm"
) -> pd.DataFrame:
    """Count significant features per fold and measure (p < .05, and which class is larger).

    Parameters
    ----------
    tests : pandas.DataFrame
        Columns fold, measure, n, feature, difference, p, p_holm, p_adjusted_holm; rows that repeat
        a feature (one per class) count once.
    class_names : (str, str)
        Names of the negative and the positive class.
    p : {"p_holm", "p"}
        Column that says what is significant.

    Returns
    -------
    pandas.DataFrame
        Columns measure, fold, n (participants), features, different, negative, positive, adjusted
        (different at equal head size, Holm).
    """
    rows = []
    for (measure, fold), part in tests.groupby(["measure", "fold"], sort=False):
        part = part.drop_duplicates("feature")
        significant = part.loc[part[p] < ALPHA, "difference"]
        rows.append(
            {
                "measure": measure,
                "fold": fold,
                "n": int(part["n"].iloc[0]),
                "features": len(part),
                "different": len(significant),
                "negative": int((significant < 0).sum()),
                "positive": int((significant > 0).sum()),
                "adjusted": int((part["p_adjusted_holm"] < ALPHA).sum()),
            }
        )
    return pd.DataFrame(rows)


def _power(n: float, features: int) -> float:
    """Probability that one of `features` with a large effect is found, by Holm's first step."""
    return TTestIndPower().power(LARGE_EFFECT, n / 2, ALPHA / features, ratio=1)


def first_layer_claims(
    tests: pd.DataFrame | None, class_names: tuple[str, str], evidence: bool
) -> list[Claim]:
    """Compare the number of features that differ with appendix A.

    The paper tests the participants that its network was trained on, where a difference is no
    finding: the network was made to tell them apart. Held-out folds decide here. Their networks'
    features are different features, so they are counted fold by fold and never matched.
    """
    mean = (
        f"First layer: mean activation differs in {paper.FIRST_LAYER_DIFFERENT} of "
        f"{paper.FIRST_LAYER_FEATURES} features ({paper.FIRST_LAYER_LARGER_NEGATIVE} larger in "
        f"the paper's women, {paper.FIRST_LAYER_LARGER_POSITIVE} in the paper's men)"
    )
    entropy = "First layer: entropy is higher in the paper's men"
    share = paper.FIRST_LAYER_DIFFERENT / paper.FIRST_LAYER_FEATURES
    if tests is None:
        return [Claim(mean, "A, Fig. 3", f"{share:.0%}"), Claim(entropy, "A, Fig. 3b", "no test")]
    counts = first_layer_counts(tests, class_names)
    # the paper counts by single t-tests, without a correction
    papers = first_layer_counts(tests[tests["fold"] == WHOLE_COHORT], class_names, "p")
    return [
        _claim(
            counts[(counts["measure"] == measure) & (counts["fold"] != WHOLE_COHORT)],
            papers[papers["measure"] == measure] if len(papers) else papers,
            class_names,
            claim,
            evidence,
        )
        for measure, claim in (
            ("mean", Claim(mean, "A, Fig. 3", f"{share:.0%}")),
            ("entropy", Claim(entropy, "A, Fig. 3b", "no test")),
        )
    ]


def _claim(
    held_out: pd.DataFrame,
    papers: pd.DataFrame,
    class_names: tuple[str, str],
    claim: Claim,
    evidence: bool,
) -> Claim:
    """Judge one measure by the held-out folds; the paper's way of counting stands beside them."""
    papers_way = [
        f"{row.different} of {row.features} ({row.negative} larger in {class_names[0]}, "
        f"{row.positive} in {class_names[1]}), uncorrected, in-sample: no valid null"
        for row in papers.itertuples()
    ]
    claim = claim._replace(
        kan2020="; ".join(papers_way) or MISSING,
        source="first_layer",
        verdict=NOT_TESTED if evidence else NEAR_CHANCE,
    )
    if held_out.empty:
        return claim
    features, median = int(held_out["features"].iloc[0]), held_out["different"].median()
    fewest, most = held_out["different"].min(), held_out["different"].max()
    low, high = proportion_confint(median, features, method="wilson")
    power = _power(held_out["n"].median(), features)
    return claim._replace(
        ours=f"{median:g} of {features} significant in a median fold ({fewest} to {most}), held "
        f"out; at equal head size {held_out['adjusted'].median():g}",
        uncertainty=f"95 % CI over features {low:.0%} to {high:.0%}; power of one fold for a "
        f"difference of {LARGE_EFFECT} sd {power:.0%}",
        chance="held out: 5 % for one or more false findings in a fold (Holm)",
        verdict=_verdict(held_out, low, high, power >= POWER) if evidence else NEAR_CHANCE,
    )


def _verdict(held_out: pd.DataFrame, low: float, high: float, powerful: bool) -> str:
    """Judge a measure; where folds are too small to find anything, too few findings say nothing."""
    if held_out["measure"].iloc[0] == "mean":
        share = paper.FIRST_LAYER_DIFFERENT / paper.FIRST_LAYER_FEATURES
        verdict = numeric(share, low, high, 0)
        return UNDECIDED if verdict == "differs" and not powerful else verdict
    half = held_out["features"].iloc[0] / 2
    if held_out["positive"].median() > half:
        return statement(True)
    return statement(False if powerful or held_out["negative"].median() > half else None)
