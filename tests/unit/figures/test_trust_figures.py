import pandas as pd
import pytest
from matplotlib.colors import to_hex

from voxplain.figures.style import METHOD_COLOURS, NEUTRAL
from voxplain.figures.trust import CONTROL_STYLES, faithfulness, robustness
from voxplain.figures.truth import truth
from voxplain.names import METHOD_NAMES

METHODS = [method for method in METHOD_NAMES if method not in CONTROL_STYLES]


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
    figure = faithfulness(curves)
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
    axes = robustness(table, 0.5).axes[0]
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


def test_the_line_of_sanity_ends_where_networks_have_learnt():
    table = pd.DataFrame(
        [("randomised", "linear"), ("randomised", "conv"), ("noise", 0.1)],
        columns=["kind", "level"],
    ).assign(method="grad_cam", spearman=0.5, ci_low=0.4, ci_high=0.6)
    axes = robustness(table, 0.5).axes[0]
    (line,) = [line for line in axes.lines if "stay below" in line.get_label()]
    assert line.get_xydata().tolist() == [[-0.5, 0.5], [1.5, 0.5]]


def test_all_methods_can_be_told_apart_and_have_random_orders(curves):
    part = curves[curves["method"] == "grad_cam"]
    curves = pd.concat([part.assign(method=method) for method in METHODS])
    lines = faithfulness(curves).axes[0].lines
    assert len(lines) == 2 * len(METHODS) == 12
    assert len({to_hex(line.get_color()) for line in lines}) == len(METHODS)
    assert NEUTRAL.lower() not in map(to_hex, METHOD_COLOURS.values())


def test_truth_draws_each_method_in_its_colour():
    rows = [(method, size) for method in METHODS for size in (1.0, 2.0)]
    table = pd.DataFrame(rows, columns=["method", "effect_size"]).assign(
        participants=40, auc=0.8, null_auc_p95=0.6, cnn_accuracy=0.7, cnn_low=0.6, cnn_high=0.8,
        auc_low=0.7, auc_high=0.9, evidence=True,
    )  # fmt: skip
    drawn = {
        line.get_label(): to_hex(line.get_color())
        for line in truth(table).axes[0].lines
        if line.get_label() in METHOD_NAMES.values()
    }
    assert drawn == {METHOD_NAMES[m]: METHOD_COLOURS[m].lower() for m in METHODS}
    larger = table.assign(participants=80, evidence=table["effect_size"] > 1)
    figure = truth(pd.concat([table, larger]))
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend.count("chance") == legend.count("CNN not better than chance") == 1
    failed = [
        [line.get_xdata()[0] for line in axes.lines if line.get_label().startswith("CNN not")]
        for axes in figure.axes
    ]
    assert failed == [[], [1.0]]
