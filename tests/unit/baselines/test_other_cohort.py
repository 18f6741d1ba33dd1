"""Models of one cohort asked about another are those fitted on the first alone."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from voxplain.baselines.models import Baselines
from voxplain.baselines.other_cohort import predict_other_cohort

MODELS = [
    "voxel_svm",
    "xgboost",
    "logistic_regression",
    "logistic_regression_tiv_residual",
    "head_size",
]
SETTINGS = {"inner_splits": 2, "svm_c": 1.0, "logistic_regression": {"C": [0.1]}}
SETTINGS |= {"xgboost": {"max_depth": [2], "n_estimators": [5], "learning_rate": [0.3]}}


def cohort(n, seed):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % 2)
    ids = [f"sub-{k}" for k in range(n)]  # of one name in both cohorts
    volumes = rng.standard_normal((n, 4, 4, 4)).astype(np.float32)
    volumes[labels == 1, 0] += 0.7
    features = pd.DataFrame(rng.standard_normal((n, 3)), ids, ["a", "b", "c"])
    features["a"] += labels
    baselines = Baselines(
        settings=SETTINGS,
        seed=3,
        sizes=pd.Series(rng.normal(1400 + 80 * labels, 90), ids, name="tiv"),
        families=np.array([f"alone: {name}" for name in ids], dtype=object),
        features=features,
        threads=1,
    )
    return baselines, volumes, labels


@pytest.fixture
def cohorts():
    return cohort(40, 0), cohort(26, 1)


def test_models_are_fitted_on_the_one_and_predict_the_other(cohorts):
    (theirs, their_volumes, labels), (ours, our_volumes, our_labels) = cohorts
    ours = replace(ours, features=ours.features[["c", "a", "b"]])  # columns go by name
    volumes = np.concatenate([their_volumes, our_volumes])
    predicted = predict_other_cohort(
        MODELS, theirs, ours, volumes, np.concatenate([labels, our_labels])
    )
    assert list(predicted) == MODELS

    vectors = [
        array.reshape(len(array), -1).astype(np.float64) for array in (their_volumes, our_volumes)
    ]
    svm = SVC().fit(vectors[0], labels)
    np.testing.assert_allclose(
        predicted["voxel_svm"].scores, svm.decision_function(vectors[1]), rtol=1e-5, atol=1e-7
    )
    regression = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=10_000))
    regression.fit(theirs.features, labels)
    expected = regression.predict_proba(ours.features[["a", "b", "c"]])[:, 1]
    np.testing.assert_allclose(predicted["logistic_regression"].scores, expected, atol=1e-4)
    assert all(len(fitted.predictions) == 26 for fitted in predicted.values())
    # our labels enter no fit
    others = predict_other_cohort(
        MODELS, theirs, ours, volumes, np.concatenate([labels, 1 - our_labels])
    )
    for model, fitted in predicted.items():
        np.testing.assert_allclose(others[model].scores, fitted.scores, rtol=1e-6, err_msg=model)


def test_what_only_one_cohort_has_is_not_used(cohorts):
    (theirs, their_volumes, labels), (ours, our_volumes, our_labels) = cohorts
    volumes = np.concatenate([their_volumes, our_volumes])
    labels = np.concatenate([labels, our_labels])

    def models(**changes):
        return list(predict_other_cohort(MODELS, theirs, replace(ours, **changes), volumes, labels))

    assert models(features=None) == ["voxel_svm", "head_size"]
    assert models(features=ours.features[["a", "b"]]) == ["voxel_svm", "head_size"]
    measured = ours.sizes.rename("foreground_ml")
    assert models(sizes=measured) == ["voxel_svm", "xgboost", "logistic_regression"]
