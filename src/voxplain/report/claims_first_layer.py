"""Claims about the first hidden layer (appendix A, Fig. 3)."""

import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from voxplain import paper
from voxplain.evaluation.fold_statistics import ALPHA
from voxplain.paths import WHOLE_COHORT
from voxplain.report.verdicts import MISSING, NEAR_CHANCE, NOT_TESTED, Claim, numeric, statement


def first_layer_counts(tests: pd.DataFrame, class_names: tuple[str, str]) -> pd.DataFrame:
    """Count significant features per fold and measure (Holm p < .05, and which class is larger).

    Parameters
    ----------
    tests : pandas.DataFrame
        Columns fold, measure, feature, p_holm, p_adjusted_holm, larger; rows that repeat a feature
        (one per class) count once.
    class_names : (str, str)
        Names of the negative and the positive class.

    Returns
    -------
    pandas.DataFrame
        Columns measure, fold, features, different, negative, positive, adjusted (different at
        equal head size).
    """
    rows = []
    for (measure, fold), part in tests.groupby(["measure", "fold"], sort=False):
        part = part.drop_duplicates("feature")
        significant = part[part["p_holm"] < ALPHA]
        larger = significant["larger"]
        rows.append(
            {
                "measure": measure,
                "fold": fold,
                "features": len(part),
                "different": len(significant),
                "negative": int((larger == class_names[0]).sum()),
                "positive": int((larger == class_names[1]).sum()),
                "adjusted": int((part["p_adjusted_holm"] < ALPHA).sum()),
            }
        )
    return pd.DataFrame(rows)


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
    return [
        _claim(counts[counts["measure"] == measure], title, section, stated, class_names, evidence)
        for measure, title, section, stated in (
            ("mean", mean, "A, Fig. 3", f"{share:.0%}"),
            ("entropy", entropy, "A, Fig. 3b", "no test"),
        )
    ]


def _claim(
    counts: pd.DataFrame,
    title: str,
    section: str,
    stated: str,
    class_names: tuple[str, str],
    evidence: bool,
) -> Claim:
    """Judge one measure by the held-out folds; the whole cohort's numbers stand beside them."""
    whole = counts[counts["fold"] == WHOLE_COHORT]
    held_out = counts[counts["fold"] != WHOLE_COHORT]
    ours, uncertainty, chance, verdict = "", "", "", NOT_TESTED
    if len(held_out):
        features, median = int(held_out["features"].iloc[0]), held_out["different"].median()
        fewest, most = held_out["different"].min(), held_out["different"].max()
        low, high = proportion_confint(median, features, method="wilson")
        ours = (
            f"{median:g} of {features} significant in a median fold ({fewest} to {most}), held "
            f"out; at equal head size {held_out['adjusted'].median():g}"
        )
        uncertainty = f"95 % CI over features {low:.0%} to {high:.0%}"
        chance = "held out: 5 % for one or more false findings in a fold (Holm)"
        verdict = _verdict(held_out, median, low, high)
    papers_way = [
        f"{row.different} of {row.features} ({row.negative} larger in {class_names[0]}, "
        f"{row.positive} in {class_names[1]}), in-sample: no valid null"
        for row in whole.itertuples()
    ]
    decided = verdict if evidence else NEAR_CHANCE
    return Claim(
        title,
        section,
        stated,
        "; ".join(papers_way) or MISSING,
        ours,
        uncertainty,
        chance,
        "first_layer",
        decided,
    )


def _verdict(held_out: pd.DataFrame, median: float, low: float, high: float) -> str:
    if median == 0:
        return statement(False)
    if held_out["measure"].iloc[0] == "mean":
        return numeric(paper.FIRST_LAYER_DIFFERENT / paper.FIRST_LAYER_FEATURES, low, high)
    return statement(bool(2 * held_out["positive"].median() > held_out["features"].iloc[0]))
