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

# A test that finds this difference less often than POWER decides nothing by finding none
LARGE_EFFECT = 0.8  # standard deviations (Cohen 1988)
POWER = 0.8


def first_layer_counts(
    tests: pd.DataFrame, class_names: tuple[str, str], column: str = "p_holm"
) -> pd.DataFrame:
    """Count significant features per fold and measure (p < .05, and which class is larger).

    Parameters
    ----------
    tests : pandas.DataFrame
        Columns fold, measure, n, feature, difference, p, p_holm, p_adjusted_holm; rows that repeat
        a feature (one per class) count once.
    class_names : (str, str)
        Names of the negative and the positive class.
    column : {"p_holm", "p"}
        The p value that decides what is significant.

    Returns
    -------
    pandas.DataFrame
        Columns measure, fold, n (participants), features, different, negative, positive, adjusted
        (different at equal head size, Holm).
    """
    rows = []
    for (measure, fold), part in tests.groupby(["measure", "fold"], sort=False):
        part = part.drop_duplicates("feature")
        significant = part.loc[part[column] < ALPHA, "difference"]
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
    """Probability to find one of `features` with a large effect, by Holm's first step."""
    return TTestIndPower().power(LARGE_EFFECT, n / 2, ALPHA / features, ratio=1)


def first_layer_claims(
    tests: pd.DataFrame | None, class_names: tuple[str, str], evidence: bool
) -> list[Claim]:
    """Compare the number of features that differ with appendix A.

    The paper tests the participants that its network was trained on. A difference there is no
    finding, because the network was trained to separate them. Here the held-out folds decide.
    Each fold's network has features of its own, so they are counted fold by fold.

    Parameters
    ----------
    tests : pandas.DataFrame or None
        As `first_layer_counts` takes them.
    class_names : (str, str)
    evidence : bool
        Whether the network is above chance.
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
    # The paper counts uncorrected t-tests
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
    """Judge one measure by the held-out folds; also count as the paper does."""
    papers_way = [
        f"{row.different} of {row.features} ({row.negative} larger in {class_names[0]}, "
        f"{row.positive} in {class_names[1]}), uncorrected and in-sample: no valid null"
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
        ours=f"median over folds: {median:g} of {features} features differ in held-out "
        f"participants ({fewest} to {most}); {held_out['adjusted'].median():g} when adjusted for "
        "head size",
        uncertainty=f"95 % CI over features {low:.0%} to {high:.0%}; power of one fold to find a "
        f"difference of {LARGE_EFFECT} sd: {power:.0%}",
        chance="5 % for one or more false findings in a fold (Holm)",
        verdict=_verdict(held_out, low, high, power >= POWER) if evidence else NEAR_CHANCE,
    )


def _verdict(held_out: pd.DataFrame, low: float, high: float, powerful: bool) -> str:
    """Judge a measure; in folds too small to find anything, few findings decide nothing."""
    if held_out["measure"].iloc[0] == "mean":
        share = paper.FIRST_LAYER_DIFFERENT / paper.FIRST_LAYER_FEATURES
        verdict = numeric(share, low, high, 0)
        return UNDECIDED if verdict == "differs" and not powerful else verdict
    half = held_out["features"].iloc[0] / 2
    if held_out["positive"].median() > half:
        return statement(True)
    return statement(False if powerful or held_out["negative"].median() > half else None)
