import numpy as np
import pandas as pd
import pytest

from voxplain import figures

SHAPE = (20, 24, 20)
AFFINE = np.array([[8, 0, 0, -76], [0, 9, 0, -110], [0, 0, 8, -64], [0, 0, 0, 1.0]])
BRAIN = np.zeros(SHAPE, bool)
BRAIN[3:-3, 3:-3, 3:-3] = True


def blob(voxel, value=1.0):
    volume = np.zeros(SHAPE, np.float32)
    volume[tuple(slice(max(x - 1, 0), x + 2) for x in voxel)] = value / 2
    volume[voxel] = value
    return volume


def test_attention_data_tells_peak_share_and_what_lies_outside():
    maps = np.stack([blob((4, 5, 6)), blob((0, 0, 0)), np.zeros(SHAPE)])
    table = figures.attention_data(maps, AFFINE, BRAIN, ("cats", "dogs"), 0.9).set_index("map")
    assert table.loc["cats", ["x_mm", "y_mm", "z_mm", "value"]].tolist() == [-44, -65, -16, 1]
    assert table.loc["cats", "above_threshold"] == pytest.approx(1 / BRAIN.sum())
    assert table.loc["cats", "outside"] == 0
    assert table.loc["dogs", "outside"] == 1  # its 8 voxels lie in the corner of the box
    assert np.isnan(table.loc["conjoined", "outside"])


def test_fold_correlations_are_pearsons_in_the_brain():
    random = np.random.default_rng(0)
    maps = {("grad_cam", f"{k:02d}"): random.random(SHAPE) for k in (1, 2, 3)}
    table = figures.fold_correlations(maps, BRAIN)
    assert len(table) == 9
    pair = table[(table["fold_a"] == "01") & (table["fold_b"] == "03")]["correlation"].item()
    inside = [maps["grad_cam", fold][BRAIN] for fold in ("01", "03")]
    assert pair == pytest.approx(np.corrcoef(inside)[0, 1])
    shown = figures.stability(table).axes[0]
    assert shown.images[0].get_array()[0, 2] == pytest.approx(pair)


def test_subjects_are_three_of_each_class_at_the_peaks_level():
    rows = pd.DataFrame({"participant_id": [f"s{k}" for k in range(9)], "set": "test"})
    rows["label"] = [1, 0, 1, 1, 0, 1, 0, 0, 0]
    rows.loc[0, "set"] = "train"
    people = figures.first_of_each_class(rows, ("cats", "dogs"))
    assert people["participant_id"].tolist() == ["s1", "s4", "s6", "s2", "s3", "s5"]
    assert people.index.tolist() == [0, 3, 5, 1, 2, 4]  # places among the held-out maps
    assert figures.peak_level(blob((4, 5, 6)), BRAIN) == 6
    images = np.random.default_rng(0).random((6, *SHAPE))
    figure = figures.subjects(images, {"grad_cam": images}, people, {"grad_cam": 6}, AFFINE)
    assert len(figure.axes) == 6
    np.testing.assert_allclose(figure.axes[0].images[0].get_array(), images[0, :, :, 6].T)
    assert "z = -16 mm" in figure.axes[0].get_ylabel()


def test_runtime_is_drawn_per_map():
    table = pd.DataFrame(
        {"method": ["a", "b"], "seconds": [20.0, 1.0], "maps": 10, "seconds_per_map": [2.0, 0.1]}
    )
    axes = figures.runtime(table).axes[0]
    assert [patch.get_width() for patch in axes.patches] == [2.0, 0.1]
    assert axes.get_xscale() == "log"


def test_region_bars_are_filled_where_they_exceed_the_null():
    table = pd.DataFrame(
        {
            "method": "grad_cam", "rank": [1, 2], "name": ["x", "y"], "score": [0.6, 0.4],
            "p_fwe": [0.01, 0.2], "fold_low": [0.5, np.nan], "fold_high": [0.7, np.nan],
        }
    )  # fmt: skip
    axes = figures.regions({"atlas": table}, "grad_cam").axes[0]
    assert [patch.get_width() for patch in axes.patches] == [0.6, 0.4]
    assert len({patch.get_facecolor() for patch in axes.patches}) == 2
    assert axes.collections[0].get_segments()[0][:, 0].tolist() == [0.5, 0.7]


@pytest.mark.slow
def test_projections_show_the_right_hemisphere_on_the_right_surface(tmp_path):
    maps = {"grad_cam": np.zeros(SHAPE, np.float32), "guided_backprop": np.zeros(SHAPE)}
    maps["grad_cam"][AFFINE[0, 0] * np.arange(20) + AFFINE[0, 3] > 25] = 1
    figure = figures.projections(maps, AFFINE)
    assert any("zero everywhere" in text.get_text() for text in figure.texts)
    surfaces = {a.get_title(loc="center"): a for a in figure.axes if a.name == "3d"}
    colours = {name: axes.collections[0].get_facecolors()[:, :3] for name, axes in surfaces.items()}
    coloured = {name: np.ptp(rgb, axis=1).max() > 0.2 for name, rgb in colours.items()}
    assert coloured["right, lateral"]
    assert not coloured["left, lateral"]
    paths = [tmp_path / f"p.{kind}" for kind in ("png", "svg", "tsv")]
    figures.save(figure, pd.DataFrame(), *paths)
    assert paths[1].stat().st_size < 3e6
