import numpy as np
import pandas as pd
import pytest

from voxplain.stats.family_blocks import family_codes, label_permutations, permuted_labels, resample


def participants(families):
    ids = [f"sub-{k}" for k in range(len(families))]
    table = pd.DataFrame({"participant_id": ids, "family_id": families})
    return table.astype("string")


def test_whoever_has_no_family_is_one_alone():
    codes = family_codes(participants(["a", None, "b", "a", None, "sub-1"]))
    assert codes.tolist() == [0, 1, 2, 0, 3, 4]


def test_families_are_resampled_whole():
    families = np.array([0, 1, 0, 2, 2, 2, 3])
    weights = resample(families, 4000, seed=0)
    assert weights.shape == (4000, 7)
    np.testing.assert_array_equal(weights[:, 0], weights[:, 2])
    np.testing.assert_array_equal(weights[:, 3], weights[:, 5])
    np.testing.assert_array_equal(weights[:, [0, 1, 3, 6]].sum(axis=1), 4)  # four of four families
    # the number of times that a family is drawn is binomial (4, 1 / 4)
    assert weights.mean() == pytest.approx(1, abs=0.03)
    assert weights[:, 6].var() == pytest.approx(4 * 0.25 * 0.75, abs=0.06)


def test_labels_change_places_between_families_of_one_size_in_one_fold_only():
    folds = np.repeat(["01", "02"], 8)
    families = np.array([0, 0, 1, 1, 2, 3, 4, 5, 6, 6, 6, 7, 8, 9, 10, 11])
    labels = np.array([1, 1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1])
    seen = permuted_labels(labels, families, folds, 2000, seed=0)
    for part in (slice(0, 4), slice(4, 8), slice(8, 11), slice(11, 16)):
        # pairs, singles of fold 01; the trio, singles of fold 02
        assert (seen[:, part].sum(axis=1) == labels[part].sum()).all()
    # a pair keeps its mix, whichever family it goes to: one pair has two 1, the other one
    sums = np.sort(seen[:, :4].reshape(-1, 2, 2).sum(axis=2), axis=1)
    assert (sums == [1, 2]).all()
    # every place is as likely to hold a 1 as any other of its block
    np.testing.assert_allclose(seen[:, :4].mean(axis=0), 3 / 4, atol=0.04)
    np.testing.assert_allclose(seen[:, 4:8].mean(axis=0), 1 / 4, atol=0.04)
    np.testing.assert_allclose(seen[:, 8:11].mean(axis=0), 2 / 3, atol=0.04)


def test_labels_of_fixed_predictions_may_leave_their_fold():
    table = participants(["a", "a", "b", "b", None, None]).assign(label=[1, 1, 0, 0, 1, 0])
    drawn = label_permutations(table, 400, seed=3)
    assert drawn.dtype == np.int8
    np.testing.assert_array_equal(drawn[:, 0], drawn[:, 1])  # twins keep one label
    np.testing.assert_array_equal(drawn[:, 2], 1 - drawn[:, 0])
    np.testing.assert_array_equal(drawn[:, 4] + drawn[:, 5], 1)
    np.testing.assert_allclose(drawn.mean(axis=0), 0.5, atol=0.08)
    np.testing.assert_array_equal(drawn, label_permutations(table, 400, seed=3))


def test_labels_of_divided_families_stay_in_families_of_their_size():
    folds = np.array(["01", "02", "01", "02", "01", "01", "02", "02", "02"])
    families = np.array([0, 0, 1, 1, 2, 2, 3, 4, 5])  # 0 and 1 are divided, 2 is not
    labels = np.array([1, 1, 0, 1, 0, 1, 1, 0, 0])
    seen = permuted_labels(labels, families, folds, 2000, seed=0)
    sums = np.sort(seen[:, :4].reshape(-1, 2, 2).sum(axis=2), axis=1)
    assert (sums == [1, 2]).all()  # whole families change places, members among themselves
    np.testing.assert_allclose(seen[:, :4].mean(axis=0), 3 / 4, atol=0.04)
    assert (seen[:, 4:6].sum(axis=1) == 1).all()
    assert (seen[:, 6:].sum(axis=1) == 1).all()
