import numpy as np
import pandas as pd
import pytest

from voxplain.baselines import head_size, morphometry, voxel_svm
from voxplain.baselines.models import Baselines, InnerProducts

TRAIN, TEST = np.arange(40), np.arange(40, 60)
SETTINGS = {
    "inner_splits": 2,
    "svm_c": 10.0,
    "knn": {"n_neighbors": [1, 5]},
    "logistic_regression": {"C": [0.1]},
}


@pytest.fixture
def baselines():
    rng = np.random.default_rng(0)
    gram, sums = voxel_svm.gram_matrix(rng.standard_normal((60, 4, 4, 4)))
    return Baselines(
        settings=SETTINGS,
        seed=3,
        sizes=pd.Series(rng.normal(1400, 100, 60)),
        families=np.arange(60),
        features=pd.DataFrame(rng.standard_normal((60, 3)), columns=list("abc")),
        threads=1,
        products=InnerProducts(gram, sums, 64),
    )


def test_every_name_is_its_own_model(baselines):
    labels = np.random.default_rng(1).permutation(np.tile([0, 1], 30))
    b = baselines
    inner = {"inner_folds": 2, "threads": 1, "grids": SETTINGS}
    products = b.products.gram, b.products.sums, 64
    tabular = (b.features, labels, TRAIN, TEST, b.families, inner, 3)
    expected = {
        "voxel_svm": voxel_svm.fit_predict(*products, labels, TRAIN, TEST, 10.0),
        "head_size": head_size.fit_predict(b.sizes, labels, TRAIN, TEST),
        "knn": morphometry.fit_predict("knn", *tabular),
        morphometry.RESIDUAL: morphometry.fit_predict(morphometry.RESIDUAL, *tabular, b.sizes),
    }
    for model, fitted in expected.items():
        predictions = b.fit_predict(model, labels, TRAIN, TEST)
        np.testing.assert_array_equal(predictions.scores, fitted.scores, err_msg=model)
        np.testing.assert_array_equal(predictions.predictions, fitted.predictions, err_msg=model)
