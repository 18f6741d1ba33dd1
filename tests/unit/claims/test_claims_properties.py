import numpy as np
import pandas as pd
import pytest

from voxplain import paper
from voxplain.claims import properties as claims
from voxplain.claims.verdicts import BLANK_MAP, ONE_MODEL, OWN_CLASS

METHODS = ["meaningful_perturbation", "guided_backprop", "grad_cam"]


def properties(p_highest=0.01, p_null=0.01):
    rows = [
        {"property": name, "method": method, "value": 0.5, "low": 0.4, "high": 0.6}
        for name in ("gini", "hoyer", "edges", "class difference")
        for method in METHODS
    ]
    table = pd.DataFrame(rows).assign(p_highest=p_highest, p_null=p_null, correlation=0.3)
    return table.assign(observed=0.4, null_mean=0.1, null_p95=0.2)


@pytest.mark.parametrize(
    ("claim", "changed"),
    [
        (claims.class_masks_differ, {"p_null": 0.06}),
        (claims.sparsest, {"p_highest": 0.06}),
        (claims.sparsest, {"p_highest": 0.987}),  # another one exceeds it: .05 over 2 x 2 tests
        (claims.most_anatomic, {"p_highest": 0.06}),
        (claims.most_anatomic, {"p_null": 0.06}),
    ],
)
def test_words_about_maps_need_their_tests(claim, changed):
    assert claim(properties(), True).verdict == "supported"
    assert claim(properties(**changed), True).verdict == "undecided"
    assert claim(properties(), False).verdict == "near chance"
    assert claim(None, True).verdict == "not tested here"


@pytest.mark.parametrize(
    ("claim", "changed"),
    [
        (claims.sparsest, {"p_highest": 0.988}),
        (claims.most_anatomic, {"p_highest": 0.976}),
        (claims.most_anatomic, {"p_null": 0.96}),  # less aligned than smooth random maps
    ],
)
def test_words_about_maps_fail_where_the_opposite_is_shown(claim, changed):
    assert claim(properties(**changed), True).verdict == "not supported"


def test_maps_of_own_classes_are_described_and_not_tested():
    table = properties(p_null=np.nan)
    row = claims.class_masks_differ(table, True)
    assert row.verdict == OWN_CLASS
    assert row.kan2020 == "correlation of the two class maps 0.30, no test"
    assert row.chance == ""
    assert claims.class_masks_differ(table, False).verdict == "near chance"
    blank = table.assign(correlation=np.nan)
    assert claims.class_masks_differ(blank, True).verdict == BLANK_MAP


def sides(index, low, high, p_null=0.01):
    names = [region.name for region in paper.LATERALITY]
    return pd.DataFrame({"region": names, "method": METHODS[0], "left": 0.1, "right": 0.2}).assign(
        index=index, index_low=low, index_high=high, p_null=p_null
    )


def test_a_side_counts_only_where_the_interval_and_smooth_maps_say_so():
    def verdicts(*numbers):
        return [row.verdict for row in claims.lateral(sides(*numbers), True)]

    assert [region.side for region in paper.LATERALITY] == ["right", "left", "right"]
    yes, no = "supported", "not supported"
    assert verdicts(0.3, 0.1, 0.5) == [yes, no, yes]
    assert verdicts(-0.3, -0.5, -0.1) == [no, yes, no]
    assert verdicts(0.3, -0.1, 0.7) == ["undecided"] * 3
    assert verdicts(0.3, 0.1, 0.5, 0.2) == ["undecided", no, "undecided"]


def test_network_by_fdr():
    table = pd.DataFrame({"network": [paper.NETWORK, "visual"], "method": METHODS[0]}).assign(
        enrichment=[1.2, 1.4], enrichment_low=1.1, enrichment_high=1.5, null_mean=1, null_p95=1.1
    )
    row = claims.network(table.assign(q_fdr=0.04), True)
    assert row.verdict == "supported"
    assert "highest: visual 1.40" in row.ours
    assert claims.network(table.assign(q_fdr=0.05), True).verdict == "undecided"
    both = table.assign(q_fdr=0.04, enrichment_low=0.9)
    assert claims.network(both, True).verdict == "undecided"
    below = both.assign(enrichment_high=0.95)
    assert claims.network(below, True).verdict == "not supported"
    blank = claims.network(table.assign(q_fdr=1, enrichment=np.nan), True)
    assert blank.verdict == BLANK_MAP


def test_morphometry_beside_a_blank_map_is_not_testable():
    table = pd.DataFrame({"importance": ["coefficient", "gain"], "method": METHODS[0]}).assign(
        structures=90,
        features=100,
        mapped=80,
        spearman=0.3,
        null_mean=0.0,
        null_p95=0.2,
        p_null=0.01,
    )
    row = claims.morphometry(table, True)
    assert row.verdict == "supported"
    assert row.ours.endswith("|coefficient| 0.30; XGBoost's gain 0.30")
    assert claims.morphometry(table.assign(p_null=0.5), True).verdict == "undecided"
    assert claims.morphometry(table.assign(p_null=0.96), True).verdict == "not supported"
    blank = table.assign(spearman=np.nan)
    assert claims.morphometry(blank, True).verdict == BLANK_MAP
    assert claims.morphometry(None, True).verdict == "not tested here"


def test_one_model_has_no_folds_to_judge_by():
    verdict = ONE_MODEL
    table = properties(p_highest=np.nan).assign(low=np.nan, high=np.nan)
    for claim in (claims.sparsest, claims.most_anatomic):
        row = claim(table, True)
        assert row.verdict == verdict
        assert "nan" not in row.uncertainty
        assert claim(table, False).verdict == "near chance"
    rows = claims.lateral(sides(0.3, np.nan, np.nan), True)
    assert {row.verdict for row in rows} == {verdict}
    assert {row.uncertainty for row in rows} == {"one model, no interval over folds"}
    blank = properties(p_highest=np.nan)
    blank.loc[blank["method"] == METHODS[0], "value"] = np.nan  # another method's map
    assert claims.sparsest(blank, True).verdict == BLANK_MAP
