"""Cross-validated accuracy of a model with nothing to find is called significant at its level."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from voxplain.evaluation.prediction import label_permutations
from voxplain.stats.accuracy import accuracy_summary
from voxplain.stats.family_blocks import permuted_labels

N_COHORTS, N_FAMILIES, N_FOLDS = 500, 40, 4
MOST = stats.binom.ppf(0.999, N_COHORTS, 0.05)


def held_out(X, labels, folds):
    """Predictions of the nearest class mean."""
    score = np.empty(len(labels))
    for fold in range(N_FOLDS):
        train, test = folds != fold, folds == fold
        means = [X[train & (labels == label)].mean(axis=0) for label in (0, 1)]
        distances = [((X[test] - mean) ** 2).sum(axis=1) for mean in means]
        score[test] = distances[0] - distances[1]
    called = (score > 0).astype(int)
    return pd.DataFrame({"fold": folds, "y_true": labels, "y_score": score, "y_pred": called})


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 2])
def test_false_positive_rate_of_the_permutation_p(size):
    """Alone or in pairs: twins share brain and label, and nothing tells the classes apart."""
    rng = np.random.default_rng(0)
    family = np.repeat(np.arange(N_FAMILIES), size)
    folds, n = np.repeat(np.arange(N_FOLDS), len(family) // N_FOLDS), len(family)
    significant = apart = 0
    for seed in range(N_COHORTS):
        labels = rng.permuted(np.tile(np.arange(10) % 2, (N_FOLDS, 1)), axis=1).ravel()[family]
        table = held_out(rng.standard_normal((N_FAMILIES, 3))[family], labels, folds)
        drawn = permuted_labels(labels, family, np.zeros(n, int), 99, seed)
        significant += accuracy_summary(table, drawn)["p_permutation"] <= 0.05
        if size > 1:
            single = permuted_labels(labels, np.arange(n), np.zeros(n, int), 99, seed)
            apart += accuracy_summary(table, single)["p_permutation"] <= 0.05
    assert significant <= MOST
    if size > 1:
        assert apart > MOST  # the labels of single twins are not exchangeable


@pytest.mark.slow
def test_false_positive_rate_where_folds_divide_families():
    """The paper's folds: a twin in training tells the other's class, though nothing else does.

    Refitting to labels that change places by families has this help in its null as well; labels
    shuffled against fixed predictions do not.
    """
    rng = np.random.default_rng(0)
    family = np.repeat(np.arange(N_FAMILIES), 2)
    n = len(family)
    refitted = fixed = 0
    for seed in range(N_COHORTS):
        labels = rng.permuted(np.arange(N_FAMILIES) % 2)[family]
        folds = np.empty(n, int)
        for label in (0, 1):  # stratified, whoever is related
            of_class = labels == label
            folds[of_class] = rng.permuted(np.arange(of_class.sum()) % N_FOLDS)
        X = rng.standard_normal((N_FAMILIES, 3))[family]

        def predict(shuffled, X=X, folds=folds):
            return held_out(X, shuffled, folds)["y_pred"].to_numpy()

        null = label_permutations.refitting_null(predict, labels, family, folds, 39, seed)
        refitted += null["p_refit"] <= 0.05
        drawn = permuted_labels(labels, family, np.zeros(n, int), 39, seed)
        fixed += accuracy_summary(held_out(X, labels, folds), drawn)["p_permutation"] <= 0.05
    assert refitted <= MOST
    assert fixed > MOST
