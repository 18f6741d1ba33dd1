import pandas as pd
import pytest

from voxplain import figures


@pytest.fixture
def curves():
    return pd.DataFrame(
        [
            (method, random, test, fill, fraction, value)
            for method in ("grad_cam", "edges")
            for random in (False, True)
            for test in ("deletion", "insertion")
            for fill in ("blur", "mean")
            for fraction, value in ((0.0, 0.9), (1.0, 0.2 + 0.3 * random))
        ],
        columns=["method", "random", "test", "fill", "fraction", "probability"],
    )


def test_faithfulness_draws_methods_controls_and_the_methods_random_orders(curves):
    figure = figures.faithfulness(curves)
    assert len(figure.axes) == 4
    lines = {line.get_label(): list(line.get_ydata()) for line in figure.axes[0].lines}
    assert lines == {
        "Grad-CAM": [0.9, 0.2],
        "random, as smooth as Grad-CAM": [0.9, 0.5],
        "Image edges (control)": [0.9, 0.2],
    }
    assert "deletion" in figure.axes[0].get_title(loc="left")


def test_robustness_draws_a_point_with_its_range_for_each_change():
    table = pd.DataFrame(
        [
            ("grad_cam", "randomised", "linear", 0.8, 0.7, 0.9),
            ("grad_cam", "noise", 0.1, 0.6, 0.5, 0.65),
            ("grad_cam", "other participant", None, 0.1, 0.0, 0.2),
        ],
        columns=["method", "kind", "level", "spearman", "ci_low", "ci_high"],
    )
    axes = figures.robustness(table, 0.5).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        "randomised linear",
        "noise 0.1",
        "other participant",
    ]
    (points,) = [line for line in axes.lines if line.get_marker() == "o"]
    assert list(points.get_ydata()) == [0.8, 0.6, 0.1]
    (bars,) = axes.collections
    low, high = bars.get_segments()[0][:, 1]
    assert (low, high) == (pytest.approx(0.7), pytest.approx(0.9))
