import numpy as np
import pytest
from scipy import stats
from sklearn.model_selection import PredefinedSplit, permutation_test_score
from sklearn.svm import SVC

from voxplain.evaluation.prediction.label_permutations import held_out, refitting_null


def nearest_mean(X):
    def fit(labels, train, test):
        means = [X[train][labels[train] == label].mean(axis=0) for label in (0, 1)]
        distance = [((X[test] - mean) ** 2).sum(axis=1) for mean in means]
        return (distance[1] < distance[0]).astype(int)

    return fit


@pytest.mark.filterwarnings("ignore:The groups parameter")
def test_null_is_scikit_learns_where_nobody_is_related():
    rng = np.random.default_rng(0)
    labels, folds = np.tile([0, 1], 20), np.repeat(np.arange(4), 10)
    X = rng.standard_normal((40, 3)) + 0.35 * labels[:, None]

    def fit(shuffled, train, test):
        return SVC().fit(X[train], shuffled[train]).predict(X[test])

    ours = refitting_null(held_out(fit, folds), labels, np.arange(40), folds, 200, seed=0)
    score, null, p = permutation_test_score(
        SVC(), X, labels, groups=folds, cv=PredefinedSplit(folds), n_permutations=200,
        random_state=0, scoring="accuracy",
    )  # fmt: skip
    assert ours["accuracy"] == pytest.approx(score)
    assert ours["null_mean"] == pytest.approx(null.mean(), abs=0.02)
    assert ours["null_p95"] == pytest.approx(np.quantile(null, 0.95), abs=0.03)
    assert ours["p_refit"] == pytest.approx(p, abs=0.04)


def test_related_brains_of_one_class_are_no_evidence():
    """Twins share brain and label, and nothing else tells the classes apart."""
    rng = np.random.default_rng(0)
    families, folds = np.repeat(np.arange(20), 2), np.repeat(np.arange(4), 10)
    significant, n = 0, 500
    for seed in range(n):
        X = rng.standard_normal((20, 3))[families]
        labels = np.concatenate([rng.permutation([0, 0, 1, 1, k % 2]) for k in range(4)])[families]
        predict = held_out(nearest_mean(X), folds)
        significant += refitting_null(predict, labels, families, folds, 19, seed)["p_refit"] <= 0.05
    assert significant <= stats.binom.ppf(0.999, n, 0.05)


def test_what_can_be_learnt_is_beyond_the_null():
    rng = np.random.default_rng(1)
    labels, folds = np.tile([0, 1], 30), np.repeat(np.arange(5), 12)
    X = rng.standard_normal((60, 2)) + 1.5 * labels[:, None]
    tested = refitting_null(held_out(nearest_mean(X), folds), labels, np.arange(60), folds, 99, 0)
    assert tested["p_refit"] == 0.01
    assert tested["accuracy"] > tested["null_p95"] > tested["null_mean"]
