import pandas as pd
import pytest

from support.claims_tables import CLASSES, accuracy, build, comparisons, verdicts


def test_the_same_counts_are_the_papers_cohort():
    people = pd.DataFrame({"label": [0] * 606 + [1] * 507, "age": 30.0})
    row = build(participants=people).set_index("claim").iloc[0]
    assert row["verdict"] == "reproduced"
    assert row["ours"] == "606 women and 507 men of 30 to 30 years"
    assert row["source"] == "cohort/participants.tsv"
    row = build(participants=people[1:].assign(age=float("nan")), same_cohort=False).iloc[0]
    assert row["verdict"] == "differs, other cohort"
    assert row["ours"].endswith("605 women and 507 men, ages unknown")


def test_accuracy_is_reproduced_only_inside_the_interval():
    judged = verdicts(accuracy=accuracy(cnn=0.9, svm=0.80))
    assert judged["Accuracy: 3D CNN"] == "reproduced"  # .92 in [.84, .95]
    assert judged["Accuracy: SVM on voxels"] == "differs"  # .90 not in [.74, .85]
    assert judged["Accuracy: XGBoost, morphometry"] == "not tested here"
    wide = accuracy(cnn=0.9).assign(ci_low=0.7, ci_high=0.95)  # .92 is .4 from the larger class
    assert verdicts(accuracy=wide)["Accuracy: 3D CNN"] == "undecided"


@pytest.mark.parametrize(
    ("difference", "p", "verdict"),
    [
        (0.05, 0.049, "supported"),
        (0.05, 0.051, "undecided"),
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


def test_an_svm_near_chance_is_no_rival():
    table = accuracy(cnn=0.9, svm=0.5, svm_evidence=False)
    settings = {"class_names": CLASSES, "same_cohort": False, "comparisons": comparisons(0.4)}
    rows = build(**settings, accuracy=table).set_index("claim")
    row = rows.loc["The 3D CNN slightly outperforms the SVM on voxels"]
    assert row["verdict"] == "not comparable: the SVM is near chance"
    assert row["ours"] == "+0.40 in accuracy; AUC 0.80 (CNN) and 0.80 (SVM)"
    table.loc[1, ["recall_negative", "recall_positive"]] = [1, 0]
    rows = build(**settings, accuracy=table).set_index("claim")
    assert rows.loc[row.name, "ours"].endswith("; the SVM predicts one class only")
    assert rows.loc["Accuracy: SVM on voxels", "ours"].endswith("; predicts one class only")
    assert not rows.loc["Accuracy: 3D CNN", "ours"].endswith("one class only")


def test_hyper_parameters_chosen_on_the_test_folds_are_the_papers_way():
    table = accuracy().assign(model=["knn", "voxel_svm"])
    chosen = pd.DataFrame({"model": ["knn"], "non_nested_mean": 0.95, "non_nested_sd": 0.02})
    row = (
        build(accuracy=table, optimism=chosen).set_index("claim").loc["Accuracy: k-NN, morphometry"]
    )
    assert (
        row["kan2020"]
        == "in this run: 0.95 ± 0.02 over folds, hyper-parameters chosen on the test folds"
    )
    assert row["ours"] == "0.900 pooled over held-out participants"


@pytest.mark.parametrize(
    ("difference", "half", "verdict"),
    [
        (0.01, 0.04, "supported"),
        (0.0, 0.08, "undecided"),  # an interval around 0 is no equality by itself
        (0.09, 0.03, "not supported"),
        (-0.09, 0.03, "not supported"),
    ],
)
def test_network_and_regression_correspond_within_a_margin(difference, half, verdict):
    table = comparisons(difference).assign(boot_low=difference - half, boot_high=difference + half)
    judged = verdicts(accuracy=accuracy(), comparisons=table)
    assert judged.filter(like="corresponds").tolist() == [verdict]
