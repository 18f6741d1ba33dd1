import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import balanced_accuracy_score, matthews_corrcoef, roc_auc_score

from voxplain.stats.accuracy import accuracy_summary, bootstrap_intervals, is_evidence
from voxplain.stats.family_blocks import permuted_labels, resample


def predictions(true, predicted, n_folds, score=None):
    return pd.DataFrame(
        {
            "participant_id": [f"sub-{i:03d}" for i in range(len(true))],
            "fold": [f"{i % n_folds + 1:02d}" for i in range(len(true))],
            "y_true": true,
            "y_score": predicted if score is None else score,
            "y_pred": predicted,
        }
    )


def summary_of(table, n_permutations=999, seed=0):
    """Summary where nobody is related."""
    n = len(table)
    labels = table["y_true"].to_numpy()
    drawn = permuted_labels(labels, np.arange(n), np.zeros(n, int), n_permutations, seed)
    return accuracy_summary(table, drawn)


def test_summary_by_hand():
    true = np.array([0, 0, 0, 1, 1, 1, 1, 0])
    called = np.array([0, 1, 0, 1, 1, 0, 1, 0])
    summary = summary_of(predictions(true, called, n_folds=2), 99)
    assert summary["n"] == 8
    assert summary["accuracy"] == 0.75
    # fold 01 holds rows 0, 2, 4, 6 (all right), fold 02 rows 1, 3, 5, 7 (half right)
    assert summary["mean"] == 0.75
    assert summary["sd"] == pytest.approx(np.sqrt(0.125))
    assert summary["recall_negative"] == summary["recall_positive"] == 0.75
    assert summary["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(true, called))
    assert summary["mcc"] == pytest.approx(matthews_corrcoef(true, called))
    assert summary["majority"] == 0.5
    # Wilson: (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)
    z, n, share = 1.959964, 8, 0.75
    centre, spread = (
        share + z**2 / (2 * n),
        z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)),
    )
    assert summary["ci_low"] == pytest.approx((centre - spread) / (1 + z**2 / n), abs=1e-6)
    assert summary["ci_high"] == pytest.approx((centre + spread) / (1 + z**2 / n), abs=1e-6)


def test_auc_compares_scores_within_folds_only():
    true = np.array([0, 0, 1, 1, 0, 0, 1, 1])
    score = np.array([0.1, 5.1, 0.2, 5.2, 0.3, 5.3, 0.4, 5.0])  # the second fold's scale is shifted
    table = predictions(true, (score > 3).astype(int), 2, score)
    # fold 01: .1 .2 .3 .4 with 0 1 0 1 -> 3 of 4 pairs; fold 02: 5.1 5.2 5.3 5.0 -> 1 of 4
    assert summary_of(table, 9)["auc"] == pytest.approx(4 / 8)


def test_permutation_p_agrees_with_shuffling_labels():
    rng = np.random.default_rng(3)
    true = (rng.random(60) < 0.4).astype(int)
    called = np.where(rng.random(60) < 0.62, true, 1 - true)
    summary = summary_of(predictions(true, called, 5), 20000)
    for score in (lambda a, b: (a == b).mean(), balanced_accuracy_score):
        shuffled = [score(rng.permutation(true), called) for _ in range(600)]
        expected = np.mean(np.array(shuffled) >= score(true, called) - 1e-12)
        assert summary["p_permutation"] == pytest.approx(expected, abs=0.05)


def test_evidence_needs_more_than_the_majority():
    true = np.repeat([0, 1], [70, 30])
    majority = summary_of(predictions(true, np.zeros(100, int), 10))
    assert majority["accuracy"] == majority["majority"] == 0.7
    assert majority["p_permutation"] == 1
    assert not is_evidence(majority)
    good = true.copy()
    good[::12] = 1 - good[::12]
    assert is_evidence(summary_of(predictions(true, good, 10)))
    # significant against shuffled labels, yet no better than always naming the larger class
    weak = true.copy()
    weak[:25] = 1
    summary = summary_of(predictions(true, weak, 10))
    assert summary["p_permutation"] < 0.05
    assert not is_evidence(summary)


def test_bootstrap_intervals_are_those_of_resampled_tables():
    rng = np.random.default_rng(4)
    true = np.tile([0, 0, 1, 1], 15)
    score = np.round(rng.normal(true, 1.2), 1)  # with ties
    table = predictions(true, (score > 0.5).astype(int), 2, score)
    weights = resample(np.arange(60) // 3, 60, seed=0)
    actual = bootstrap_intervals(table, weights)
    accuracies, aucs = [], []
    for counts in weights:
        rows = table.loc[np.repeat(np.arange(60), counts)]
        accuracies.append((rows["y_true"] == rows["y_pred"]).mean())
        concordant = pairs = 0
        for _, fold in rows.groupby("fold"):
            n_pairs = fold["y_true"].sum() * (1 - fold["y_true"]).sum()
            concordant += roc_auc_score(fold["y_true"], fold["y_score"]) * n_pairs
            pairs += n_pairs
        aucs.append(concordant / pairs)
    for name, draws in (("boot", accuracies), ("auc", aucs)):
        expected = np.quantile(draws, [0.025, 0.975])
        assert [actual[f"{name}_low"], actual[f"{name}_high"]] == pytest.approx(expected)


def test_bootstrap_by_family_covers_where_relatives_are_alike():
    rng = np.random.default_rng(5)
    families = np.repeat(np.arange(50), 2)
    missed, n = 0, 500
    for seed in range(n):
        right = (rng.random(50) < 0.8)[families]
        true = np.tile([0, 0, 1, 1], 25)
        table = predictions(true, np.where(right, true, 1 - true), 2)
        interval = bootstrap_intervals(table, resample(families, 199, seed))
        missed += not interval["boot_low"] <= 0.8 <= interval["boot_high"]
    # a percentile interval of 50 families misses a little more than its 5 %
    assert missed <= stats.binom.ppf(0.999, n, 0.07)
