import io

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from voxplain import paper
from voxplain.figures.accuracy import accuracy, masked_accuracy
from voxplain.figures.attention import attention, peak
from voxplain.figures.convergence import convergence
from voxplain.figures.first_layer import first_layer
from voxplain.figures.history import history
from voxplain.figures.importances import importances
from voxplain.figures.overlap import localisation, overlap
from voxplain.figures.quality import _middle_slices, quality_montage, slices_png
from voxplain.figures.style import save

CLASSES = ("controls", "patients")
SHAPE = (12, 14, 11)
# LAS-like: x runs from the participant's right to left, as many scanners write it
AFFINE = np.array([[-6.0, 0, 0, 33], [0, 5, 0, -35], [0, 0, 7, -38], [0, 0, 0, 1]])
KINDS = ("png", "svg", "tsv")
DATA = pd.DataFrame({"a": [1]})


@pytest.fixture
def brain():
    index = np.indices(SHAPE).reshape(3, -1).T - (np.array(SHAPE) - 1) / 2
    return ((index / (np.array(SHAPE) / 2.4)) ** 2).sum(axis=1).reshape(SHAPE) < 1


@pytest.fixture
def maps(brain):
    rng = np.random.default_rng(0)
    means = rng.random((2, *SHAPE)) * 0.4 * brain
    return np.stack([*means, np.clip(means.sum(axis=0), 0, 1)])


def first_layer_values(n_features=4):
    rows = []
    for measure in ("mean", "entropy"):
        for feature in range(1, n_features + 1):
            for name, value in zip(CLASSES, (1.0, 1.0 + 0.1 * (-1) ** feature), strict=True):
                rows.append(
                    {
                        "measure": measure,
                        "feature": feature,
                        "class_name": name,
                        "value": value,
                        "ci_low": value - 0.02,
                        "ci_high": value + 0.02,
                        "p_holm": 0.01 if feature < 4 else 0.6,
                        "larger": CLASSES[feature % 2 == 0] if feature < 4 else "",
                    }
                )
    return pd.DataFrame(rows)


def texts(figure):
    return [text.get_text() for text in figure.findobj(mpl.text.Text)]


def heights_of(axes, label):
    """Heights of the horizontal marks that the legend calls `label`."""
    (lines,) = [c for c in axes.collections if c.get_label() == label]
    return [segment[0, 1] for segment in lines.get_segments()]


def test_first_layer_marks_follow_significance_and_direction():
    figure = first_layer(first_layer_values(), CLASSES)
    marks = [text for text in texts(figure) if text in ("*", "+")]
    assert "First hidden layer: whole-cohort model, in-sample" in texts(figure)
    # per measure: features 1 and 3 larger in class 0 (+), 2 in class 1 (*), 4 not significant
    assert sorted(marks) == ["*"] * 2 + ["+"] * 4


def test_importances_order_sign_and_top():
    coefficients = pd.DataFrame(
        [
            {"feature": name, "fold": fold, "coefficient": mean + shift}
            for name, mean in (("small", 0.1), ("large_negative", -2.0), ("medium", 1.0))
            for fold, shift in (("01", -0.05), ("02", 0.05))
        ]
    )
    figure = importances(coefficients, CLASSES, top=2)
    axes = figure.axes[0]
    widths = [patch.get_width() for patch in axes.patches]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["medium", "large_negative"]
    assert widths == pytest.approx([1.0, -2.0])
    assert "2 largest of 3 coefficients, mean ± sd over 2 folds (points)" in texts(figure)
    points = [x for strip in axes.collections for x, y in strip.get_offsets().tolist()]
    assert {0.95, 1.05, -2.05, -1.95} <= {round(x, 6) for x in points}


def test_importances_without_morphometry_says_so():
    assert any("no morphometry" in text for text in texts(importances(None, CLASSES)))


def test_peak_is_the_world_coordinate_of_the_largest_voxel_inside_the_brain(brain):
    volume = np.zeros(SHAPE)
    volume[0, 0, 0] = 9.0  # outside the brain: must not attract the cuts
    volume[7, 6, 4] = 2.0
    assert peak(volume, brain, AFFINE) == pytest.approx((33 - 42, -35 + 30, -38 + 28))


def test_peak_of_an_empty_map_is_the_voxel_at_the_brain_centre(brain):
    centre = AFFINE[:3, :3] @ [6, 6, 5] + AFFINE[:3, 3]  # from 5.5, 6.5 and 5
    assert peak(np.zeros(SHAPE), brain, AFFINE) == pytest.approx(tuple(centre))


@pytest.mark.parametrize(
    ("factor", "threshold", "words"),
    [
        (1.0, 0.5, "blue outline: ≥ 0.5"),
        (1.0, 0.99, "no voxel of the brain reaches the threshold 0.99"),
        (0.0, 0.5, "zero everywhere"),
    ],
)
def test_attention_states_threshold_or_emptiness(maps, brain, factor, threshold, words):
    figure = attention(maps * factor, AFFINE, brain * 100.0, brain, "grad_cam", CLASSES, threshold)
    shown = texts(figure)
    assert any(words in text for text in shown)
    assert "L" in shown
    assert "R" in shown
    assert any("share of each map's maximum" in text for text in shown)
    assert {name if factor else f"{name}: zero everywhere" for name in CLASSES} <= set(shown)


def test_attention_draws_the_right_side_on_the_right(brain, tmp_path):
    """A mark at positive world x must appear in the right half of the axial cut."""
    maps = np.zeros((3, *SHAPE))
    maps[:, 3, 7, 5] = 1.0  # voxel x = 3 lies at world x = +15 mm: the participant's right
    figure = attention(maps, AFFINE, brain * 100.0, brain, "grad_cam", CLASSES, 0.5)
    save(figure, DATA, *(tmp_path / f"a.{kind}" for kind in KINDS))
    pixels = np.asarray(Image.open(tmp_path / "a.png").convert("RGB")).astype(int)
    height, width = pixels.shape[:2]
    axial = pixels[int(0.05 * height) : int(0.62 * height), int(0.59 * width) : int(0.86 * width)]
    coloured = (axial.max(axis=2) - axial.min(axis=2)) > 60
    assert coloured.any()
    assert np.nonzero(coloured)[1].mean() > axial.shape[1] / 2


def test_middle_slices_put_left_on_the_left():
    volume = np.zeros(SHAPE)
    volume[0] = 1.0  # first voxel along x is the participant's right (negative x step)
    axial, ratio, place = _middle_slices(volume, AFFINE)[2]
    assert axial[:, -1].all()
    assert not axial[:, 0].any()
    assert ratio == pytest.approx(5 / 6)
    assert place == pytest.approx(-38 + 7 * 5)
    # x runs from right to left in the file: its middle voxel is the sixth from the left
    assert _middle_slices(volume, AFFINE)[0][2] == pytest.approx(33 - 6 * (12 - 1 - 6))


def test_quality_montage_names_suspects(brain):
    suspects = [
        ("sub-007", brain * 1.0, 0.31, "unlike the others (r = 0.31, z = -9.0)"),
        ("sub-empty", np.zeros(SHAPE), 0.0, ""),
    ]
    figure = quality_montage(brain * 1.0, AFFINE, suspects)
    shown = texts(figure)
    assert {"x = 3.0 mm", "y = 0.0 mm", "z = −3.0 mm"} <= set(shown)
    assert "sub-007\nr = 0.31\nunlike the others" in shown
    assert "sub-empty\nr = 0.00" in shown


def test_strips_are_small_and_keep_left_on_the_left(brain):
    volume = brain * 1.0
    volume[-2] = 9  # the participant's left: x runs from right to left here
    strip = np.asarray(Image.open(io.BytesIO(slices_png(volume, AFFINE))), float)
    _, across, up = SHAPE
    assert strip.shape[1] == across + 2 * SHAPE[0] + 3
    coronal = strip[-up:, across + 1 : across + 1 + SHAPE[0]]
    assert coronal[:, 1].mean() > coronal[:, -2].mean()
    large = slices_png(np.ones((182, 218, 182)), np.eye(4))
    assert max(Image.open(io.BytesIO(large)).size) < 400


def test_same_input_gives_the_same_bytes_and_leaves_rc_alone(tmp_path):
    before = dict(mpl.rcParams)
    for name in ("one", "two"):
        figure = first_layer(first_layer_values(), CLASSES)
        save(figure, DATA, *(tmp_path / kind / f"{name}.{kind}" for kind in KINDS))
    assert (tmp_path / "png" / "one.png").read_bytes() == (
        tmp_path / "png" / "two.png"
    ).read_bytes()
    assert (tmp_path / "tsv" / "one.tsv").read_text() == "a\n1\n"
    svg = (tmp_path / "svg" / "one.svg").read_bytes()
    assert svg == (tmp_path / "svg" / "two.svg").read_bytes()
    assert b"dc:date" not in svg
    assert not list(tmp_path.rglob(".tmp-*"))
    assert dict(mpl.rcParams) == before


def test_attention_svg_is_reproducible(maps, brain, tmp_path):
    for name in ("one", "two"):
        figure = attention(maps, AFFINE, brain * 100.0, brain, "guided_backprop", CLASSES, 0.04)
        save(figure, DATA, *(tmp_path / f"{name}.{kind}" for kind in KINDS))
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_accuracy_shows_chance_and_the_paper_only_where_it_has_a_value():
    table = pd.DataFrame(
        [
            {
                "model": model,
                "accuracy": 0.7,
                "ci_low": 0.6,
                "ci_high": 0.8,
                "majority": 0.54,
                "evidence": evidence,
            }
            for model, evidence in (("cnn", True), ("head_size", False))
        ]
    )
    axes = accuracy(table).axes[0]
    triangles = [line for line in axes.lines if line.get_marker() == "v"]
    assert [line.get_xdata()[0] for line in triangles] == [paper.ACCURACY["cnn"].mean]
    fills = [line.get_markerfacecolor() for line in axes.lines if line.get_marker() == "o"]
    assert fills[1] == "white"
    assert fills[0] != "white"
    assert any(list(line.get_xdata()) == [0.54, 0.54] for line in axes.lines)


def test_convergence_is_drawn_over_the_folds_and_counted():
    curves = pd.DataFrame(
        {
            "fold": ["01", "01", "02", "02"],
            "iteration": [1, 2, 1, 2],
            "loss_curve": [1, 0.5, 0.8, 0],
        }
    ).assign(probability_curve=0.4, area_curve=0.1)
    figure = convergence(curves, pd.Series([True, False, True]))
    assert figure.get_suptitle() == "2 of 3 maps converged"
    assert len(figure.axes) == 3
    assert list(figure.axes[0].lines[2].get_ydata()) == [0.9, 0.25]


def test_masked_history_overlap_and_localisation_draw():
    masked = pd.DataFrame(
        [
            {"method": "grad_cam", "mask": mask, "control": control, "accuracy_mean": value}
            for mask in ("controls", "patients", "conjoined")
            for control, value in (("mask", 0.6), ("random", 0.5), ("complement", 0.7))
        ]
        + [{"method": "grad_cam", "mask": "brain", "control": "brain", "accuracy_mean": 0.8}]
    ).assign(accuracy_sd=0.1, paper_mean=np.nan, random_p95=0.55)
    axes = masked_accuracy(masked, 0.5).axes[0]
    assert heights_of(axes, "95th percentile of random masks") == [0.55] * 3
    heights = [patch.get_height() for patch in axes.patches]
    assert heights == [0.6] * 3 + [0.5] * 3 + [0.7] * 3

    curves = pd.DataFrame(
        {"fold": ["01", "01", "02", "02"], "epoch": [1, 2, 1, 2], "loss": [4.0, 2.0, 2.0, 0.0]}
    ).assign(accuracy=0.9, test_loss=1.0, test_accuracy=0.8)
    mean = history(curves).axes[0].lines[2]
    assert list(mean.get_ydata()) == [3.0, 1.0]

    pair = pd.DataFrame(
        [
            {
                "method_a": "grad_cam",
                "method_b": "guided_backprop",
                "paper": 0.93,
                "agreement": 0.9,
                "agreement_chance": 0.88,
                "dice_threshold": 0.1,
                "dice_equal_area": 0.2,
                "chance": 0.1,
                "null_p95": 0.15,
            }
        ]
    )
    axes = overlap(pair).axes[0]
    assert [patch.get_height() for patch in axes.patches] == [0.9, 0.1, 0.2]
    assert heights_of(axes, "agreement of independent masks") == [0.88]
    assert heights_of(axes, "chance, equal area") == [0.1]
    assert "empty mask" not in texts(axes.figure)
    empty = overlap(pair.assign(dice_threshold=np.nan, dice_equal_area=0, chance=0))
    labels = [text for text in empty.axes[0].texts if text.get_text() == "empty mask"]
    assert [text.get_position()[0] for text in labels] == [0, 0.24]  # where the bars would be

    scores = pd.DataFrame({"method": ["grad_cam"], "auc": [0.45], "null_auc_p95": [0.6]})
    assert localisation(scores).axes[0].patches[0].get_width() == pytest.approx(-0.05)
