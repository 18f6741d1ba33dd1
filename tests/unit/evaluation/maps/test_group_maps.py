import numpy as np
import pytest

from voxplain.errors import AttributionError, CohortError
from voxplain.evaluation.maps import group_maps

LABELS = np.array([0, 1, 0])


@pytest.fixture
def maps():
    values = np.zeros((3, 2, 1, 1), np.float32)
    values[0, :, 0, 0] = 2, 1
    values[1, :, 0, 0] = 0, 4
    return values  # the third map is all zero


def test_scale_to_unit_leaves_zero_maps_zero(maps):
    np.testing.assert_allclose(
        group_maps.scale_to_unit(maps)[:, :, 0, 0], [[1, 0.5], [0, 1], [0, 0]]
    )


def test_class_means_by_hand(maps):
    scaled = group_maps.class_means(maps, LABELS, scale=True).stacked()
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled[:, :, 0, 0], [[0.5, 0.25], [0, 1], [1 / 3, 0.5]], rtol=1e-6)
    raw = group_maps.class_means(maps / 4, LABELS, scale=False).stacked()
    np.testing.assert_allclose(raw[:, :, 0, 0], [[0.25, 0.125], [0, 1], [0.25, 1]])


def test_group_maps_are_read_as_they_were_written(maps, tmp_path):
    group = group_maps.class_means(maps, LABELS, scale=True)
    group.write(tmp_path / "maps.npy")
    again = group_maps.GroupMaps.read(tmp_path / "maps.npy").by_name(("women", "men"))
    assert list(again) == ["women", "men", "conjoined"]
    for volume, written in zip(again.values(), group.stacked(), strict=True):
        np.testing.assert_array_equal(volume, written)


def test_degenerate_maps_are_counted(maps):
    assert group_maps.count_degenerate(maps) == 1


def test_a_class_without_maps_is_named(maps):
    with pytest.raises(CohortError, match="class 1"):
        group_maps.class_means(maps, np.zeros(3, int), scale=True)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1])
def test_bad_values_are_refused(maps, bad):
    maps[1, 0, 0, 0] = bad
    with pytest.raises(AttributionError, match="Map 1"):
        group_maps.class_means(maps, LABELS, scale=False)
    with pytest.raises(AttributionError, match="Map 1"):
        group_maps.scale_to_unit(maps)
