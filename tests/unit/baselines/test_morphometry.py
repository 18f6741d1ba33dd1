import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from voxplain.baselines import morphometry
from voxplain.errors import CohortError, ConfigError

SETTINGS = {
    "inner_folds": 3,
    "threads": 1,
    "grids": {
        "xgboost": {"max_depth": [2], "n_estimators": [10, 20], "learning_rate": [0.5]},
        "knn": {"n_neighbors": [1, 5]},
        "logistic_regression": {"C": [0.01, 1.0]},
    },
}
TRAIN, TEST = np.arange(0, 60), np.arange(60, 80)


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    y = rng.permutation(np.tile([0, 1], 40))
    X = pd.DataFrame(rng.standard_normal((80, 5)), columns=list("abcde"))
    X["b"] += 3.0 * y
    X["c"] = X["c"] * 1000 + 5000
    X.loc[::7, "a"] = np.nan
    X["empty"] = np.nan
    X["constant"] = 1.0
    return X, y


def fit(name, table, settings=SETTINGS, groups=None, train=TRAIN, test=TEST):
    return morphometry.fit_predict(name, *table, train, test, groups, settings, seed=0)


@pytest.mark.parametrize("name", morphometry.MODELS)
def test_every_model_learns_and_repeats(table, name):
    fitted = fit(name, table)
    assert fitted.scores.shape == fitted.predictions.shape == (20,)
    assert ((fitted.scores >= 0) & (fitted.scores <= 1)).all()
    np.testing.assert_array_equal(
        fitted.predictions[fitted.scores != 0.5] == 1, fitted.scores[fitted.scores != 0.5] > 0.5
    )
    assert (fitted.predictions == table[1][TEST]).mean() > 0.75
    assert set(fitted.parameters) == set(SETTINGS["grids"][name])
    for parameter, value in fitted.parameters.items():
        assert value in SETTINGS["grids"][name][parameter]
    np.testing.assert_array_equal(fitted.scores, fit(name, table).scores)


@pytest.mark.parametrize("name", morphometry.MODELS)
def test_nothing_is_learned_from_test_participants(table, name):
    X, y = table
    changed, flipped = X.copy(), y.copy()
    changed.iloc[TEST[10:]] = 1e6
    flipped[TEST] = 1 - flipped[TEST]
    first, second = fit(name, table, test=TEST[:10]), fit(name, (changed, flipped), test=TEST[:10])
    np.testing.assert_array_equal(first.scores, second.scores)


def test_logistic_regression_against_a_hand_made_pipeline(table):
    X, y = table
    grids = {**SETTINGS["grids"], "logistic_regression": {"C": [0.5]}}
    fitted = fit("logistic_regression", table, {**SETTINGS, "grids": grids})
    filled = X.drop(columns="empty").fillna(X.iloc[TRAIN].median()).assign(empty=0.0)[X.columns]
    train = filled.iloc[TRAIN]
    scaled = (filled - train.mean()) / train.std(ddof=0).replace(0, 1)
    model = LogisticRegression(C=0.5, max_iter=10000).fit(scaled.to_numpy()[TRAIN], y[TRAIN])
    expected = model.predict_proba(scaled.to_numpy()[TEST])[:, 1]
    np.testing.assert_allclose(fitted.scores, expected, rtol=1e-6)
    assert fitted.importances["feature"].tolist() == list(X.columns)
    np.testing.assert_allclose(fitted.importances["coefficient"], model.coef_[0], atol=1e-6)
    assert fitted.importances.set_index("feature")["coefficient"].idxmax() == "b"


def test_xgboost_gains_have_the_features_names(table):
    gains = fit("xgboost", table).importances.set_index("feature")["gain"]
    assert gains.index.tolist() == list(table[0].columns)
    assert gains.idxmax() == "b"
    assert gains["empty"] == gains["constant"] == 0
    assert fit("knn", table).importances is None


def test_families_stay_together_in_the_inner_folds():
    y = np.tile([0, 1], 15)
    groups = pd.Series([f"f{i // 3}" if i < 24 else pd.NA for i in range(30)], dtype="string")
    families = morphometry._families(groups, np.arange(30))
    assert len(np.unique(families)) == 8 + 6
    for inner_train, inner_test in morphometry._inner_folds(y, families, 3, seed=0):
        assert not set(families[inner_train]) & set(families[inner_test])


def test_unknown_families_are_families_of_their_own():
    assert morphometry._families(None, np.arange(4)) is None
    unknown = pd.Series([pd.NA] * 4, dtype="string")
    assert morphometry._families(unknown, np.arange(4)) is None


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("forest", SETTINGS, "Unknown morphometry model 'forest'"),
        ("knn", {**SETTINGS, "inner_folds": 31}, "30 participants of class 0 and 30 of class 1"),
        ("knn", {**SETTINGS, "grids": {"knn": {"k": [1]}}}, r"unknown parameters \['k'\]"),
        ("knn", {**SETTINGS, "grids": {"knn": {"n_neighbors": [41]}}}, "41 is more than the 40"),
    ],
)
def test_bad_settings_are_refused(table, name, settings, message):
    balanced = table[0], np.tile([0, 1], 40)
    with pytest.raises(ConfigError, match=message):
        fit(name, balanced, settings)


def test_too_few_families_of_a_class_are_refused(table):
    y = np.repeat([0, 1], 40)
    groups = pd.Series(["one"] * 40 + [f"f{i}" for i in range(40)])
    with pytest.raises(ConfigError, match="1 families of class 0"):
        fit("knn", (table[0], y), groups=groups, train=np.arange(80))


def test_a_class_that_is_absent_is_refused(table):
    with pytest.raises(ConfigError, match="0 of class 1"):
        fit("knn", (table[0], np.zeros(80, int)))


def test_bad_columns_are_refused(table):
    X, y = table
    with pytest.raises(CohortError, match="Release"):
        fit("knn", (X.assign(Release="Q1"), y))
    with pytest.raises(CohortError, match="infinite values: \\['a'\\]"):
        fit("knn", (X.assign(a=np.inf), y))
