"""Models on newly drawn folds and on smaller training sets, with models whose answer is known."""

import numpy as np
import pandas as pd
import pytest

from voxplain.cohort.folds import Fold, Split, make_splits
from voxplain.evaluation.prediction.external import (
    MEAN,
    MEASURES,
    WHOLE,
    held_out_rows,
    score_external,
)
from voxplain.evaluation.prediction.learning_curves import score_draw
from voxplain.evaluation.prediction.repeats import score_repeat

N = 40


@pytest.fixture
def participants():
    family = np.full(N, None, dtype=object)
    family[:20] = [f"fam-{k // 2}" for k in range(20)]
    return pd.DataFrame(
        {
            "participant_id": [f"s{k:02d}" for k in range(N)],
            "label": np.arange(N) % 2,
            "class_name": np.where(np.arange(N) % 2, "men", "women"),
            "family_id": pd.array(family, dtype="string"),
        }
    )


def knows(model, labels, train, test):
    """The oracle is always right, the other model always says 1."""
    return labels[test] if model == "oracle" else np.ones(len(test), int)


def test_newly_drawn_folds(participants):
    groups = {"together": "family", "divided": "none"}
    table = score_repeat(knows, participants, ["oracle", "constant"], groups, 4, seed=3)
    assert list(table) == ["model", "families", "accuracy", "relatives"]
    table = table.set_index(["model", "families"])
    assert (table.loc["oracle", "accuracy"] == 1).all()
    assert (table.loc["constant", "accuracy"] == 0.5).all()
    assert table.loc[("oracle", "together"), "relatives"] == 0
    assert table.loc[("oracle", "divided"), "relatives"] > 0


def test_smaller_training_sets(participants):
    labels = participants["label"].to_numpy(int)
    ids = np.array(participants["participant_id"])
    folds, sizes = [], []
    for split in make_splits(participants, 4, 0, "none")[:-1]:
        rows = [np.flatnonzero(np.isin(ids, side)) for side in (split.train, split.test)]
        folds.append(Fold(split, labels, *rows))

    def fit(model, labels, train, test):
        sizes.append(len(train))
        return knows(model, labels, train, test)

    table = score_draw(fit, folds, ["oracle", "constant"], [0.2, 0.6], seeds=range(4))
    assert list(table) == ["model", "share", "n_train", "n_whole", "accuracy"]
    assert table["model"].tolist() == ["oracle", "constant"] * 2
    assert table["accuracy"].tolist() == [1, 0.5] * 2
    assert table["n_train"].tolist() == [6, 6, 18, 18]
    assert table["n_whole"].unique().tolist() == [30]
    assert set(sizes) == {6, 18}


def test_models_of_another_cohort():
    truth = np.tile([0, 1], 20)
    ids = [f"s{k}" for k in range(40)]
    right = np.where(truth == 1, 1.0, -1.0)
    predictions = {
        ("cnn", WHOLE): (right, truth),
        ("cnn", MEAN): (-right, 1 - truth),
    }
    rng = np.random.default_rng(0)
    permuted = rng.permuted(np.tile(truth, (99, 1)), axis=1)
    table = score_external(predictions, ids, truth, permuted, np.ones((50, 40), int))
    assert list(table) == ["model", "fitted_on", *MEASURES]
    assert table["fitted_on"].tolist() == [WHOLE, MEAN]
    assert table["accuracy"].tolist() == [1, 0]
    assert table["evidence"].tolist() == [True, False]
    assert table["p_permutation"][0] == pytest.approx(0.01)
    known = table.drop(columns="fitted_on").iloc[:1]
    pd.testing.assert_frame_equal(
        held_out_rows(known, ["cnn"])[["model", *MEASURES]], known, check_like=True
    )


def test_a_fold_names_itself():
    split = Split("03", ["a"], ["b"])
    assert Fold(split, np.array([0, 1]), np.array([0]), np.array([1])).name == "03"
