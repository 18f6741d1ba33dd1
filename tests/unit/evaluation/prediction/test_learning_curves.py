import numpy as np
import pandas as pd
import pytest

from voxplain.evaluation.prediction.learning_curves import nested_subsets, over_sizes

LABELS = np.array([0, 1] * 10 + [0] * 10)


def test_smaller_training_sets_lie_in_larger_ones_and_keep_the_mix():
    train = np.arange(2, 30)  # 19 of class 0, 9 of class 1
    small, large = nested_subsets(LABELS, train, [0.3, 0.6], np.random.default_rng(1))
    assert set(small) < set(large) < set(train)
    assert np.bincount(LABELS[small]).tolist() == [6, 3]
    assert np.bincount(LABELS[large]).tolist() == [11, 5]
    assert (np.diff(small) > 0).all()  # in the order of the table


def test_another_draw_is_other_people_and_nobody_is_ever_alone():
    train = np.arange(30)
    draws = [nested_subsets(LABELS, train, [0.01], np.random.default_rng(k))[0] for k in range(5)]
    assert all(np.bincount(LABELS[draw]).tolist() == [2, 2] for draw in draws)
    assert len({tuple(draw) for draw in draws}) > 1


def test_the_summary_by_hand():
    rows = pd.DataFrame(
        [
            {
                "model": model,
                "share": share,
                "n_train": 90 * share,
                "n_whole": 90,
                "accuracy": value,
            }
            for model in ("voxel_svm", "head_size")
            for share, value in ((0.5, 0.6), (0.5, 0.7), (0.2, 0.5), (0.2, 0.6))
        ]
    )
    accuracy = pd.DataFrame({"model": ["cnn", "voxel_svm", "head_size"], "n": 100, "majority": 0.5})
    table = over_sizes(rows, accuracy.assign(accuracy=[0.9, 0.8, 0.55]))
    assert table["model"].tolist() == ["voxel_svm"] * 3 + ["head_size"] * 3
    assert table["share"].tolist() == [0.2, 0.5, 1] * 2
    assert table["n_train"].tolist() == pytest.approx([18, 45, 90] * 2)
    assert table["accuracy"].tolist() == pytest.approx([0.55, 0.65, 0.8, 0.55, 0.65, 0.55])
    assert table.loc[1, ["draws", "accuracy_low", "accuracy_high"]].tolist() == [2, 0.6, 0.7]
    assert table.loc[2, ["draws", "accuracy_low", "accuracy_high"]].tolist() == [1, 0.8, 0.8]
    # 60 of 100 tosses: P(X <= 59) = 0.9716, P(X <= 60) = 0.9824
    np.testing.assert_allclose(table["chance_high"], 0.6)
