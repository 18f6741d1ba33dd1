import numpy as np
import pandas as pd
import pytest
from scipy import stats

from voxplain.evaluation.prediction.retraining import against_chance, spread


def predictions(called, true=(0, 0, 1, 1), order=(0, 1, 2, 3)):
    table = pd.DataFrame({"participant_id": list("abcd"), "y_true": true, "y_pred": called})
    return table.iloc[list(order)]


def test_spread_by_hand():
    this = predictions([0, 0, 1, 1])
    others = [predictions([0, 1, 1, 1]), predictions([1, 0, 0, 1], order=(3, 1, 0, 2))]
    row = spread(this, {"seeds": others}).iloc[0]
    assert row["n_runs"] == 3
    assert row["accuracy_mean"] == pytest.approx((1 + 0.75 + 0.5) / 3)
    assert row["accuracy_sd"] == pytest.approx(0.25)
    assert (row["accuracy_low"], row["accuracy_high"], row["this_run"]) == (0.5, 1, 1)
    # one of four, two of four and three of four are called otherwise
    assert row["flipped"] == pytest.approx((1 + 2 + 3) / 3 / 4)


def test_chance_of_unrelated_people_in_one_fold_is_hypergeometric():
    rng = np.random.default_rng(0)
    n = 60
    true, called = np.tile([0, 1], n // 2), (rng.random(n) < 0.4).astype(int)
    table = pd.DataFrame({"y_true": true, "y_pred": called})
    tested = against_chance(table, np.arange(n), np.repeat("01", n), 4000, seed=1)
    hits = stats.hypergeom(n, n // 2, called.sum())  # of those called 1 that are 1
    right = 2 * np.arange(n + 1) + (n - n // 2) - called.sum()
    exact = hits.pmf(np.arange(n + 1))[right >= (true == called).sum()].sum()
    assert tested["p"] == pytest.approx(exact, abs=0.03)
    low, high = (2 * hits.ppf(q) + n // 2 - called.sum() for q in (0.025, 0.975))
    assert tested["chance_low"] * n == pytest.approx(low, abs=2.01)
    assert tested["chance_high"] * n == pytest.approx(high, abs=2.01)


def test_families_of_one_class_widen_what_chance_gives():
    families = np.repeat(np.arange(10), 4)
    true = np.repeat([0, 1], 20)
    table = pd.DataFrame({"y_true": true, "y_pred": np.roll(true, 4)})
    fold = np.repeat("01", 40)
    alone = against_chance(table, np.arange(40), fold, 2000, seed=0)
    related = against_chance(table, families, fold, 2000, seed=0)
    width = alone["chance_high"] - alone["chance_low"]
    assert related["chance_high"] - related["chance_low"] > 1.5 * width
    assert alone["p"] < 0.05 < related["p"]


def test_a_model_that_names_one_class_is_within_chance():
    table = pd.DataFrame({"y_true": np.tile([0, 1, 1], 8), "y_pred": 1})
    tested = against_chance(table, np.arange(24), np.repeat("01", 24), 99, seed=0)
    assert tested["inside"]
    assert tested["p"] == 1


def test_false_positives_of_a_network_trained_on_shuffled_labels():
    rng, n, hits = np.random.default_rng(1), 500, 0
    families, fold = np.repeat(np.arange(20), 2), np.repeat(["01", "02"], 20)
    for seed in range(n):
        true, called = (rng.permuted(np.tile([0, 1], (2, 5)), axis=1).ravel() for _ in range(2))
        table = pd.DataFrame({"y_true": true[families], "y_pred": called[families]})
        hits += against_chance(table, families, fold, 39, seed)["p"] <= 0.05
    assert hits <= stats.binom.ppf(0.999, n, 0.05)
