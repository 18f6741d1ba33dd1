import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from voxplain.evaluation.prediction.comparisons import compare_models, paired_bootstrap
from voxplain.stats.family_blocks import resample
from voxplain.stats.over_folds import corrected_t

N_SIMULATIONS = 500
MOST = stats.binom.ppf(0.999, N_SIMULATIONS, 0.05)


def test_paired_bootstrap_by_hand():
    # of four families two are better by one participant of one: the binomial (4, 1 / 2) / 4
    difference = np.array([1.0, 1.0, 0.0, 0.0])
    weights = resample(np.arange(4), 20000, seed=0)
    interval = paired_bootstrap(difference, weights)
    assert interval["pooled_difference"] == 0.5
    assert interval["p_bootstrap"] == pytest.approx(2 * 0.5**4, abs=0.01)
    assert (interval["boot_low"], interval["boot_high"]) == pytest.approx((0, 1))


def predictions(right):
    """Table of two or more models from {model: (n,) bool}, four folds in turns."""
    parts = []
    for model, correct in right.items():
        n = len(correct)
        parts.append(
            pd.DataFrame(
                {
                    "participant_id": [f"sub-{k}" for k in range(n)],
                    "fold": [f"{k % 4:02d}" for k in range(n)],
                    "y_true": 1,
                    "y_pred": np.asarray(correct).astype(int),
                    "model": model,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def test_every_pair_is_compared_and_holm_corrected():
    rng = np.random.default_rng(0)
    right = {name: rng.random(80) < share for name, share in (("a", 0.9), ("b", 0.6), ("c", 0.6))}
    people = [f"sub-{k}" for k in range(80)][::-1]  # the order of the weights, not of the table
    weights = resample(np.arange(80), 500, seed=1)
    table = compare_models(predictions(right), people, weights)
    pairs = list(zip(table["model_a"], table["model_b"], strict=True))
    assert pairs == [("a", "b"), ("a", "c"), ("b", "c")]
    np.testing.assert_allclose(
        table["p_holm"], multipletests(table["p_corrected"], method="holm")[1]
    )
    by_fold = {k: v.reshape(20, 4).mean(axis=0) for k, v in right.items()}
    difference = by_fold["a"] - by_fold["b"]
    # four folds: (1 / 4 + 1 / 3) s²
    t = difference.mean() / np.sqrt((1 / 4 + 1 / 3) * difference.var(ddof=1))
    assert table.loc[0, "difference"] == pytest.approx(difference.mean())
    assert table.loc[0, "p_corrected"] == pytest.approx(2 * stats.t.sf(t, 3))
    assert table.loc[0, "pooled_difference"] == pytest.approx(right["a"].mean() - right["b"].mean())
    drawn = weights @ (right["a"].astype(float) - right["b"])[::-1] / 80
    assert table.loc[0, "boot_low"] == pytest.approx(np.quantile(drawn, 0.025))


def cross_validated(x, y, folds):
    """Accuracy per fold of the nearest class mean on one feature."""
    accuracies = []
    for fold in range(folds.max() + 1):
        train, test = folds != fold, folds == fold
        means = [x[train & (y == label)].mean() for label in (0, 1)]
        called = np.abs(x[test] - means[1]) < np.abs(x[test] - means[0])
        accuracies.append((called == y[test]).mean())
    return np.array(accuracies)


def test_two_models_that_learn_equally_well_are_rarely_told_apart():
    rng = np.random.default_rng(0)
    y, folds = np.tile([0, 1], 50), np.repeat(np.arange(10), 10)
    corrected = plain = 0
    for _ in range(N_SIMULATIONS):
        x = rng.standard_normal((2, 100)) + 0.8 * y
        difference = cross_validated(x[0], y, folds) - cross_validated(x[1], y, folds)
        corrected += corrected_t(difference)[3] < 0.05
        plain += stats.ttest_1samp(difference, 0).pvalue < 0.05
    assert corrected <= MOST
    assert corrected <= plain


def test_bootstrap_by_family_holds_its_level_where_one_by_participant_does_not():
    rng = np.random.default_rng(1)
    families = np.repeat(np.arange(60), 3)
    by_family = by_person = 0
    for _ in range(N_SIMULATIONS):
        seed = int(rng.integers(2**31))
        right = (rng.random((2, 60)) < 0.75)[:, families]  # relatives stand and fall together
        difference = right[0].astype(float) - right[1]
        drawn = paired_bootstrap(difference, resample(families, 199, seed))
        each = paired_bootstrap(difference, resample(np.arange(180), 199, seed))
        by_family += drawn["p_bootstrap"] < 0.05
        by_person += each["p_bootstrap"] < 0.05
    assert by_family <= MOST
    assert by_person > 2 * MOST
