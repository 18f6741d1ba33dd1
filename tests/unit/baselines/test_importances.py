import numpy as np
import pandas as pd
from sklearn.inspection import permutation_importance
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from xgboost import XGBClassifier

from voxplain.baselines import importances


def test_permutation_importance_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 6))
    y = (X[:, 1] + 0.5 * X[:, 4] + 0.3 * rng.standard_normal(300) > 0).astype(int)
    model = XGBClassifier(max_depth=2, n_estimators=8, n_jobs=1)
    pipeline = Pipeline([("impute", FunctionTransformer()), ("model", model)]).fit(X[:200], y[:200])
    importance = importances.of_xgboost(
        pipeline, pd.Index(list("abcdef")), X[200:], y[200:], seed=0
    )
    known = permutation_importance(
        pipeline, X[200:], y[200:], scoring="neg_log_loss", n_repeats=50, random_state=0
    )
    np.testing.assert_allclose(importance["permutation"], known.importances_mean, atol=0.05)
    assert importance.set_index("feature")["permutation"].idxmax() == "b"
    assert (importance.loc[importance["gain"] == 0, "permutation"] == 0).all()
