import math

import numpy as np
import pandas as pd
import pytest

from voxplain import paper
from voxplain.errors import ConfigError
from voxplain.paper import published_regions, same_region
from voxplain.report import claims
from voxplain.report.claims_first_layer import first_layer_counts
from voxplain.report.claims_maps import masks_suffice
from voxplain.report.verdicts import BY_ITS_OWN_NUMBERS, OTHER_MODALITY, fold_interval

CLASSES = ("women", "men")


def accuracy(cnn=0.9, evidence=True, svm=0.85, svm_evidence=True):
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
                "recall_negative": value,
                "recall_positive": value,
                "auc": 0.8,
                "evidence": shown,
            }
            for model, value, shown in (("cnn", cnn, evidence), ("voxel_svm", svm, svm_evidence))
        ]
    )


def masked(mask=0.8, random=0.6, complement=0.6, p_random=0.04):
    values = {"mask": mask, "random": random, "complement": complement}
    rows = [
        {"mask": name, "control": control, "accuracy_mean": value, "p_random": p_random}
        for name in (*CLASSES, "conjoined")
        for control, value in values.items()
    ]
    rows += [{"mask": name, "control": name, "accuracy_mean": 0.9} for name in ("brain", "none")]
    return pd.DataFrame(rows).assign(
        method="meaningful_perturbation",
        accuracy_sd=0.1,
        n_folds=10,
        paper_mean=np.nan,
        random_mean=random,
        random_p95=random + 0.1,
    )


def table3(dice=0.7, p_null=0.01, agreement=0.945, agreement_chance=0.9, dice_threshold=0.1):
    pairs = [tuple(sorted(pair)) for pair in paper.TABLE3]
    return pd.DataFrame(pairs, columns=["method_a", "method_b"]).assign(
        paper=[paper.TABLE3[frozenset(pair)] for pair in pairs],
        agreement=agreement,
        agreement_chance=agreement_chance,
        dice_threshold=dice_threshold,
        dice_threshold_chance=0.03,
        dice_equal_area=dice,
        agreement_disjoint=0.88,
        voxels_a=100,
        voxels_b=200,
        chance=0.1,
        null_p95=0.2,
        p_null=p_null,
    )


def build(class_names=CLASSES, same_cohort=True, reference=None, rules=None, **tables):
    return claims.build(tables, class_names, same_cohort, reference, rules)


def verdicts(**tables):
    return build(**tables).set_index("claim")["verdict"]


def test_without_tables_nothing_is_tested():
    rows = build()
    alone = rows["verdict"].isin([OTHER_MODALITY, BY_ITS_OWN_NUMBERS])
    assert alone.sum() == 2
    assert rows.loc[~alone, "verdict"].str.startswith("not tested here").all()
    assert (rows.loc[~alone, "ours"] == "").all()
    assert (rows["kan2020"] == "n/a").all()
    assert len(rows) >= 30
    assert not rows["claim"].duplicated().any()


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
        accuracy=accuracy(cnn=0.55, evidence=False, svm=0.88),
        comparisons=comparisons(-0.33),
        masked_accuracy=masked(),
        table3=table3(),
    )
    spoilt = found[
        found.index.str.contains('images multiplied|conjoined|^"DICE|High overlap|3D CNN')
    ]
    assert (spoilt == "near chance").all()
    assert found["Accuracy: SVM on voxels"] == "reproduced"


def comparisons(difference=0.05, p=0.01):
    row = {"model_a": "cnn", "difference": difference, "p_corrected": p}
    row |= {"boot_low": difference - 0.08, "boot_high": difference + 0.08}
    return pd.DataFrame([row | {"model_b": name} for name in ("voxel_svm", "logistic_regression")])


@pytest.mark.parametrize(
    ("difference", "p", "verdict"),
    [
        (0.05, 0.049, "supported"),
        (0.05, 0.051, "not supported"),
        (-0.05, 0.01, "not supported"),  # significant, the other way round
    ],
)
def test_cnn_beats_svm_takes_its_p_from_the_comparison_of_models(difference, p, verdict):
    rows = build(
        accuracy=accuracy(),
        comparisons=comparisons(difference, p),
    ).set_index("claim")
    row = rows.loc["The 3D CNN slightly outperforms the SVM on voxels"]
    assert row["verdict"] == verdict
    assert f"p = {p:.3f}" in row["uncertainty"]
    assert f"{difference - 0.08:+.2f} to {difference + 0.08:+.2f}" in row["uncertainty"]
    assert row["source"] == "tables/comparisons.tsv, tables/accuracy.tsv"


def test_fold_interval_is_students_t_with_the_corrected_variance():
    row = pd.Series({"accuracy_mean": 0.8, "accuracy_sd": 0.1, "n_folds": 10})
    half = 2.2621571628 * 0.1 * math.sqrt(1 / 10 + 1 / 9)  # t(.975, 9) from a table
    assert fold_interval(row) == pytest.approx((0.8 - half, 0.8 + half))


def test_fold_interval_stays_between_zero_and_one():
    row = pd.Series({"accuracy_mean": 0.98, "accuracy_sd": 0.1, "n_folds": 10})
    low, high = fold_interval(row)
    assert low == pytest.approx(0.98 - 0.1039, abs=1e-4)
    assert high == 1
    row["accuracy_mean"] = 0.01
    assert fold_interval(row)[0] == 0


def test_a_mask_that_random_masks_reach_is_at_chance_whatever_the_paper_says():
    # .59 of the paper lies in .60 +- 2.26 * .1 * sqrt(1 / 10 + 1 / 9)
    found = verdicts(accuracy=accuracy(), masked_accuracy=masked(mask=0.6, p_random=0.05))
    title = "Accuracy on images multiplied by the men mask (the paper's men)"
    assert found[title] == "at chance"
    found = verdicts(accuracy=accuracy(), masked_accuracy=masked(mask=0.6, p_random=0.04))
    assert found[title] == "reproduced"
    rows = build(masked_accuracy=masked(p_random=0.04))
    chance = rows.set_index("claim").loc[title, "chance"]
    assert chance == "0.60 for random masks of the same volume, 95 % below 0.70; p = 0.040"


def test_titles_name_the_papers_classes_as_the_papers():
    rows = build(class_names=("cats", "dogs"), same_cohort=False)
    others = rows["claim"].str.replace(r"the paper's (wo)?men", "", regex=True)
    assert not others.str.contains(r"\b(?:wo)?men\b").any()
    assert rows["claim"].str.contains(r"cats mask \(the paper's women\)").sum() == 1


def test_an_svm_near_chance_is_no_rival():
    table = accuracy(cnn=0.9, svm=0.5, svm_evidence=False)
    given = {"class_names": CLASSES, "same_cohort": False, "comparisons": comparisons(0.4)}
    rows = build(**given, accuracy=table).set_index("claim")
    row = rows.loc["The 3D CNN slightly outperforms the SVM on voxels"]
    assert row["verdict"] == "not comparable: the SVM is near chance"
    assert row["ours"] == "+0.40 in accuracy; AUC 0.80 (CNN) and 0.80 (SVM)"
    table.loc[1, ["recall_negative", "recall_positive"]] = [1, 0]
    rows = build(**given, accuracy=table).set_index("claim")
    assert rows.loc[row.name, "ours"].endswith("; the SVM names one class only")
    assert rows.loc["Accuracy: SVM on voxels", "ours"].endswith("; names one class only")
    assert not rows.loc["Accuracy: 3D CNN", "ours"].endswith("one class only")


def test_masks_suffice_only_beyond_both_controls():
    assert masks_suffice(masked()) is True
    assert masks_suffice(masked(p_random=0.05)) is False
    assert masks_suffice(masked(complement=0.8)) is False
    assert masks_suffice(masked().query("mask != 'conjoined'")) is None


def test_table3_number_and_conclusion_are_judged_apart():
    found = verdicts(accuracy=accuracy(), table3=table3(dice=0.2))
    assert (found[found.index.str.startswith('"DICE"')] == "reproduced").all()
    similar = "High overlap: all three methods reveal similar patterns"
    assert found[similar] == "not supported"
    assert verdicts(accuracy=accuracy(), table3=table3(dice=0.7))[similar] == "supported"
    chance = verdicts(accuracy=accuracy(), table3=table3(dice=0.7, p_null=0.3))
    assert chance[similar] == "not supported"


def test_agreement_at_its_chance_level_is_never_plainly_reproduced():
    def rows(**numbers):
        table = build(accuracy=accuracy(), table3=table3(**numbers))
        return table[table["claim"].str.startswith('"DICE"')]

    at_chance = rows(agreement_chance=0.93)
    assert (at_chance["verdict"] == "reproduced, at chance").all()
    expected = (
        "agreement of masks of these sizes 0.93 if independent, 0.88 without a common voxel; "
        "Dice 0.03"
    )
    assert (at_chance["chance"] == expected).all()
    assert (rows(agreement_chance=0.92)["verdict"] == "reproduced").all()
    assert (rows(agreement=0.99)["verdict"] == "differs").all()
    empty = rows(dice_threshold=np.nan)
    assert (empty["verdict"] == "not testable: a mask is empty").all()
    assert (empty["kan2020"] == "in this run: agreement 0.94").all()
    assert (empty["ours"] == "no true Dice, because a mask is empty").all()


@pytest.mark.parametrize(
    ("atlas", "first"),
    [
        ("brainnetome", "A13_R, orbital gyrus right"),
        ("Brainnetome-246", "A13_R, orbital gyrus right"),
        ("icbm", "Corticospinal tract right"),
        ("jhu48", "Corticospinal tract right"),
        ("mori", "Corticospinal tract right"),
        ("white_matter", "Corticospinal tract right"),
        ("harvard_oxford", None),
        ("aal", None),
    ],
)
def test_only_the_papers_atlases_have_published_regions(atlas, first):
    regions = published_regions(atlas)
    assert (regions[0].name if regions else None) == first


def test_an_atlas_without_a_counterpart_makes_no_claim():
    regions = pd.DataFrame({"value": [1], "name": ["a"], "rank": [1], "survives": [False]})
    rows = build(
        accuracy=accuracy(),
        table2_aal=regions.assign(method="meaningful_perturbation"),
    )
    assert not rows["claim"].str.startswith("Table 2").any()


def test_table2_counts_shared_regions():
    names = [f"region {i}" for i in range(246)]
    order = [50, 46, 138, 200, 201, *[v for v in range(1, 247) if v not in (50, 46, 138, 200, 201)]]
    regions = pd.DataFrame({"value": order, "name": names}).assign(
        method="meaningful_perturbation", rank=range(1, 247), survives=[True] * 3 + [False] * 243
    )
    rows = build(
        accuracy=accuracy(),
        table2_brainnetome=regions,
    )
    row = rows[rows["claim"].str.startswith("Table 2")].iloc[0]
    assert row["verdict"] == "supported"
    assert row["chance"] == "3 shared; 0.10 expected"
    assert row["uncertainty"].startswith("3 of 5 survive both tests")
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
            "p_adjusted_holm": [0.2, 0.2, 0.2, 0.01, 0.01, 0.2],
            "larger": ["men", "", "women", "men", "men", "women"],
        }
    )
    counts = first_layer_counts(tests, CLASSES)
    assert counts["different"].tolist() == [2, 3]
    assert counts["positive"].tolist() == [1, 2]
    assert counts["negative"].tolist() == [1, 1]
    assert counts["adjusted"].tolist() == [0, 2]


def first_layer_rows(significant):
    """Claims on mean and entropy where `significant` of 32 features differ, by fold."""
    tests = pd.DataFrame(
        [
            {
                "measure": measure,
                "fold": fold,
                "feature": feature,
                "p_holm": 0.001 if feature < n else 0.5,
                "p_adjusted_holm": 0.001 if feature < n / 2 else 0.5,
                "larger": "men" if feature < n else "",
            }
            for measure in ("mean", "entropy")
            for fold, n in significant.items()
            for feature in range(32)
            for _class in CLASSES
        ]
    )
    rows = build(accuracy=accuracy(), first_layer=tests)
    return [row for _, row in rows[rows["section"].str.startswith("A, Fig. 3")].iterrows()]


def test_first_layer_claim_is_decided_on_held_out_folds():
    mean, entropy = first_layer_rows({"01": 0, "02": 0, "03": 5, "all": 32})
    assert mean["ours"] == (
        "0 of 32 significant in a median fold (0 to 5), held out; at equal head size 0"
    )
    assert mean["kan2020"] == (
        "in this run: 32 of 32 (0 larger in women, 32 in men), in-sample: no valid null"
    )
    assert mean["chance"].startswith("held out: 5 %")
    assert mean["verdict"] == entropy["verdict"] == "not supported"
    mean, entropy = first_layer_rows({"01": 32, "02": 32, "03": 30, "all": 0})
    assert mean["ours"].startswith("32 of 32 significant in a median fold (30 to 32)")
    # Wilson's interval of 32/32 starts at 32 / (32 + 1.96^2) = 89 %: 31/32 lies inside
    assert mean["uncertainty"] == "95 % CI over features 89% to 100%"
    assert mean["verdict"] == "reproduced"
    assert entropy["verdict"] == "supported"
    mean, entropy = first_layer_rows({"01": 10, "02": 12})
    assert mean["ours"].startswith("11 of 32")
    assert mean["verdict"] == "differs"
    assert entropy["verdict"] == "not supported"


def test_first_layer_in_sample_numbers_alone_decide_nothing():
    mean, entropy = first_layer_rows({"all": 32})
    assert mean["kan2020"].startswith("in this run: 32 of 32")
    assert mean["ours"] == mean["chance"] == mean["uncertainty"] == ""
    assert mean["verdict"] == entropy["verdict"] == "not tested here"


def test_runtime_order():
    seconds = {"grad_cam": 0.1, "guided_backprop": 0.2, "meaningful_perturbation": 9.0}
    runtime = pd.DataFrame({"method": list(seconds), "seconds": list(seconds.values()), "maps": 1})
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


def test_the_papers_numbers_need_no_overlap_whatever_the_run():
    row = (
        build(same_cohort=False).set_index("claim").filter(like="Table 3's numbers", axis=0).iloc[0]
    )
    assert row["verdict"] == "not supported by the paper's own numbers"
    assert "Meaningful Perturbations 2.5%" in row["ours"]
    assert "Grad-CAM 3.5%" in row["ours"]


def test_a_run_of_the_papers_protocol_fills_its_column():
    reference = build(accuracy=accuracy(cnn=0.88), table3=table3())
    reference = pd.concat([reference, pd.DataFrame({"claim": ["other"], "ours": ["x"]})])
    rows = build(accuracy=accuracy(), reference=reference).set_index("claim")
    assert rows.loc["Accuracy: 3D CNN", "kan2020"] == "0.88 ± 0.05 over folds"
    assert rows.loc["Accuracy: k-NN, morphometry", "kan2020"] == ""
    agreed = rows.loc[rows.index.str.startswith("High overlap"), "kan2020"]
    assert agreed.tolist() == ["agreement 0.94 to 0.94"]
    alone = build(accuracy=accuracy()).set_index("claim")["kan2020"]
    assert alone["Accuracy: 3D CNN"] == "in this run: 0.90 ± 0.05 over folds"
    assert alone["Accuracy: k-NN, morphometry"] == "n/a"


def test_a_reference_of_other_people_is_refused():
    own, theirs = (pd.DataFrame({"participant_id": list(ids)}) for ids in ("abc", "abd"))
    claims.check_reference(own, own[::-1], "demo_kan2020")
    with pytest.raises(ConfigError, match=r"demo_kan2020 has not the participants .*\(2 are"):
        claims.check_reference(own, theirs, "demo_kan2020")


def test_tables_are_named_with_the_rule_that_made_them():
    rules = {"accuracy": "prediction_tables", "comparisons": "prediction_tables"}
    rows = build(accuracy=accuracy(), comparisons=comparisons(), rules=rules).set_index("claim")
    row = rows.loc["The 3D CNN slightly outperforms the SVM on voxels"]
    assert row["rule"] == "prediction_tables"
    assert rows.loc["Accuracy: k-NN, morphometry", ["source", "rule"]].tolist() == ["", ""]
    assert set(rows["paper_cohort"]) == {"HCP, this cohort"}
    assert set(build(same_cohort=False)["paper_cohort"]) == {"HCP, another cohort"}


def test_hyper_parameters_chosen_on_the_test_folds_are_the_papers_way():
    table = accuracy().assign(model=["knn", "voxel_svm"])
    chosen = pd.DataFrame({"model": ["knn"], "non_nested_mean": 0.95, "non_nested_sd": 0.02})
    row = (
        build(accuracy=table, optimism=chosen).set_index("claim").loc["Accuracy: k-NN, morphometry"]
    )
    assert row["kan2020"] == "in this run: 0.95 ± 0.02 over folds, chosen on the test folds"
    assert row["ours"] == "0.900 pooled over held-out participants"


@pytest.mark.parametrize(("difference", "verdict"), [(0.05, "supported"), (0.09, "not supported")])
def test_network_and_regression_correspond_if_0_is_in_the_interval(difference, verdict):
    found = verdicts(accuracy=accuracy(), comparisons=comparisons(difference))
    assert found.filter(like="corresponds").tolist() == [verdict]
