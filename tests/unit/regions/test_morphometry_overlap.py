import numpy as np
import pandas as pd
import pytest
from scipy import stats

from voxplain.cohort.morphometry.structures import of_feature, of_label
from voxplain.regions import morphometry_overlap
from voxplain.regions.means import RegionMeans


@pytest.mark.parametrize(
    ("feature", "structure"),
    [
        ("FS_L_Insula_Thck", "L_Insula"),
        ("FS_CC_Posterior_Mean", "CC_Posterior"),
        ("FS_R_Cerebellum_Cort_Vol", "R_Cerebellum_Cort"),
        ("FS_3rdVent_Vol", "3rdVent"),
        ("FS_InterCranial_Vol", None),
        ("FS_L_WM_Vol", None),
        ("lh_insula_thickness", "L_Insula"),
        ("rh_caudalanteriorcingulate_area", "R_Caudalanteriorcingulate"),
        ("Left-Hippocampus_volume", "L_Hippo"),
        ("Right-Cerebellum-White-Matter_volume", "R_Cerebellum_WM"),
        ("Brain-Stem_volume", "BrainStem"),
        ("CC_Mid_Posterior_volume", None),
        ("age", None),
    ],
)
def test_features_name_their_structure(feature, structure):
    assert of_feature(feature) == structure


def test_labels_of_other_atlases_have_no_structure():
    assert of_label("brainnetome", "INS_L_6_1") == "L_Insula"
    assert of_label("mori", "Left Corpus Callosum") == "CC_Posterior"
    assert of_label("icbm", "Left Corpus Callosum") is None


def importances():
    names = ["FS_L_Insula_Thck", "FS_L_Insula_Area", "FS_CC_Posterior_Mean", "FS_Mask_Vol"]
    regression = pd.DataFrame(
        {"feature": names * 2, "fold": ["01"] * 4 + ["02"] * 4}
        | {"coefficient": [1.0, -3.0, 0.5, 9.0, -2.0, -5.0, 1.5, 9.0]}
    )
    trees = pd.DataFrame(
        {"feature": names, "fold": "01", "gain": [0.0, 2, 4, 8], "permutation": [0.0, 0.2, 0.1, 1]}
    )
    return {"logistic_regression": regression, "xgboost": trees}


def test_importance_by_hand():
    table = morphometry_overlap.structure_importance(importances())
    assert sorted(table.index) == ["CC_Posterior", "L_Insula"]
    insula = table.loc["L_Insula"]
    assert insula["features"] == 2
    assert insula["coefficient"] == pytest.approx(
        (1.5 + 4) / 2
    )  # mean |coefficient| of thickness and area
    assert insula["strongest"] == "FS_L_Insula_Area"
    assert insula["strongest_coefficient"] == pytest.approx(-4)
    assert insula["same_sign"] == 1
    assert (insula["gain"], insula["permutation"]) == pytest.approx((1, 0.1))


def region_means(names, observed, null):
    n = len(names)
    table = pd.DataFrame({"value": range(n), "name": names})
    observed = np.array(observed, float)
    return RegionMeans(table, np.ones(n), np.ones(n), observed, np.empty((n, 0)), np.array(null))


def test_structures_meet_maps_and_the_rest_is_counted():
    region_table = region_means(
        ["INS_L_6_1", "INS_L_6_2", "INS_R_6_1"], [1, 3, 5], np.arange(12.0).reshape(3, 4)
    )
    importance = morphometry_overlap.structure_importance(importances())
    table, rows = morphometry_overlap.structure_overlap(
        importance, {"m": {"brainnetome": region_table}}
    )
    table = table.set_index("structure")
    assert table.loc["L_Insula", "m"] == pytest.approx(2)
    assert np.isnan(table.loc["CC_Posterior", "m"])  # no configured atlas holds it
    assert (rows["features"] == 3).all()
    assert (rows["mapped"] == 2).all()
    assert rows["spearman"].isna().all()  # one structure has no ranks


def test_rank_correlation_is_spearmans():
    rng = np.random.default_rng(0)
    importance, observed = rng.standard_normal((2, 30))
    null = rng.standard_normal((30, 99))
    actual = morphometry_overlap.rank_correlation(importance, observed, null)
    assert actual["spearman"] == pytest.approx(stats.spearmanr(importance, observed).statistic)
    drawn = [stats.spearmanr(importance, region_table).statistic for region_table in null.T]
    assert actual["null_p95"] == pytest.approx(np.quantile(drawn, 0.95))
    expected = (1 + np.count_nonzero(np.array(drawn) >= actual["spearman"])) / 100
    assert actual["p_null"] == pytest.approx(expected)


def test_false_positives_of_the_rank_correlation():
    rng = np.random.default_rng(1)
    n, hits = 500, 0
    for _ in range(n):
        importance, maps = rng.gamma(1, size=20), rng.gamma(1, size=(20, 40))
        p = morphometry_overlap.rank_correlation(importance, maps[:, 0], maps[:, 1:])["p_null"]
        hits += p <= 0.05
    assert hits <= stats.binom.ppf(0.999, n, 0.05)
