import numpy as np
import pandas as pd
import pytest
from scipy import stats

from voxplain import paper
from voxplain.evaluation.maps.runtime import runtime_over_folds
from voxplain.evaluation.prediction.accuracy import table1
from voxplain.evaluation.prediction.repeats import accuracy_over_repeats
from voxplain.evaluation.trust.over_folds import faithfulness_over_folds, masked_accuracy_over_folds

GROUPS = {"cats": "negative", "conjoined": "conjoined"}


def rows_of(random):
    """Two folds of one mask; `random` holds the random masks' accuracies, (folds, draws)."""
    rows = [
        {"mask": mask, "control": control, "draw": 0, "fold": fold, "accuracy": value}
        for mask, control, values in (
            ("none", "none", (0.9, 0.9)),
            ("brain", "brain", (0.9, 0.7)),
            ("conjoined", "mask", (0.9, 0.7)),
            ("conjoined", "complement", (0.5, 0.6)),
        )
        for fold, value in zip(("01", "02"), values, strict=True)
    ]
    rows += [
        {"mask": "conjoined", "control": "random", "draw": draw, "fold": fold, "accuracy": value}
        for fold, draws in zip(("01", "02"), random, strict=True)
        for draw, value in enumerate(draws)
    ]
    return pd.DataFrame(rows).assign(method="meaningful_perturbation")


def test_random_masks_are_averaged_over_folds_draw_by_draw():
    # means of the draws over folds: .5, .8, .65, .85; the mask's mean is .8
    table = masked_accuracy_over_folds(
        rows_of([[0.5, 0.7, 0.7, 0.9], [0.5, 0.9, 0.6, 0.8]]), GROUPS
    ).set_index("control")
    assert table.index.tolist() == ["none", "brain", "mask", "complement", "random"]
    mask = table.loc["mask"]
    assert mask["accuracy_mean"] == pytest.approx(0.8)
    assert mask["accuracy_sd"] == pytest.approx(np.sqrt(0.02))
    assert mask["n_folds"] == 2
    assert mask["random_mean"] == pytest.approx(0.7)
    # 95th percentile: .95 * 3 = 2.85, between .8 and .85
    assert mask["random_p95"] == pytest.approx(0.8 + 0.85 * 0.05)
    # .8 and .85 are at least .8 (a tie counts, rounding apart): (2 + 1) / (4 + 1)
    assert mask["p_random"] == 3 / 5
    assert (mask["paper_mean"], mask["paper_sd"]) == paper.MASKED_ACCURACY["conjoined"]
    others = table.drop(index="mask")
    assert others[["random_mean", "random_p95", "p_random", "paper_mean"]].isna().all(axis=None)
    assert others.loc["random", "accuracy_mean"] == pytest.approx(0.7)
    # folds' means of the draws: .7 and .7
    assert others.loc["random", "accuracy_sd"] == pytest.approx(0)


def test_a_mask_above_all_draws_has_the_smallest_p():
    table = masked_accuracy_over_folds(rows_of([[0.5] * 19, [0.9] * 19]), GROUPS)
    assert table.set_index("control").loc["mask", "p_random"] == 1 / 20


def test_masks_are_compared_fold_by_fold():
    rows = rows_of([[0.5] * 19, [0.9] * 19])
    alone = rows[rows["mask"] == "conjoined"].assign(mask="cats")
    alone.loc[alone["control"] == "mask", "accuracy"] = [0.8, 0.5]
    table = masked_accuracy_over_folds(pd.concat([rows, alone]), GROUPS)
    table = table.set_index(["mask", "control"])
    # t(.975, 1) = 12.706; differences 0 and -.2, and .1 and .2; variance s^2 (1/2 + 1)
    half = 12.7062047 * np.sqrt(0.02 * 1.5)
    change = table.loc[("conjoined", "mask"), ["change", "change_low", "change_high"]]
    assert change.tolist() == pytest.approx([-0.1, -0.1 - half, -0.1 + half])
    lead = table.loc[("cats", "mask"), ["lead", "lead_low", "lead_high"]]
    assert lead.tolist() == pytest.approx([0.15, 0.15 - half / 2, 0.15 + half / 2])
    assert table["lead"].notna().sum() == 1
    assert table.index[table["change"].isna()].tolist() == [("none", "none")]


def test_table_1_says_what_the_cohort_lacks():
    accuracy = pd.DataFrame({"model": ["cnn", "knn"], "mean": [0.9, 0.8], "sd": [0.1, 0.05]})
    table = table1(accuracy).set_index("model")
    assert table.index.tolist() == list(paper.TABLE1_MODELS)
    assert table.loc["knn", ["accuracy_mean", "accuracy_sd"]].tolist() == [0.8, 0.05]
    assert table.loc["knn", "paper_mean"] == paper.ACCURACY["knn"].mean
    assert "no morphometry" in table.loc["xgboost", "status"]
    assert pd.isna(table.loc["xgboost", "accuracy_mean"])


def test_runtime_by_hand():
    timing = pd.DataFrame(
        {
            "method": ["grad_cam", "grad_cam", "other"],
            "fold": ["01", "02", "01"],
            "device": "CPU",
            "maps": [14, 16, 4],
            "test_maps": [10, 12, 4],
            "seconds": [2.0, 4.0, 1.0],
        }
    )
    table = runtime_over_folds(timing)
    assert table.columns.tolist() == [
        "method", "device", "maps", "seconds", "seconds_per_map", "cohort_seconds", "paper",
    ]  # fmt: skip
    row = table.iloc[0]
    assert row["maps"] == 30
    assert row["seconds_per_map"] == pytest.approx(0.2)
    assert row["cohort_seconds"] == pytest.approx(0.2 * 22)
    assert row["paper"] == "within one minute"


def test_a_method_on_two_devices_covers_the_cohort_at_each_speed():
    timing = pd.DataFrame({"method": "grad_cam", "device": ["CPU", "GPU"], "maps": [10, 10]})
    table = runtime_over_folds(timing.assign(test_maps=8, seconds=[5.0, 1.0]))
    np.testing.assert_allclose(table["cohort_seconds"], [0.5 * 16, 0.1 * 16])


def test_repeats_by_hand():
    rows = [
        {"model": "svm", "repeat": repeat, "families": kind, "accuracy": value, "relatives": share}
        for repeat, kind, value, share in (
            ("01", "together", 0.80, 0.0),
            ("02", "together", 0.90, 0.0),
            ("01", "divided", 0.95, 0.5),
            ("02", "divided", 0.85, 0.7),
        )
    ]
    row = accuracy_over_repeats(pd.DataFrame(rows)).set_index("model").loc["svm"]
    assert row["n_repeats"] == 2
    assert row["together_mean"] == pytest.approx(0.85)
    assert row["together_sd"] == pytest.approx(0.1 / np.sqrt(2))
    assert row["family_gain"] == pytest.approx(0.05)
    assert row["relatives"] == pytest.approx(0.6)
    alone = accuracy_over_repeats(pd.DataFrame(rows[:2])).set_index("model").loc["svm"]
    assert alone["together_mean"] == pytest.approx(0.85)
    assert alone[["divided_mean", "divided_sd", "family_gain", "relatives"]].isna().all()


def test_faithfulness_against_random_by_hand():
    rows = pd.DataFrame(
        {
            "method": "grad_cam",
            "fill": "blur",
            "test": ["deletion"] * 4 + ["insertion"] * 4,
            "fold": ["01", "01", "02", "02"] * 2,
            "participant_id": list("abcd") * 2,
            "area": [0.2, 0.4, 0.3, 0.6, 0.5, 0.7, 0.5, 0.9],
            "draw": pd.NA,
        }
    )
    widths = [2.0, 2.0, 5.0, 5.0] * 2  # of the folds
    random = [
        rows.assign(draw=draw, area=area, fwhm=widths, unmatched=1)
        for draw, area in enumerate((0.4, 0.6))
    ]
    table = faithfulness_over_folds(pd.concat([rows, *random])).set_index("test")
    assert table.loc["deletion", "gain"] == pytest.approx((0.2 + 0.05) / 2)
    assert table.loc["deletion", "better"] == 0.75
    assert table.loc["insertion", "gain"] == pytest.approx((0.1 + 0.2) / 2)
    assert table.loc["insertion", "folds"] == 2
    assert table.loc["insertion", "participants"] == 4
    np.testing.assert_allclose(table["random"], 0.5)
    assert table[["fwhm", "unmatched"]].to_numpy().tolist() == [[3.5, 2]] * 2
    # random orders vary by .02 in both folds; four of them
    error = np.sqrt(0.02 * 1.25)
    assert table.loc["insertion", "p"] == pytest.approx(2 * stats.t.sf(0.15 / error, 1))
