import math

import numpy as np
import pandas as pd
import pytest

from voxplain import paper
from voxplain.report import claims
from voxplain.report.claims_maps import masks_suffice, same_region
from voxplain.report.verdicts import fold_interval

CLASSES = ("women", "men")


def accuracy(cnn=0.9, evidence=True, svm=0.85):
    return pd.DataFrame(
        [
            {
                "model": model,
                "n": 100,
                "accuracy": value,
                "mean": value,
                "sd": 0.05,
                "ci_low": value - 0.06,
                "ci_high": value + 0.05,
                "majority": 0.52,
                "evidence": shown,
            }
            for model, value, shown in (("cnn", cnn, evidence), ("voxel_svm", svm, True))
        ]
    )


def masked(mask=0.8, random=0.6, complement=0.6):
    values = {"mask": mask, "random": random, "complement": complement}
    rows = [
        {"mask": name, "control": control, "accuracy_mean": value}
        for name in (*CLASSES, "conjoined")
        for control, value in values.items()
    ]
    rows += [{"mask": name, "control": name, "accuracy_mean": 0.9} for name in ("brain", "none")]
    return pd.DataFrame(rows).assign(
        method="meaningful_perturbation", accuracy_sd=0.1, n_folds=10, paper_mean=np.nan
    )


def table3(dice=0.7, p_null=0.01, agreement=0.945):
    pairs = [tuple(sorted(pair)) for pair in paper.TABLE3]
    return pd.DataFrame(pairs, columns=["method_a", "method_b"]).assign(
        paper=[paper.TABLE3[frozenset(pair)] for pair in pairs],
        agreement=agreement,
        dice_threshold=0.1,
        dice_equal_area=dice,
        chance=0.1,
        null_p95=0.2,
        p_null=p_null,
    )


def verdicts(**tables):
    same_cohort = tables.pop("same_cohort", True)
    rows = claims.build(class_names=CLASSES, same_cohort=same_cohort, **tables)
    return rows.set_index("claim")["verdict"]


def test_without_tables_nothing_is_tested():
    rows = claims.build(class_names=CLASSES, same_cohort=True)
    assert (rows["verdict"] == "not tested here").all()
    assert (rows["ours"] == "").all()
    assert len(rows) >= 14


def test_accuracy_is_reproduced_only_inside_the_interval():
    found = verdicts(accuracy=accuracy(cnn=0.9, svm=0.80))
    assert found["Accuracy: 3D CNN"] == "reproduced"  # .92 in [.84, .95]
    assert found["Accuracy: SVM on voxels"] == "differs"  # .90 not in [.74, .85]
    assert found["Accuracy: XGBoost, morphometry"] == "not tested here"


def test_another_cohort_is_marked_on_tested_claims_only():
    found = verdicts(accuracy=accuracy(), same_cohort=False)
    assert found["Accuracy: 3D CNN"] == "reproduced, other cohort"
    assert found["Accuracy: k-NN, morphometry"] == "not tested here"


def test_near_chance_network_spoils_what_rests_on_it_and_nothing_else():
    found = verdicts(
        accuracy=accuracy(cnn=0.55, evidence=False, svm=0.88), masked=masked(), table3=table3()
    )
    spoilt = found[found.index.str.contains("mask|overlap|DICE|3D CNN")]
    assert (spoilt == "near chance").all()
    assert found["Accuracy: SVM on voxels"] == "reproduced"


def test_cnn_beats_svm_needs_an_interval_above_zero():
    title = "The 3D CNN slightly outperforms the SVM on voxels"
    # Newcombe: .90 - .70 = .20, lower end .20 - sqrt(.06^2 + .05^2) = .122
    assert verdicts(accuracy=accuracy(cnn=0.90, svm=0.70))[title] == "supported"
    # .05 - .078 < 0
    assert verdicts(accuracy=accuracy(cnn=0.90, svm=0.85))[title] == "not supported"
    rows = claims.build(
        class_names=CLASSES, same_cohort=True, accuracy=accuracy(cnn=0.90, svm=0.70)
    )
    assert "+0.12 to +0.28" in rows.set_index("claim").loc[title, "uncertainty"]


def test_fold_interval_is_students_t():
    row = pd.Series({"accuracy_mean": 0.8, "accuracy_sd": 0.1, "n_folds": 10})
    half = 2.2621571628 * 0.1 / math.sqrt(10)  # t(.975, 9) from a table
    assert fold_interval(row) == pytest.approx((0.8 - half, 0.8 + half))


def test_masks_suffice_only_beyond_both_controls():
    assert masks_suffice(masked()) is True
    assert masks_suffice(masked(random=0.75)) is False
    assert masks_suffice(masked(complement=0.79)) is False
    assert masks_suffice(masked().query("mask != 'conjoined'")) is None


def test_table3_number_and_conclusion_are_judged_apart():
    found = verdicts(accuracy=accuracy(), table3=table3(dice=0.2))
    assert (found[found.index.str.startswith('"DICE"')] == "reproduced").all()
    similar = "High overlap: all three methods reveal similar patterns"
    assert found[similar] == "not supported"
    assert verdicts(accuracy=accuracy(), table3=table3(dice=0.7))[similar] == "supported"
    chance = verdicts(accuracy=accuracy(), table3=table3(dice=0.7, p_null=0.3))
    assert chance[similar] == "not supported"


def test_table2_counts_shared_regions():
    names = [f"region {i}" for i in range(246)]
    order = [50, 46, 138, 200, 201, *[v for v in range(1, 247) if v not in (50, 46, 138, 200, 201)]]
    regions = pd.DataFrame({"value": order, "name": names}).assign(
        method="meaningful_perturbation", rank=range(1, 247), q_fdr=[0.01] * 3 + [0.5] * 243
    )
    rows = claims.build(
        class_names=CLASSES,
        same_cohort=True,
        accuracy=accuracy(),
        table2={"brainnetome": regions},
    )
    row = rows[rows["claim"].str.startswith("Table 2")].iloc[0]
    assert row["verdict"] == "supported"
    assert row["chance"] == "3 shared; 0.10 expected"
    assert row["uncertainty"].startswith("3 of 5")
    assert row["source"] == "tables/table2_brainnetome.tsv"


@pytest.mark.parametrize(
    ("index", "name", "same"),
    [
        (0, "Corticospinal.tract.R", True),
        (0, "Right Corticospinal Tract", True),
        (0, "Left Corticospinal Tract", False),
        (3, "Pontine.crossing.tract.(a.part.of.MCP)", True),
        (2, "Superior.corona.radiata.R", False),
    ],
)
def test_white_matter_regions_are_matched_by_name(index, name, same):
    region = paper.TABLE2["icbm"][index]
    assert same_region("white_matter", region, 999, name) is same


def test_first_layer_counts_by_hand():
    tests = pd.DataFrame(
        {
            "measure": "mean",
            "fold": ["01"] * 3 + ["02"] * 3,
            "feature": [1, 2, 3] * 2,
            "p_holm": [0.01, 0.2, 0.04, 0.01, 0.01, 0.049],
            "larger": ["men", "", "women", "men", "men", "women"],
        }
    )
    counts = claims.first_layer_counts(tests, CLASSES)
    assert counts["different"].tolist() == [2, 3]
    assert counts["positive"].tolist() == [1, 2]
    assert counts["negative"].tolist() == [1, 1]


def test_first_layer_claim_compares_the_whole_data_model():
    tests = pd.DataFrame(
        [
            {"measure": measure, "fold": fold, "feature": feature, "p_holm": p, "larger": "men"}
            for measure in ("mean", "entropy")
            for fold, p in (("01", 0.5), ("all", 0.001))
            for feature in range(32)
            for _class in CLASSES
        ]
    )
    rows = claims.build(
        class_names=CLASSES, same_cohort=True, accuracy=accuracy(), first_layer=tests
    )
    mean, entropy = [row for _, row in rows[rows["section"] == "A, Fig. 3"].iterrows()]
    assert mean["ours"].startswith("32 of 32 features (0 larger in women, 32 in men")
    # Wilson's interval of 32/32 starts at 32 / (32 + 1.96^2) = 89 %: 31/32 lies inside
    assert "89% to 100%; 0 to 0 on held-out" in mean["uncertainty"]
    assert mean["verdict"] == "reproduced"
    assert entropy["verdict"] == "supported"


def test_runtime_order():
    seconds = {"grad_cam": 0.1, "guided_backprop": 0.2, "meaningful_perturbation": 9.0}
    runtime = pd.DataFrame(
        {"method": list(seconds), "seconds": list(seconds.values()), "participants": 1}
    )
    assert verdicts(runtime=runtime).filter(like="fastest").tolist() == ["supported"]
    runtime.loc[0, "seconds"] = 1.0
    assert verdicts(runtime=runtime).filter(like="fastest").tolist() == ["not supported"]


def test_figure1_needs_all_four_regions():
    named = ["FS_CC_Posterior_Mean", "FS_L_Insula_Thck", "FS_R_ThalamusProper_Std"]
    others = [f"FS_L_Cuneus_{i}" for i in range(30)]

    def verdict(strong):
        coefficients = pd.DataFrame(
            {"feature": [*strong, *others], "coefficient": [2.0] * len(strong) + [0.1] * 30}
        ).assign(fold="01")
        return verdicts(importances=coefficients).filter(like="Fig. 1").tolist()

    assert verdict(named) == ["not supported"]
    assert verdict([*named, "FS_WM_Hypointens_Vol"]) == ["supported"]


def test_paper_numbers_are_consistent():
    assert paper.N_MEN + paper.N_WOMEN == paper.N_PARTICIPANTS
    assert (
        paper.FIRST_LAYER_LARGER_NEGATIVE + paper.FIRST_LAYER_LARGER_POSITIVE
        == paper.FIRST_LAYER_DIFFERENT
    )
    assert set(paper.ACCURACY) >= set(paper.TABLE1_MODELS)
    scores = [region.score for region in paper.TABLE2["icbm"]]
    assert scores == sorted(scores, reverse=True)
