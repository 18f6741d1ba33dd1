"""Voxels are removed on disk, from copies that are gone afterwards."""

import numpy as np
import pandas as pd
import pytest

from voxplain.evaluation.trust.over_folds import curves_over_folds
from voxplain.evaluation.trust.roar_runs import ranked_maps, removable_voxels
from voxplain.image.stack import Stack
from voxplain.run.files import write_rows

SHAPE = (6, 6, 6)


@pytest.fixture
def volumes(tmp_path):
    images = np.random.default_rng(0).random((3, *SHAPE), np.float32)
    write_rows(tmp_path / "volumes.npy", images.shape, images.dtype, images)
    return Stack(tmp_path / "volumes.npy")


def test_the_highest_voxels_become_the_brains_mean(volumes, tmp_path):
    brain = np.ones(SHAPE, bool)
    ranking = np.arange(216, dtype=float).reshape(SHAPE)
    with removable_voxels(volumes, tmp_path, brain, "mean", 1.0) as removed:
        altered = removed.without(ranking, 0.25)[:]
        intact = volumes[:]
        marked = ranking >= 216 * 0.75
        np.testing.assert_array_equal(altered[:, ~marked], intact[:, ~marked])
        means = intact.mean(axis=(1, 2, 3))
        expected = np.repeat(means[:, None], marked.sum(), axis=1)
        np.testing.assert_allclose(altered[:, marked], expected, rtol=1e-6)
    assert [path.name for path in tmp_path.iterdir()] == ["volumes.npy"]


def test_nothing_is_left_behind_by_an_error(volumes, tmp_path):
    brain = np.ones(SHAPE, bool)
    with (
        pytest.raises(RuntimeError),
        removable_voxels(volumes, tmp_path, brain, "mean", 1.0) as removed,
    ):
        removed.without(np.ones(SHAPE), 0.1)
        raise RuntimeError("stopped")
    assert [path.name for path in tmp_path.iterdir()] == ["volumes.npy"]


def test_random_maps_have_the_values_of_the_methods_map():
    group = np.random.default_rng(1).random(SHAPE, np.float32)
    maps = ranked_maps(group, np.ones(SHAPE, bool), 2, seed=0)
    assert list(maps) == [("mask", 0), ("random", 0), ("random", 1)]
    for volume in maps.values():
        np.testing.assert_array_equal(np.sort(volume, axis=None), np.sort(group, axis=None))


def test_curves_are_weighted_by_the_participants_of_each_fold():
    keys = {"method": "a", "random": False, "test": "deletion", "fill": "blur", "fraction": 0.1}
    rows = [
        keys | {"fold": "01", "probability": 0.2, "participants": 1},
        keys | {"fold": "02", "probability": 0.8, "participants": 3},
    ]
    (row,) = curves_over_folds(pd.DataFrame(rows)).to_dict("records")
    assert row["probability"] == pytest.approx(0.65)
    assert row["participants"] == 4
