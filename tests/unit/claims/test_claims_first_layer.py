import numpy as np
import pandas as pd
from scipy import stats

from support.claims_tables import CLASSES, accuracy, build
from voxplain.claims.first_layer import first_layer_counts


def test_first_layer_counts_by_hand():
    tests = pd.DataFrame(
        {
            "measure": "mean",
            "fold": ["01"] * 3 + ["02"] * 3,
            "feature": [1, 2, 3] * 2,
            "n": 10,
            "difference": [1.0, 2.0, -1.0, 3.0, 1.0, -2.0],
            "p": [0.01, 0.04, 0.02, 0.01, 0.01, 0.02],
            "p_holm": [0.01, 0.2, 0.04, 0.01, 0.01, 0.049],
            "p_adjusted_holm": [0.2, 0.2, 0.2, 0.01, 0.01, 0.2],
        }
    )
    counts = first_layer_counts(tests, CLASSES)
    assert counts["different"].tolist() == [2, 3]
    assert counts["positive"].tolist() == [1, 2]
    assert counts["negative"].tolist() == [1, 1]
    assert counts["adjusted"].tolist() == [0, 2]
    assert first_layer_counts(tests, CLASSES, "p")["different"].tolist() == [3, 3]


def first_layer_rows(significant, n=120):
    """Claims on mean and entropy where `significant` of 32 features differ, by fold."""
    tests = pd.DataFrame(
        [
            {
                "measure": measure,
                "fold": fold,
                "n": n,
                "feature": feature,
                "difference": 1.0,
                "p": 0.001 if feature <= features else 0.5,
                "p_holm": 0.001 if feature < features else 0.5,
                "p_adjusted_holm": 0.001 if feature < features / 2 else 0.5,
            }
            for measure in ("mean", "entropy")
            for fold, features in significant.items()
            for feature in range(32)
            for _class in CLASSES
        ]
    )
    rows = build(accuracy=accuracy(), first_layer=tests)
    return [row for _, row in rows[rows["section"].str.startswith("A, Fig. 3")].iterrows()]


def test_first_layer_claim_is_decided_on_held_out_folds():
    mean, entropy = first_layer_rows({"01": 0, "02": 0, "03": 5, "all": 30})
    assert "0 of 32 features differ in held-out participants (0 to 5); 0 when" in mean["ours"]
    assert "31 of 32 (0 larger in women, 31 in men)" in mean["kan2020"]
    assert mean["chance"].startswith("5 %")
    assert mean["verdict"] == "differs"
    assert entropy["verdict"] == "not supported"
    mean, entropy = first_layer_rows({"01": 32, "02": 32, "03": 30, "all": 0})
    assert "32 of 32 features differ" in mean["ours"]
    # Wilson's interval of 32/32 starts at 32 / (32 + 1.96^2) = 89 %: 31/32 lies inside
    assert mean["uncertainty"].startswith("95 % CI over features 89% to 100%; power")
    assert mean["verdict"] == "reproduced"
    assert entropy["verdict"] == "supported"
    mean, entropy = first_layer_rows({"01": 10, "02": 12})
    assert "11 of 32" in mean["ours"]
    assert mean["verdict"] == "differs"
    assert entropy["verdict"] == "not supported"


def test_folds_too_small_to_find_anything_decide_nothing_by_finding_nothing():
    mean, entropy = first_layer_rows({"01": 0, "02": 0}, n=10)
    assert mean["verdict"] == entropy["verdict"] == "undecided"
    # noncentral t(8), delta .8 * sqrt(10 / 4), critical t(1 - .05 / 64)
    critical = stats.t.ppf(1 - 0.05 / 64, 8)
    power = 1 - np.diff(stats.nct.cdf([-critical, critical], 8, 0.8 * 2.5**0.5))[0]
    assert mean["uncertainty"].endswith(f"difference of 0.8 sd: {power:.0%}")
    mean, entropy = first_layer_rows({"01": 32, "02": 32}, n=10)
    assert mean["verdict"] == "reproduced"
    assert entropy["verdict"] == "supported"


def test_first_layer_in_sample_numbers_alone_decide_nothing():
    mean, entropy = first_layer_rows({"all": 32})
    assert mean["kan2020"].startswith("in this run: 32 of 32")
    assert mean["ours"] == mean["chance"] == mean["uncertainty"] == ""
    assert mean["verdict"] == entropy["verdict"] == "not tested here"
