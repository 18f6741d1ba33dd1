import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex

from voxplain.figures import style
from voxplain.figures.attention import attention, attention_data
from voxplain.figures.projections import projections, projections_data
from voxplain.figures.regions import regions
from voxplain.figures.runtime import runtime
from voxplain.figures.stability import fold_correlations, stability
from voxplain.figures.style import save
from voxplain.figures.subjects import first_of_each_class, peak_level, subjects, subjects_data

SHAPE = (20, 24, 20)
AFFINE = np.array([[8, 0, 0, -76], [0, 9, 0, -110], [0, 0, 8, -64], [0, 0, 0, 1.0]])
BRAIN = np.zeros(SHAPE, bool)
BRAIN[3:-3, 3:-3, 3:-3] = True


def blob(voxel, value=1.0):
    volume = np.zeros(SHAPE, np.float32)
    volume[tuple(slice(max(x - 1, 0), x + 2) for x in voxel)] = value / 2
    volume[voxel] = value
    return volume


def texts(figure):
    return [text.get_text() for text in figure.findobj(mpl.text.Text)]


def test_positions_are_written_as_in_the_viewer():
    assert style.position("z", 12.900000000000006) == "z = 12.9 mm"
    assert style.position("x", -9.05) == "x = −9.1 mm"
    assert style.position("y", -0.04) == "y = 0.0 mm"


def test_attention_says_the_cuts_true_positions_and_the_thresholds():
    affine = AFFINE.copy()
    affine[:3, 3] += (0.5, 0, 0.9)
    maps = np.stack([blob((4, 5, 6))] * 3)
    figure = attention(maps, affine, BRAIN * 9.0, BRAIN, "grad_cam", ("a", "b"), 0.5)
    positions = [text for text in texts(figure) if text.endswith("mm")]
    assert positions == ["x = −43.5 mm", "y = −65.0 mm", "z = −15.1 mm"] * 3
    # and the bar says where the colours and the outline start
    (bar,) = [axes for axes in figure.axes if "maximum" in axes.get_ylabel()]
    assert "colours from 0.2 (white line)" in bar.get_ylabel()
    heights = {
        to_hex(lines.get_color()[0]): lines.get_segments()[0][0, 1]
        for lines in bar.collections
        if isinstance(lines, LineCollection) and lines.get_segments()
    }
    assert heights["#ffffff"] == pytest.approx(0.2)
    assert heights[style.OUTLINE.lower()] == pytest.approx(0.5)


def test_attention_data_holds_every_voxel_of_the_three_cuts():
    maps = np.stack([blob((4, 5, 6)), blob((0, 0, 0)), blob((4, 5, 6), 0.8)])
    image = np.random.default_rng(0).random(SHAPE)
    arguments = (maps, AFFINE, image, BRAIN, "grad_cam", ("cats", "dogs"), 0.7)
    table = attention_data(*arguments)
    assert table["axis"].value_counts().to_dict() == {"x": 24 * 20, "y": 20 * 20, "z": 20 * 24}
    for axis, place in (("x", -44), ("y", -65), ("z", -16)):
        assert set(table.loc[table["axis"] == axis, f"{axis}_mm"]) == {place}
    # what a reader redraws from the table is the slice that is drawn
    cut = table[table["axis"] == "z"]
    for column, volume in zip(("cats_mean", "dogs_mean", "conjoined_mean"), maps, strict=True):
        drawn = cut.pivot_table(column, "x_mm", "y_mm")
        np.testing.assert_allclose(drawn, volume[:, :, 6], atol=1e-5)
    anatomy, inside = (cut.pivot_table(name, "x_mm", "y_mm") for name in ("mean", "in_brain"))
    np.testing.assert_allclose(anatomy, image[:, :, 6], atol=1e-5)
    np.testing.assert_array_equal(inside, BRAIN[:, :, 6])
    (row,) = {tuple(row) for row in table.iloc[:, -5:].to_numpy()}
    assert row == ("grad_cam", 0.7, 0.2, round(1 / BRAIN.sum(), 5), 0.0)


def test_attention_data_of_an_empty_map_are_cuts_through_the_brains_middle():
    arguments = (np.zeros((3, *SHAPE)), AFFINE, BRAIN * 1.0, BRAIN, "grad_cam", ("a", "b"), 0.7)
    table = attention_data(*arguments)
    assert table["outside"].isna().all()
    assert set(table.loc[table["axis"] == "z", "z_mm"]) == {-64 + 8 * 10}  # from 9.5


def test_projections_data_name_the_image_and_its_levels():
    volume = np.random.default_rng(0).random(SHAPE)
    volume[0, 0, 0] = 2  # outside the brain
    (row,) = projections_data(
        {"grad_cam": volume}, AFFINE, BRAIN, {"grad_cam": "maps/conjoined_mean.nii.gz"}
    ).to_dict("records")
    assert row["image"] == "maps/conjoined_mean.nii.gz"
    assert (row["maximum"], row["drawn_from"]) == (2.0, 0.4)
    assert row["peak"] == volume[BRAIN].max()
    assert [row[f"p{share}"] for share in (50, 90, 95, 99)] == pytest.approx(
        np.quantile(volume[BRAIN], (0.5, 0.9, 0.95, 0.99)).tolist()
    )
    place = np.linalg.solve(AFFINE, [row["x_mm"], row["y_mm"], row["z_mm"], 1])[:3]
    assert volume[tuple(np.rint(place).astype(int))] == row["peak"]


def test_fold_correlations_are_pearsons_in_the_brain():
    random = np.random.default_rng(0)
    maps = {("grad_cam", f"{k:02d}"): random.random(SHAPE) for k in (1, 2, 3)}
    table = fold_correlations(maps, BRAIN)
    assert len(table) == 9
    pair = table[(table["fold_a"] == "01") & (table["fold_b"] == "03")]["correlation"].item()
    inside = [maps["grad_cam", fold][BRAIN] for fold in ("01", "03")]
    assert pair == pytest.approx(np.corrcoef(inside)[0, 1])
    shown = stability(table).axes[0]
    assert shown.collections[0].get_array()[0, 2] == pytest.approx(pair)


def test_stability_colours_tell_the_sign_and_blank_maps():
    random = np.random.default_rng(0)
    maps = {("grad_cam", f"{k:02d}"): random.random(SHAPE) for k in (1, 2, 3)}
    maps["grad_cam", "03"] = np.zeros(SHAPE)
    axes = stability(fold_correlations(maps, BRAIN)).axes[0]
    picture = axes.collections[0]
    assert picture.get_clim() == (-1, 1)
    low, zero, high = picture.cmap(np.array([0.0, 0.5, 1.0]))[:, :3]
    assert zero.min() > 0.9  # nearly white, between an orange and a purple
    assert low[0] > low[2]
    assert high[2] > high[0]
    assert picture.get_array().mask[2].all()
    assert to_hex(axes.get_facecolor()) == style.NEUTRAL.lower()
    assert axes.get_title(loc="left").endswith("grey: zero map")


def test_subjects_are_three_of_each_class_at_the_peaks_level():
    rows = pd.DataFrame({"participant_id": [f"s{k}" for k in range(9)], "set": "test"})
    rows["label"] = [1, 0, 1, 1, 0, 1, 0, 0, 0]
    rows.loc[0, "set"] = "train"
    people = first_of_each_class(rows, ("cats", "dogs"))
    assert people["participant_id"].tolist() == ["s1", "s4", "s6", "s2", "s3", "s5"]
    assert people.index.tolist() == [0, 3, 5, 1, 2, 4]  # places among the held-out maps
    assert peak_level(blob((4, 5, 6)), BRAIN) == 6
    images = np.random.default_rng(0).random((6, *SHAPE))
    figure = subjects(images, {"grad_cam": images}, people, {"grad_cam": 6}, AFFINE)
    *panels, bar = figure.axes
    assert len(panels) == 6
    np.testing.assert_allclose(panels[0].images[0].get_array(), images[0, :, :, 6].T)
    assert "z = −16.0 mm" in panels[0].get_ylabel()
    assert "share of the maximum" in bar.get_xlabel()
    assert "colours from 0.2 (white line)" in bar.get_xlabel()
    assert bar.get_xlim() == (0, 1)


def test_subjects_without_colours_say_why_and_are_in_the_table():
    people = pd.DataFrame({"participant_id": ["s1", "s4", "s6"], "class_name": "cats"})
    people.index = [0, 3, 5]
    maps = np.stack([blob((9, 9, 6), 0.5), blob((9, 9, 12)), np.zeros(SHAPE)])
    arguments = ({"grad_cam": maps}, people, {"grad_cam": 6}, AFFINE)
    figure = subjects(np.ones_like(maps), *arguments)
    labels = [[text.get_text() for text in axes.texts] for axes in figure.axes[:3]]
    assert labels[0] == ["L", "R"]
    assert labels[1] == ["L", "R", "below 0.2 in this slice"]
    assert labels[2] == ["L", "R", "zero everywhere"]
    table = subjects_data(*arguments, {"grad_cam": "fold-01/maps.npy"})
    assert table["map"].tolist() == [0, 3, 5]
    assert table["maximum"].tolist() == [0.5, 1.0, 0.0]
    assert table["drawn_from"].tolist() == pytest.approx([0.1, 0.2, 0.0])
    assert table["voxels"].tolist() == [9, 0, 0]
    assert set(table["z_mm"]) == {-16.0}
    assert set(table["file"]) == {"fold-01/maps.npy"}


def test_subjects_titles_lie_inside_the_figure():
    people = pd.DataFrame({"participant_id": ["s1"] * 6, "class_name": "cats"})
    maps = {method: np.ones((6, *SHAPE)) for method in ("a", "b", "c")}
    figure = subjects(maps["a"], maps, people, dict.fromkeys(maps, 6), AFFINE)
    FigureCanvasAgg(figure).draw()
    tops = [axes.title.get_window_extent().y1 for axes in figure.axes[:6]]
    assert max(tops) < figure.bbox.y1


def test_runtime_is_drawn_per_map():
    table = pd.DataFrame(
        {"method": ["a", "b"], "seconds": [20.0, 1.0], "maps": 10, "seconds_per_map": [2.0, 0.1]}
    )
    axes = runtime(table).axes[0]
    assert [patch.get_width() for patch in axes.patches] == [2.0, 0.1]
    assert axes.get_xscale() == "log"


def test_region_bars_are_filled_where_they_exceed_the_null():
    table = pd.DataFrame(
        {
            "method": "grad_cam", "rank": [1, 2], "name": ["x", "y"], "score": [0.6, 0.4],
            "p_fwe": [0.01, 0.2], "fold_low": [0.5, np.nan], "fold_high": [0.7, np.nan],
        }
    )  # fmt: skip
    axes = regions({"atlas": table}, ["grad_cam"]).axes[0]
    assert [patch.get_width() for patch in axes.patches] == [0.6, 0.4]
    assert len({patch.get_facecolor() for patch in axes.patches}) == 2
    assert axes.collections[0].get_segments()[0][:, 0].tolist() == [0.5, 0.7]


def test_regions_are_shown_for_every_method():
    row = {"rank": 1, "p_fwe": 0.2, "fold_low": 0.1, "fold_high": 0.9}
    table = pd.DataFrame(
        [
            {"method": "grad_cam", "name": "x", "score": 0.6, **row},
            {"method": "guided_backprop", "name": "y", "score": 0.4, **row},
        ]
    )
    methods = ["guided_backprop", "grad_cam"]
    panels = regions({"one": table, "two": table}, methods).axes
    assert [axes.get_title(loc="left") for axes in panels] == [
        "Guided Backpropagation: one",
        "Guided Backpropagation: two",
        "Grad-CAM: one",
        "Grad-CAM: two",
    ]
    assert [axes.patches[0].get_width() for axes in panels] == [0.4, 0.4, 0.6, 0.6]
    assert panels[0].get_xlim() == panels[2].get_xlim()  # bars of methods can be compared
    panels = regions({"one": table.assign(score=[0, 0.4])}, methods).axes
    assert "zero in every region" in texts(panels[1])
    assert not panels[1].patches
    assert "zero in every region" not in texts(panels[0])


@pytest.mark.slow
def test_projections_show_the_right_hemisphere_on_the_right_surface(tmp_path):
    maps = {"grad_cam": np.zeros(SHAPE, np.float32), "guided_backprop": np.zeros(SHAPE)}
    maps["grad_cam"][AFFINE[0, 0] * np.arange(20) + AFFINE[0, 3] > 25] = 1
    figure = projections(maps, AFFINE)
    assert any("zero everywhere" in text.get_text() for text in figure.texts)
    surfaces = {a.get_title(loc="center"): a for a in figure.axes if a.name == "3d"}
    colours = {name: axes.collections[0].get_facecolors()[:, :3] for name, axes in surfaces.items()}
    coloured = {name: np.ptp(rgb, axis=1).max() > 0.2 for name, rgb in colours.items()}
    # the words stand under the surfaces, not between them and the glass brains
    assert all(axes.title.get_position()[1] < 0 for axes in surfaces.values())
    assert {"L", "R"} <= set(texts(figure))
    assert coloured["right, lateral"]
    assert not coloured["left, lateral"]
    paths = [tmp_path / f"p.{kind}" for kind in ("png", "svg", "tsv")]
    save(figure, pd.DataFrame(), *paths)
    assert paths[1].stat().st_size < 3e6


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (-9.05, "x = −9.1 mm"),
        (-9.049999, "x = −9.0 mm"),
        (-9.05 + 1e-9, "x = −9.1 mm"),
        (2.25, "x = 2.3 mm"),
        (-0.04, "x = 0.0 mm"),
    ],
)
def test_positions_are_rounded_as_in_the_viewer(place, text):
    assert style.position("x", place) == text
