import pandas as pd
import pytest

from support.claims_tables import verdicts
from voxplain import paper
from voxplain.claims.morphometry import morphometry_claims


def coefficients(strong, n_weak=30, spread=0.0):
    """Importances in two folds: `strong` features weigh 3, -2.9, 2.8, ..., the others little.

    The first one's coefficients differ by `spread` between the folds.
    """
    weak = [f"FS_L_Cuneus_{i}" for i in range(n_weak)]
    values = [(3.0 - k / 10) * (-1) ** k for k in range(len(strong))] + [0.1] * n_weak
    table = pd.DataFrame({"feature": [*strong, *weak], "coefficient": values})
    other = table.assign(coefficient=[values[0] + spread, *values[1:]], fold="02")
    return pd.concat([table.assign(fold="01"), other])


def test_figure1_needs_all_four_regions():
    named = ["FS_CC_Posterior_Mean", "FS_L_Insula_Thck", "FS_R_ThalamusProper_Std"]

    def verdict(strong):
        return verdicts(importances=coefficients(strong)).filter(like="Fig. 1").tolist()

    assert verdict(named) == ["not supported"]
    assert verdict([*named, "FS_WM_Hypointens_Vol"]) == ["supported"]


def claims(**tables):
    names = ("accuracy", "comparisons", "optimism", "importances")
    return {row.claim.split()[0]: row for row in morphometry_claims(*map(tables.get, names))}


@pytest.mark.parametrize(("n_weak", "verdict"), [(933, "reproduced"), (30, "differs")])
def test_features_are_counted_once(n_weak, verdict):
    row = claims(importances=coefficients(["a", "b"], n_weak))["Morphometry"]
    assert row.ours == f"{n_weak + 2} features"
    assert row.verdict == verdict


def test_the_most_discriminative_feature_is_the_first_by_size():
    first = claims(importances=coefficients([paper.TOP_FEATURE, "FS_L_Insula_Thck"]))
    assert first[paper.TOP_FEATURE].verdict == "supported"
    second = claims(importances=coefficients(["FS_L_Insula_Thck", paper.TOP_FEATURE]))
    assert second[paper.TOP_FEATURE].ours == "rank 2 of 32; the first is FS_L_Insula_Thck"
    assert second[paper.TOP_FEATURE].verdict == "not supported"
    # leads of .1 and .3: their mean .2 is two of the jackknife's standard errors, of 1 degree
    unsure = claims(importances=coefficients([paper.TOP_FEATURE, "FS_L_Insula_Thck"], spread=0.2))
    assert unsure[paper.TOP_FEATURE].uncertainty == (
        "|coefficient| minus that of FS_L_Insula_Thck: 95 % CI -1.071 to +1.471 over folds"
    )
    assert unsure[paper.TOP_FEATURE].verdict == "undecided"
    assert claims(importances=coefficients(["a"]))[paper.TOP_FEATURE].verdict == "not tested here"


def models(low, high):
    """Comparisons as the run writes them: XGBoost before the regression, k-NN too."""
    accuracy = pd.DataFrame(
        {"model": ["xgboost", "knn", "logistic_regression"], "accuracy": [0.89, 0.85, 0.92]}
    )
    pairs = [("xgboost", "logistic_regression"), ("knn", "logistic_regression")]
    table = pd.DataFrame(pairs, columns=["model_a", "model_b"])
    return {"accuracy": accuracy, "comparisons": table.assign(boot_low=low, boot_high=high)}


def test_the_best_model_is_ahead_of_every_rival():
    row = claims(**models([-0.06, -0.1], [-0.01, -0.02]))["Logistic"]
    assert row.verdict == "supported"
    assert "over XGBoost, morphometry +0.01 to +0.06" in row.uncertainty
    assert claims(**models([-0.06, -0.1], [0.01, -0.02]))["Logistic"].verdict == "undecided"
    assert claims(**models([0.01, -0.1], [0.06, -0.02]))["Logistic"].verdict == "not supported"
    assert claims()["Logistic"].verdict == "not tested here"


@pytest.mark.parametrize(("chosen", "verdict"), [("C 1.3", "reproduced"), ("C 0.01", "differs")])
def test_the_grid_searchs_choice(chosen, verdict):
    optimism = pd.DataFrame({"model": ["knn", "logistic_regression"], "chosen": ["", chosen]})
    assert claims(optimism=optimism)["Grid"].verdict == verdict
