import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from voxplain.evaluation.maps import agreement, overlap
from voxplain.evaluation.maps.agreement import Places

BRAIN = np.zeros((10, 9, 8), bool)
BRAIN[1:9, 1:8, 1:7] = True


def smooth_map(seed):
    noise = np.random.default_rng(seed).standard_normal(BRAIN.shape)
    field = ndimage.gaussian_filter(noise, 1.2)
    return np.where(BRAIN, field - field.min(), 0)


@pytest.mark.parametrize("area", [0.01, 0.1, 0.5])
def test_dice_of_ranks_is_dice_of_equal_area_masks(area):
    a, b = smooth_map(0), np.maximum(smooth_map(1) - 2.2, 0)  # the second is mostly zero
    places = Places(BRAIN)
    ranks = [places.ranks(volume[BRAIN][None]) for volume in (a, b)]
    masks = [overlap.top_fraction(volume, BRAIN, area) for volume in (a, b)]
    assert places.dice(*ranks, area)[0] == pytest.approx(overlap.dice(*masks))
    sizes = [mask.sum() for mask in masks]
    assert places.chance(*ranks, area)[0] == pytest.approx(
        overlap.expected_dice(*sizes, BRAIN.sum())
    )


def test_slices_have_equal_areas_of_their_own():
    a, b = smooth_map(0), smooth_map(1)
    places = Places(BRAIN, agreement.AXIAL)
    overlapping = places.dice(*(places.ranks(volume[BRAIN][None]) for volume in (a, b)), 0.1)[0]
    slices = []
    for z in range(1, 7):
        slice_brain = np.zeros_like(BRAIN)
        slice_brain[:, :, z] = BRAIN[:, :, z]
        slices.append(
            overlap.dice(*(overlap.top_fraction(volume, slice_brain, 0.1) for volume in (a, b)))
        )
    assert overlapping == pytest.approx(np.mean(slices))


def test_group_maps_agree_with_themselves_and_beyond_smooth_chance():
    maps = {"a": smooth_map(0), "b": smooth_map(0), "c": smooth_map(5)}
    table = agreement.group_agreement(maps, BRAIN, (0.1, 0.3), n_null=39, seed=1)
    assert set(table["level"]) == {"group", "slice"}
    same = table[(table["method_a"] == "a") & (table["method_b"] == "b")]
    assert (same["dice"] == 1).all()
    assert (same["p_null"] == 1 / 40).all()
    assert table["null_mean"].between(0, 0.5).all()
    assert (table["null_p95"] >= table["null_mean"]).all()


def test_controls_are_compared_with_the_methods_and_not_with_one_another():
    maps = {"a": smooth_map(0), "b": smooth_map(1)}
    controls = {"edges": smooth_map(0), "difference": smooth_map(2)}
    alone = agreement.group_agreement(maps, BRAIN, (0.1,), n_null=39, seed=1)
    table = agreement.group_agreement(maps, BRAIN, (0.1,), 39, 1, controls)
    pd.testing.assert_frame_equal(table[: len(alone)], alone)
    pairs = set(zip(table["method_a"], table["method_b"], strict=True))
    assert pairs == {("a", "b")} | {(m, c) for m in maps for c in controls}
    same = table[(table["method_a"] == "a") & (table["method_b"] == "edges")]
    assert (same["dice"] == 1).all()


def test_participants_are_compared_inside_their_fold():
    maps = {m: np.stack([smooth_map(k) for k in range(3)]) for m in ("a", "b")}
    rows = [
        agreement.fold_agreement(maps, BRAIN, {"a": 2.5, "b": 2.5}, (0.1, 0.5), [0, k])
        for k in range(4)
    ]
    rows = pd.concat([part.assign(fold=k) for k, part in enumerate(rows)])
    table = agreement.participant_agreement(rows)
    assert len(table) == 2
    assert (table["dice"] == 1).all()
    assert (table["other_mean"] < 0.8).all()
    assert (table["null_mean"] < 0.8).all()
    assert (table["p_null"] < 0.01).all()
    np.testing.assert_allclose(table["chance"], [0.1, 0.5], atol=0.01)
    again = agreement.fold_agreement(maps, BRAIN, {"a": 2.5, "b": 2.5}, (0.1, 0.5), [0, 3])
    pd.testing.assert_frame_equal(again, rows[rows["fold"] == 3].drop(columns="fold"))


def test_the_papers_table3_is_reached_by_masks_that_share_no_voxel():
    # Kan 2020, Table 3: .94, .94 and .93 in a box of 58 x 70 x 58
    sizes = overlap.disjoint_sizes((0.94, 0.94, 0.93))
    np.testing.assert_allclose(sizes, (0.025, 0.035, 0.035))
    n = 58 * 70 * 58
    masks = np.zeros((3, n), bool)
    start = 0
    for mask, share in zip(masks, sizes, strict=True):
        mask[start : start + round(share * n)] = True
        start += round(share * n)
    pairs = [(0, 1), (0, 2), (1, 2)]
    assert [round(overlap.agreement(masks[i], masks[j]), 2) for i, j in pairs] == [0.94, 0.94, 0.93]
    assert [overlap.dice(masks[i], masks[j]) for i, j in pairs] == [0, 0, 0]
