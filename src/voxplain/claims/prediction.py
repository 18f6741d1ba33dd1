"""Claims about prediction: the cohort, Table 1 and the network's accuracy."""

import pandas as pd

from voxplain import paper
from voxplain.claims.verdicts import (
    MARGIN,
    MISSING,
    NEAR_CHANCE,
    OTHER_MODALITY,
    SVM_NEAR_CHANCE,
    Claim,
    equal,
    find,
    judged,
    numeric,
    statement,
)
from voxplain.names import model_name, relation
from voxplain.stats.over_folds import ALPHA


def cnn_is_evidence(accuracy: pd.DataFrame | None) -> bool:
    """Whether the network predicts above chance, so that its maps can be evidence."""
    if accuracy is None:
        return False
    return bool(accuracy.loc[accuracy["model"] == "cnn", "evidence"].any())


def cohort(participants: pd.DataFrame | None, class_names: tuple[str, str]) -> Claim:
    """Compare the numbers of participants with the paper's; the same counts are the same cohort.

    Parameters
    ----------
    participants : pandas.DataFrame or None
        The run's table of that name.
    class_names : (str, str)
        Names of the negative and the positive class.
    """
    youngest, oldest = paper.AGES
    title = "The data are T1 images of 1113 young adults"
    stated = f"{paper.N_WOMEN} women and {paper.N_MEN} men of {youngest} to {oldest} years"
    if participants is None:
        return Claim(title, "2", stated)
    counts = [int((participants["label"] == label).sum()) for label in (0, 1)]
    ages = participants["age"].dropna()
    return Claim(
        title,
        "2",
        stated,
        ours=f"{counts[0]} {class_names[0]} and {counts[1]} {class_names[1]}"
        + (f" of {ages.min():.0f} to {ages.max():.0f} years" if len(ages) else ", ages unknown"),
        source="participants",
        verdict="reproduced" if counts == [paper.N_WOMEN, paper.N_MEN] else "differs",
    )


def accuracy_claims(accuracy: pd.DataFrame | None, optimism: pd.DataFrame | None) -> list[Claim]:
    """Compare every model's accuracy with Table 1 and section 4.2.

    The paper's way: mean and standard deviation over folds; for the morphometry models with the
    hyper-parameters that are best on these very folds.

    Parameters
    ----------
    accuracy : pandas.DataFrame or None
        The run's table of that name.
    optimism : pandas.DataFrame or None
        The run's table of that name.
    """
    claims = []
    for model, published in paper.ACCURACY.items():
        section = "4.1, Table 1" if model in paper.TABLE1_MODELS else "4.2"
        stated = f"{published.mean:.2f} ± {published.sd:.2f}"
        title = f"Accuracy: {model_name(model)}"
        row = find(accuracy, model=model)
        if row is None:
            claims.append(Claim(title, section, stated))
            continue
        verdict = numeric(published.mean, row["ci_low"], row["ci_high"], row["majority"])
        claims.append(
            Claim(
                title,
                section,
                stated,
                _papers_way(row, find(optimism, model=model)),
                f"{row['accuracy']:.3f} pooled over held-out participants"
                + ("; predicts one class only" if predicts_one_class(row) else ""),
                f"95 % CI {row['ci_low']:.3f} to {row['ci_high']:.3f}",
                f"{row['majority']:.2f}",
                "accuracy" if model not in paper.TABLE1_MODELS else "accuracy, optimism",
                verdict if row["evidence"] else NEAR_CHANCE,
            )
        )
    return claims


def _papers_way(row: pd.Series, chosen: pd.Series | None) -> str:
    if chosen is None:
        return f"{row['mean']:.2f} ± {row['sd']:.2f} over folds"
    return (
        f"{chosen['non_nested_mean']:.2f} ± {chosen['non_nested_sd']:.2f} over folds, "
        "hyper-parameters chosen on the test folds"
    )


def predicts_one_class(row: pd.Series) -> bool:
    """Whether a model predicts the same class for all: one class's recall is 0, the other's 1."""
    return {row["recall_negative"], row["recall_positive"]} == {0, 1}


def cnn_beats_svm(accuracy: pd.DataFrame | None, comparisons: pd.DataFrame | None) -> Claim:
    """Check whether the network is better than the SVM by the corrected resampled t-test.

    The paper names this pair, so its p needs no correction for the number of pairs. An SVM near
    chance says nothing: its decision threshold may be wrong while its scores still separate the
    classes, so both areas under the curve are given as well.

    Parameters
    ----------
    accuracy : pandas.DataFrame or None
        The run's table of that name.
    comparisons : pandas.DataFrame or None
        The run's table of that name.
    """
    title = "The 3D CNN slightly outperforms the SVM on voxels"
    cnn, svm = find(accuracy, model="cnn"), find(accuracy, model="voxel_svm")
    if cnn is None or svm is None or comparisons is None:
        return Claim(title, "4.2", "+0.02")
    pair = comparisons.set_index(["model_a", "model_b"]).loc[("cnn", "voxel_svm")]
    ours = f"{pair['difference']:+.2f}"
    verdict = statement(pair["difference"] > 0 if pair["p_corrected"] < ALPHA else None)
    if not svm["evidence"]:
        ours += f" in accuracy; AUC {cnn['auc']:.2f} (CNN) and {svm['auc']:.2f} (SVM)"
        ours += "; the SVM predicts one class only" if predicts_one_class(svm) else ""
        verdict = SVM_NEAR_CHANCE
    return Claim(
        title,
        "4.2",
        "+0.02",
        f"{cnn['mean'] - svm['mean']:+.2f}, no test",
        ours,
        f"95 % CI {pair['boot_low']:+.2f} to {pair['boot_high']:+.2f} (paired bootstrap); "
        f"corrected resampled t-test p {relation(pair['p_corrected'])}",
        "0",
        "comparisons, accuracy",
        verdict if cnn["evidence"] else NEAR_CHANCE,
    )


def cnn_like_regression(accuracy: pd.DataFrame | None, comparisons: pd.DataFrame | None) -> Claim:
    """Check whether network and morphometry regression are equally accurate, within `MARGIN`.

    Parameters
    ----------
    accuracy : pandas.DataFrame or None
        The run's table of that name.
    comparisons : pandas.DataFrame or None
        The run's table of that name.
    """
    title = "The 3D CNN's accuracy corresponds to that of the regression on morphometry"
    pair = find(comparisons, model_a="cnn", model_b="logistic_regression")
    cnn = find(accuracy, model="cnn")
    if pair is None or cnn is None:
        return Claim(title, "6", "0.92 and 0.92")
    low, high = pair["boot_low"], pair["boot_high"]
    return Claim(
        title,
        "6",
        "0.92 and 0.92",
        f"{pair['difference']:+.2f}, no test",
        f"{pair['difference']:+.2f}",
        f"95 % CI {low:+.2f} to {high:+.2f} (paired bootstrap); they correspond if it is within "
        f"± {MARGIN}",
        "0",
        "comparisons",
        judged(equal(low, high), cnn["evidence"]),
    )


def other_modality(accuracy: pd.DataFrame | None) -> Claim:
    """Quote what the paper says of FA images, which no run here has."""
    cnn = find(accuracy, model="cnn")
    t1, fa = paper.ACCURACY["cnn"].mean, paper.FA_ACCURACY
    return Claim(
        "T1 images separate the classes less well than FA images",
        "5",
        f"{t1:.2f} against {fa:.3f} (of another study, Xin et al. 2019)",
        MISSING,
        "" if cnn is None else f"{cnn['accuracy']:.3f} on this run's images",
        source="" if cnn is None else "accuracy",
        verdict=OTHER_MODALITY,
    )
