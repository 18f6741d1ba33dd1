"""`regions_with_null` refuses what cannot be ranked, whoever calls it."""

import numpy as np
import pandas as pd
import pytest

from voxplain.atlas.labels import Atlas
from voxplain.errors import AttributionError, GridMismatchError
from voxplain.image.grid import Grid
from voxplain.regions.ranked import regions_with_null

GRID = Grid((6, 6, 6), np.diag([6.0, 6, 6, 1]))
ATLAS = Atlas(
    "boxes",
    np.repeat([1, 2], 108).reshape(6, 6, 6),
    GRID,
    pd.DataFrame({"value": [1, 2], "name": ["near", "far"]}),
)


def ranked(attribution, grid=GRID, brain=None):
    brain = np.ones(GRID.shape, bool) if brain is None else brain
    return regions_with_null(attribution, ATLAS, grid, brain, 0.1, 9, 0)


def test_the_region_that_the_map_marks_comes_first():
    attribution = np.random.default_rng(0).random(GRID.shape) + (ATLAS.labels == 2)
    assert ranked(attribution)["name"].tolist() == ["far", "near"]


@pytest.mark.parametrize(
    ("value", "message"), [(np.nan, "not a number"), (-1, "negative"), (0, "zero everywhere")]
)
def test_values_that_no_attribution_map_has_are_refused(value, message):
    with pytest.raises(AttributionError, match=message):
        ranked(np.full(GRID.shape, value))


def test_a_map_that_is_zero_in_the_brain_alone_is_refused():
    brain = ATLAS.labels == 1
    with pytest.raises(AttributionError, match="zero everywhere in the brain"):
        ranked((ATLAS.labels == 2).astype(float), brain=brain)


def test_a_map_of_another_shape_is_refused():
    with pytest.raises(GridMismatchError, match=r"\(5, 6, 6\)"):
        ranked(np.ones((5, 6, 6)))
    with pytest.raises(GridMismatchError, match="the brain mask"):
        ranked(np.ones(GRID.shape), brain=np.ones((6, 6, 5), bool))


def test_a_map_elsewhere_than_the_atlas_is_refused():
    affine = GRID.affine.copy()
    affine[:3, 3] = 500
    with pytest.raises(AttributionError, match="atlas boxes lies in the map's field of view"):
        ranked(np.ones(GRID.shape), Grid(GRID.shape, affine))
