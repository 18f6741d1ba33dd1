"""The stages that ask whether the maps can be believed, on the tiny cohort."""

import pandas as pd
import pytest

from support.workflow import TINY, Workflow

pytestmark = pytest.mark.slow

METHODS = {"meaningful_perturbation", "guided_backprop", "grad_cam"}
CONTROLS = {"input_gradient", "edges", "group_difference"}


def table(workflow, name):
    return pd.read_csv(workflow.path("tiny", "tables", f"{name}.tsv"), sep="\t")


def test_every_method_and_control_is_deleted_and_inserted(tiny):
    areas = table(tiny, "faithfulness")
    assert set(areas["method"]) == METHODS | CONTROLS
    assert len(areas) == 6 * 2 * 2
    assert areas["area"].between(0, 1).all()
    assert (areas["folds"] == 2).all()
    sign = areas["test"].map({"deletion": -1, "insertion": 1})
    gain = sign * (areas["area"] - areas["random"])
    assert (gain - areas["gain"]).abs().max() < 1e-9  # folds of one participant each
    curves = table(tiny, "faithfulness_curves")
    ends = curves[curves["fraction"] == 1].groupby(["test", "fill"])["probability"]
    assert (ends.max() - ends.min()).max() < 1e-6  # every order ends at the same image


def test_networks_are_randomised_disturbed_and_retrained(tiny):
    rows = table(tiny, "robustness")
    assert set(rows["method"]) == METHODS | {"input_gradient", "edges"}
    assert (rows.loc[rows["method"] == "edges", "spearman"].head(7) > 0.999).all()
    kinds = rows[rows["method"] == "grad_cam"].groupby("kind").size().to_dict()
    assert kinds == {
        "randomised": 4,
        "noise": 1,
        "dropout": 1,
        "shuffled": 1,
        "seed": 1,
        "other participant": 1,
    }
    assert rows[["spearman", "pearson", "ssim", "dice"]].abs().max().max() <= 1


def test_controls_are_held_against_the_truth_too(tiny):
    assert set(table(tiny, "localisation_controls")["method"]) == CONTROLS
    assert set(table(tiny, "localisation")["method"]) == METHODS


def test_regions_say_how_much_of_them_is_planted(tiny):
    for atlas, planted in (("brainnetome", "IPL_L_6_4"), ("mori", "Right Superior Corona Radiata")):
        shares = table(tiny, f"table2_{atlas}").groupby("name")["planted"].max()
        assert shares.between(0, 1).all()
        assert shares[planted] > 0.3
        assert (shares < 0.05).mean() > 0.5


def test_the_truth_sweep_runs_studies_of_its_own(tmp_path):
    evaluation = TINY["evaluation"] | {
        "truth": {"n_subjects": [24], "effect_size": [2.0], "n_splits": 2}
    }
    # more neighbours than the point has participants: nobody asks it for models of morphometry
    baselines = TINY["baselines"] | {"knn": {"n_neighbors": [25]}}
    workflow = Workflow(tmp_path, TINY | {"evaluation": evaluation, "baselines": baselines})
    done = workflow("truth")
    assert done.returncode == 0, done.stdout[-8000:]
    rows = table(workflow, "truth")
    assert set(rows["method"]) == METHODS | CONTROLS
    assert rows["auc"].between(0, 1).all()
    assert (rows["participants"] == 24).all()
    assert (rows["auc_low"] <= rows["auc"]).all()
    assert rows["evidence"].isin([True, False]).all()
    assert workflow.path("tiny", "figures", "truth.svg").exists()
    again = workflow("truth")
    assert "Nothing to be done" in again.stdout
