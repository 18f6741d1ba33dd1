import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from voxplain.figures.grids import grids
from voxplain.figures.learning import learning
from voxplain.figures.prediction import calibration, head_size


@pytest.fixture
def head_sizes():
    models = ["cnn", "logistic_regression", "logistic_regression_tiv_residual", "head_size"]
    raw, matched = np.array([0.9, 0.8, 0.6, 0.75]), np.array([0.7, 0.6, 0.55, 0.5])
    return pd.DataFrame(
        {
            "model": models,
            "accuracy": raw,
            "ci_low": raw - 0.1,
            "ci_high": raw + 0.1,
            "matched_accuracy": matched,
            "matched_low": matched - 0.2,
            "matched_high": matched + 0.2,
            "n_pairs": 17,
        }
    )


def points(axes):
    """Position of every marker, {(marker): [(x, y), ...]}."""
    drawn = {}
    for line in axes.lines:
        if line.get_marker() in ("o", "D"):
            drawn.setdefault(line.get_marker(), []).extend(line.get_xydata().tolist())
    return drawn


def texts(figure):
    return " ".join(text.get_text() for text in figure.findobj(mpl.text.Text))


def test_four_head_size_lines(head_sizes):
    figure = head_size(head_sizes)
    drawn = points(figure.axes[0])
    assert [x for x, _ in drawn["o"]] == head_sizes["accuracy"].tolist()
    assert [x for x, _ in drawn["D"]] == head_sizes["matched_accuracy"].tolist()
    assert [round(y) for _, y in drawn["o"]] == [3, 2, 1, 0]
    verticals = [line.get_xdata()[0] for line in figure.axes[0].lines if len(line.get_xdata()) == 2]
    assert {0.5, 0.75} <= set(verticals)
    assert "17 pairs" in texts(figure)
    assert "head size alone (0.75)" in texts(figure)


def test_without_pairs_only_everybody_is_drawn(head_sizes):
    missing = ["matched_accuracy", "matched_low", "matched_high"]
    figure = head_size(head_sizes.assign(n_pairs=0, **dict.fromkeys(missing, np.nan)))
    assert "D" not in points(figure.axes[0])
    assert "0 pairs" in texts(figure)


def test_learning_curves_end_at_the_run_itself_beside_chance():
    table = pd.DataFrame({"share": [0.5, 1.0] * 2, "n_train": [45, 90] * 2, "draws": [5, 1] * 2})
    table.insert(0, "model", ["voxel_svm"] * 2 + ["head_size"] * 2)
    table = table.assign(accuracy=[0.7, 0.8, 0.6, 0.6], majority=0.5, chance_high=0.6)
    table = table.assign(accuracy_low=table["accuracy"] - 0.05, accuracy_high=table["accuracy"])
    figure = learning(table)
    lines = [line.get_xydata().tolist() for line in figure.axes[0].lines]
    assert lines[:2] == [[[45, 0.7], [90, 0.8]], [[45, 0.6], [90, 0.6]]]
    assert [line[0][1] for line in lines[2:]] == [0.5, 0.6]


@pytest.mark.parametrize("n_models", [1, 4])
def test_a_calibration_panel_per_model(n_models):
    models = [f"model_{k}" for k in range(n_models)]
    curves = pd.DataFrame(
        [
            {"model": model, "n": 20, "predicted": x, "observed": x / 2}
            for model in models
            for x in (0.1, 0.5, 0.9)
        ]
    )
    curves = curves.assign(ci_low=curves["observed"] - 0.05, ci_high=curves["observed"] + 0.05)
    accuracy = pd.DataFrame({"model": models, "brier": 0.2, "calibration_slope": np.inf})
    figure = calibration(curves, accuracy, "patients")
    assert len(figure.axes) == n_models
    for axes in figure.axes:
        assert points(axes)["o"] == [[0.1, 0.05], [0.5, 0.25], [0.9, 0.45]]
    assert texts(figure).count("Brier 0.200") == n_models
    assert "probability of the class patients" in texts(figure)


def test_every_line_of_the_grids_figure_has_its_legend():
    table = pd.DataFrame({"grid": ["22x26x22", "30x36x30"], "voxel_mm": [8.0, 6.0]})
    table = table.assign(own=[False, True], lead=0.1, lead_low=0.0, lead_high=0.2)
    for model in ("cnn", "voxel_svm"):
        table = table.assign(
            **{f"{model}_accuracy": 0.8, f"{model}_ci_low": 0.7, f"{model}_ci_high": 0.9}
        )
    figure = grids(table)
    (legend,) = figure.legends
    assert {text.get_text() for text in legend.get_texts()} >= {"3D CNN", "SVM on voxels", "chance"}
    assert not [axes for axes in figure.axes if axes.get_legend()]  # none over the intervals
