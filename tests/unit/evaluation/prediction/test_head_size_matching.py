from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from voxplain.evaluation.prediction.confounds import standardised_difference
from voxplain.evaluation.prediction.head_size_matching import (
    head_size_table,
    match_pairs,
    matched_accuracy,
)


def cheapest(values, labels, caliper):
    """Smallest total price over all ways to pair, one left out at the caliper's price."""
    first, second = values[labels == 0], values[labels == 1]
    return min(
        sum(min(abs(a - b), caliper) for a, b in zip(first, order, strict=True))
        for order in permutations(second, len(first))
    )


@pytest.mark.parametrize("seed", range(5))
def test_pairs_are_those_of_the_smallest_total_distance(seed):
    rng = np.random.default_rng(seed)
    labels = np.array([0, 1, 1, 0, 1, 0, 1, 1, 0])
    values = rng.normal(labels, 1.0)
    pairs = match_pairs(values, labels, 0.5)
    distance = np.abs(values[pairs[:, 0]] - values[pairs[:, 1]])
    assert (labels[pairs] == [0, 1]).all()
    assert len(np.unique(pairs)) == pairs.size
    assert (distance <= 0.5).all()
    price = distance.sum() + 0.5 * (4 - len(pairs))
    assert price == pytest.approx(cheapest(values, labels, 0.5))


def test_a_caliper_that_nobody_meets_leaves_no_pair():
    pairs = match_pairs(np.array([0.0, 10.0, 1.0, 11.0]), np.array([0, 1, 0, 1]), 0.5)
    assert pairs.shape == (0, 2)
    matched = matched_accuracy(np.ones(4, bool), pairs, np.arange(4))
    assert np.isnan(matched["matched_accuracy"])
    assert matched["p_matched"] == 1


def test_matched_accuracy_by_hand():
    correct = np.array([1, 1, 1, 1, 1, 0, 0, 0, 0, 0], bool)
    pairs = np.array([[0, 1], [2, 3], [4, 5], [6, 7]])  # both, both, one, none
    matched = matched_accuracy(correct, pairs, np.arange(10))
    assert matched["matched_accuracy"] == 5 / 8
    expected = proportion_confint(5, 8, method="wilson")
    assert (matched["matched_low"], matched["matched_high"]) == pytest.approx(expected)
    # two of three decided pairs for it: (3 + 1) / 8
    assert matched["p_matched"] == pytest.approx(0.5)
    # both pairs that are right hold siblings, 1 and 2: of +-2 +-1 two in four are at least 2 - 1
    related = np.array([0, 1, 1, 3, 4, 5, 6, 7, 8, 9])
    assert matched_accuracy(correct, pairs, related)["p_matched"] == pytest.approx(0.5)
    everybody = matched_accuracy(np.ones(8, bool), pairs, np.array([0, 1, 1, 3, 4, 5, 6, 7]))
    assert everybody["p_matched"] == pytest.approx(1 / 8)  # three groups, not four pairs


@pytest.mark.parametrize("right", [0, 1])
def test_an_interval_holds_its_accuracy_to_the_last_bit(right):
    """statsmodels' for 14 of 14 ends at 1 - 1e-16, and the figure's bar would be negative."""
    for n in range(1, 60):
        pairs = np.arange(2 * n).reshape(n, 2)
        matched = matched_accuracy(np.full(2 * n, right), pairs, np.arange(2 * n))
        assert matched["matched_low"] <= right <= matched["matched_high"]


def test_unrelated_pairs_have_the_binomial_p():
    rng = np.random.default_rng(0)
    for _ in range(20):
        correct = rng.random(40) < 0.6
        pairs = rng.permutation(40).reshape(20, 2)
        right = correct[pairs].sum(axis=1)
        both, none = (right == 2).sum(), (right == 0).sum()
        expected = stats.binomtest(both, both + none, alternative="greater").pvalue
        p_matched = matched_accuracy(correct, pairs, np.arange(40))["p_matched"]
        assert p_matched == pytest.approx(expected)


def test_table_states_the_difference_before_and_after():
    rng = np.random.default_rng(0)
    labels = np.tile([0, 1], 60)
    ids = [f"sub-{k:03d}" for k in range(120)]
    size = pd.Series(rng.normal(1400 + 100 * labels, 100.0), index=ids)
    people = pd.DataFrame({"participant_id": ids, "label": labels, "family_id": pd.NA})
    called = {"size": (size > 1450).astype(int).to_numpy(), "truth": labels}
    held_out = pd.concat(
        pd.DataFrame({"participant_id": ids, "y_true": labels, "y_pred": value, "model": name})
        for name, value in called.items()
    )
    accuracy = pd.DataFrame(
        {"model": ["size", "truth"], "accuracy": [0.7, 1.0], "ci_low": 0.6, "ci_high": 1.0}
    )
    shuffled = held_out.sample(frac=1, random_state=0).sort_values("model")
    table = head_size_table(accuracy, shuffled, people, size.iloc[::-1], 0.25).set_index("model")
    women, men = size[labels == 0], size[labels == 1]
    sd = np.sqrt((women.var() + men.var()) / 2)
    assert table["d_all"].tolist() == pytest.approx([(men.mean() - women.mean()) / sd] * 2)
    np.testing.assert_allclose(table["caliper_ml"], 0.25 * sd)
    assert (table["d_matched"].abs() < 0.15).all()
    assert 25 <= table["n_pairs"].iloc[0] <= 60
    assert table.loc["truth", "matched_accuracy"] == 1
    assert table.loc["size", "matched_accuracy"] == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize("relatives", [1, 3])
def test_a_model_that_sees_head_size_only_is_at_chance_on_matched_pairs(relatives):
    """Also where relatives share sex, head size and what the model says."""
    rng, families = np.random.default_rng(0), np.repeat(np.arange(40), relatives)
    significant, n, apart = 0, 500, 0
    for _ in range(n):
        labels = rng.permutation(40)[families] % 2
        size = rng.normal(0, 1, 40)[families] + 0.01 * rng.standard_normal(len(families)) + labels
        pairs = match_pairs(size, labels, 0.25)
        right = (size > 0.5) == labels
        significant += matched_accuracy(right, pairs, families)["p_matched"] < 0.05
        apart += matched_accuracy(right, pairs, np.arange(len(families)))["p_matched"] < 0.05
    assert significant <= stats.binom.ppf(0.999, n, 0.05)
    if relatives > 1:
        assert apart > significant


def test_standardised_difference_by_hand():
    # means 2 and 5, variances 1 and 4
    value = standardised_difference(np.array([1.0, 2.0, 3.0]), np.array([3.0, 5.0, 7.0]))
    assert value == pytest.approx(3 / np.sqrt(2.5))
