import base64
import zlib

import numpy as np
import pandas as pd
import pytest

from voxplain.atlas.labels import Atlas
from voxplain.image.grid import Grid
from voxplain.report.viewer import group_viewer, packed, quantised

SHAPE = (3, 4, 5)
GRID = Grid(SHAPE, np.diag([2.0, 2, 2, 1]))


def unpacked(text, dtype=np.uint8):
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype)


def test_packed_keeps_the_order_and_the_bytes():
    values = np.arange(24, dtype=">u2").reshape(4, 6).T  # neither contiguous nor little-endian
    assert unpacked(packed(values), "<u2").tolist() == values.ravel().tolist()


def test_levels_lie_within_half_a_step_of_the_values():
    values = np.random.default_rng(0).random(1000) * 3
    levels = quantised(values, 3.0)
    assert np.abs(levels / 255 * 3 - values).max() <= 3 / 510
    assert quantised(np.array([4.0]), 3.0) == 255
    assert quantised(np.zeros(2), 0.0).tolist() == [0, 0]


def test_a_group_viewer_has_every_choice_and_the_regions_of_the_voxels():
    labels = np.zeros(SHAPE, np.int32)
    labels[1], labels[2] = 9, 4
    table = pd.DataFrame({"value": [4, 9], "name": ["four", "nine"]})
    maps = {
        (method, fold): np.full((3, *SHAPE), value, np.float32)
        * np.arange(1, 4).reshape(3, 1, 1, 1)
        for method, fold, value in (("grad_cam", "all", 0.1), ("grad_cam", "01", 0.2))
    }
    block = group_viewer(
        np.ones(SHAPE), np.ones(SHAPE, bool), GRID, maps, ("cats", "dogs"),
        [Atlas("a", labels, GRID, table)],
    )  # fmt: skip
    assert [values for _, values in block.selectors] == [
        ["Grad-CAM"],
        ["both classes", "cats", "dogs"],
        ["all", "01"],
    ]
    layers = block.data["layers"]
    assert set(layers) == {f"0|{group}|{fold}" for group in range(3) for fold in range(2)}
    assert layers["0|1|1"]["top"] == pytest.approx(0.2)  # cats, fold 01
    assert layers["0|1|1"]["scale"] == pytest.approx(0.6)
    atlas = block.data["atlases"][0]
    regions = unpacked(atlas["data"], "<u2").reshape(SHAPE)
    assert [atlas["names"][k] for k in regions[:, 0, 0]] == ["–", "nine", "four"]
