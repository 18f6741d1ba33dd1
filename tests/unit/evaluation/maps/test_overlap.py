import numpy as np
import pytest

from voxplain.evaluation.maps import overlap
from voxplain.evaluation.maps.agreement import group_agreement

BRAIN = np.zeros((10, 10, 10), bool)
BRAIN[1:9, 1:9, 1:9] = True


def test_dice_by_hand():
    a = np.array([1, 1, 1, 0, 0, 0], bool)
    b = np.array([0, 1, 1, 1, 1, 0], bool)
    assert overlap.dice(a, b) == pytest.approx(2 * 2 / (3 + 4))
    assert overlap.dice(a, a) == 1
    assert overlap.dice(a, ~a) == 0


def test_two_empty_masks_have_dice_zero():
    empty = np.zeros(5, bool)
    assert overlap.dice(empty, empty) == 0
    assert overlap.agreement(empty, empty) == 1


def test_disjoint_masks_agree_highly_with_dice_zero():
    a, b = np.zeros((2, 58, 70, 58), bool)
    a.ravel()[:4568] = True  # 1.94 % of the box
    b.ravel()[-8030:] = True  # 3.41 %
    assert overlap.dice(a, b) == 0
    # the paper's .94 for Meaningful Perturbations and Grad-CAM needs no common voxel
    assert overlap.agreement(a, b) == pytest.approx(0.9465, abs=1e-4)


def test_agreement_and_dice_are_tied_by_the_masks_sizes():
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 1000)) < 0.2
    expected = 1 - (1 - overlap.agreement(a, b)) * a.size / (a.sum() + b.sum())
    assert overlap.dice(a, b) == pytest.approx(expected)


def test_top_fraction_takes_the_highest_voxels_in_the_brain():
    attribution = np.random.default_rng(0).random(BRAIN.shape)
    attribution[0, 0, 0] = 9  # outside the brain
    mask = overlap.top_fraction(attribution, BRAIN, 0.1)
    assert mask.sum() == round(0.1 * BRAIN.sum())
    assert not mask[~BRAIN].any()
    assert attribution[mask].min() >= attribution[BRAIN & ~mask].max()


def test_top_fraction_breaks_ties_in_order_and_never_takes_zeros():
    flat = np.full((2, 2, 2), 0.5)
    mask = overlap.top_fraction(flat, np.ones((2, 2, 2), bool), 0.25)
    assert np.flatnonzero(mask).tolist() == [0, 1]
    flat[:] = 0
    flat[1, 1, 1] = 0.1
    mask = overlap.top_fraction(flat, np.ones((2, 2, 2), bool), 0.5)
    assert np.flatnonzero(mask).tolist() == [7]


def test_expected_dice_is_the_mean_over_random_masks():
    rng = np.random.default_rng(0)
    coefficients = []
    for _ in range(400):
        a, b = np.zeros((2, 500), bool)
        a[rng.choice(500, 50, replace=False)] = True
        b[rng.choice(500, 100, replace=False)] = True
        coefficients.append(overlap.dice(a, b))
    assert overlap.expected_dice(50, 100, 500) == pytest.approx(np.mean(coefficients), abs=0.005)
    assert overlap.expected_dice(0, 0, 500) == 0


def test_expected_agreement_is_the_mean_over_random_masks():
    # by hand: two masks of 2 and 5 of 10 voxels differ in 2 + 5 - 2 * 2 * 5 / 10 = 5 on average
    assert overlap.expected_agreement(2, 5, 10) == pytest.approx(0.5)
    assert overlap.expected_agreement(0, 0, 10) == 1
    rng = np.random.default_rng(0)
    coefficients = []
    for _ in range(400):
        a, b = np.zeros((2, 500), bool)
        a[rng.choice(500, 50, replace=False)] = True
        b[rng.choice(500, 100, replace=False)] = True
        coefficients.append(overlap.agreement(a, b))
    assert overlap.expected_agreement(50, 100, 500) == pytest.approx(
        np.mean(coefficients), abs=0.002
    )


def test_table3():
    z = np.indices(BRAIN.shape)[2] / 10.0
    maps = {
        "meaningful_perturbation": z * BRAIN,
        "grad_cam": z * BRAIN,
        "guided_backprop": (1 - z) * BRAIN,
    }
    thresholds = {"meaningful_perturbation": 0.65, "grad_cam": 0.65, "guided_backprop": 0.55}
    sweep = group_agreement(maps, BRAIN, [0.25], n_null=39, seed=3)
    table = overlap.table3(maps, BRAIN, thresholds, sweep, fraction=0.25)
    assert table[["method_a", "method_b"]].to_numpy().tolist() == [
        ["meaningful_perturbation", "grad_cam"],
        ["meaningful_perturbation", "guided_backprop"],
        ["grad_cam", "guided_backprop"],
    ]
    assert table["paper"].tolist() == [0.94, 0.94, 0.93]
    assert table["dice_equal_area"].tolist() == [1, 0, 0]
    assert table["dice_threshold"].tolist() == [1, 0, 0]
    # z > .65 is 2 of 8 planes of the brain, 1 - z > .55 is 4 of 8
    assert table["voxels_a"].tolist() == [128, 128, 128]
    assert table["voxels_b"].tolist() == [128, 256, 256]
    np.testing.assert_allclose(table["agreement"], [1, 1 - 0.384, 1 - 0.384])
    # a box of 1000 voxels: 128 + 128 - 2 * 16.384 differ by chance, 128 + 256 - 2 * 32.768
    np.testing.assert_allclose(table["agreement_chance"], [1 - 0.223232] + [1 - 0.318464] * 2)
    # a brain of 512: 2 * 128 * 128 / (512 * 256), 2 * 128 * 256 / (512 * 384)
    np.testing.assert_allclose(table["dice_threshold_chance"], [0.25, 1 / 3, 1 / 3])
    np.testing.assert_allclose(table["chance"], 0.25)
    assert table["p_null"].iloc[0] == 1 / 40
    assert (table["p_null"].iloc[1:] == 1).all()
    assert table["null_mean"].between(0.1, 0.4).all()
    assert (table["null_p95"] > table["null_mean"]).all()
    # masks of 128 and 128 or 256 of 1000 voxels that share none
    np.testing.assert_allclose(table["agreement_disjoint"], [0.744, 0.616, 0.616])


def test_an_empty_mask_has_no_dice_at_the_threshold():
    maps = {"grad_cam": BRAIN * 0.5, "other": np.where(BRAIN, 0.1, 0.9)}
    thresholds = {"grad_cam": 0.3, "other": 0.3}  # the second is above it outside the brain only
    sweep = group_agreement(maps, BRAIN, [0.1], n_null=3, seed=0)
    row = overlap.table3(maps, BRAIN, thresholds, sweep, 0.1).iloc[0]
    assert np.isnan(row["dice_threshold"])
    assert row["agreement"] == 0
    assert (row["voxels_a"], row["voxels_b"]) == (512, 0)
    # masks of 512 and 488 of 1000 voxels
    assert row["agreement_chance"] == pytest.approx(2 * 0.512 * 0.488)


def test_maps_of_zeros_have_no_dice_but_all_else():
    maps = {"grad_cam": np.zeros(BRAIN.shape), "other": np.zeros(BRAIN.shape)}
    sweep = group_agreement(maps, BRAIN, [0.1], n_null=3, seed=0)
    table = overlap.table3(maps, BRAIN, dict.fromkeys(maps, 0.65), sweep, 0.1)
    row = table.drop(columns=["method_a", "method_b", "paper"]).iloc[0]
    assert np.isnan(row["dice_threshold"])
    assert row["dice_equal_area"] == row["dice_threshold_chance"] == row["chance"] == 0
    assert row["p_null"] == row["agreement"] == row["agreement_chance"] == 1
    assert row["agreement_disjoint"] == 1
