import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

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


def fit(name, table, settings=SETTINGS, families=None, train=TRAIN, test=TEST):
    families = np.arange(len(table[1])) if families is None else families
    return morphometry.fit_predict(name, *table, train, test, families, settings, seed=0)


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
    np.testing.assert_allclose(first.scores, second.scores, rtol=1e-6)  # XGBoost's are float32


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
    families = np.array([f"f{i // 3}" if i < 24 else f"alone {i}" for i in range(30)])
    for inner_train, inner_test in morphometry._inner_folds(y, families, 3, seed=0):
        assert not set(families[inner_train]) & set(families[inner_test])


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
    families = np.array(["one"] * 40 + [f"f{i}" for i in range(40)])
    with pytest.raises(ConfigError, match="1 families of class 0"):
        fit("knn", (table[0], y), families=families, train=np.arange(80))


def test_a_class_that_is_absent_is_refused(table):
    with pytest.raises(ConfigError, match="0 of class 1"):
        fit("knn", (table[0], np.zeros(80, int)))


def test_bad_columns_are_refused(table):
    X, y = table
    with pytest.raises(CohortError, match="Release"):
        fit("knn", (X.assign(Release="Q1"), y))
    with pytest.raises(CohortError, match="infinite values: \\['a'\\]"):
        fit("knn", (X.assign(a=np.inf), y))


@pytest.fixture
def sized():
    """Head size differs between the classes and is all that the features know of them."""
    rng = np.random.default_rng(1)
    y = rng.permutation(np.tile([0, 1], 60))
    size = pd.Series(rng.normal(1400 + 200 * y, 100.0))
    loadings = rng.uniform(0.5, 2, 6) * [1, -1, 1, 1, -1, 1]
    X = pd.DataFrame(np.outer(size, loadings) + rng.normal(0, 60, (120, 6)), columns=list("abcdef"))
    return X.assign(tiv=size * 1000, constant=7.3), y, size


def test_residuals_are_those_of_a_regression_on_the_training_participants(sized):
    X, _, size = sized
    values = np.column_stack([X, size])
    residuals = morphometry.HeadSizeResiduals().fit(values[:80]).transform(values)
    for column in range(6):
        reference = LinearRegression().fit(values[:80, -1:], values[:80, column])
        expected = values[:, column] - reference.predict(values[:, -1:])
        np.testing.assert_allclose(residuals[:, column], expected, atol=1e-8)
    # what head size explains in full, and what never varies, leaves exactly nothing
    np.testing.assert_array_equal(residuals[:, 6:], 0)


def test_without_head_size_nothing_is_left_to_learn(sized):
    X, y, size = sized
    train, test = np.arange(80), np.arange(80, 120)
    arguments = (X, y, train, test, np.arange(len(y)), SETTINGS, 0)
    raw = morphometry.fit_predict("logistic_regression", *arguments)
    freed = morphometry.fit_predict(morphometry.RESIDUAL, *arguments, head_size=size)
    assert (raw.predictions == y[test]).mean() > 0.75
    assert 0.3 < (freed.predictions == y[test]).mean() < 0.7
    assert freed.importances["feature"].tolist() == list(X.columns)
    # test participants' head size does not enter the lines
    changed = size.copy()
    changed[test[20:]] *= 3
    again = morphometry.fit_predict(morphometry.RESIDUAL, *arguments, head_size=changed)
    np.testing.assert_allclose(again.scores[:20], freed.scores[:20], rtol=1e-9)


@pytest.mark.parametrize("name", ["knn", "logistic_regression"])
def test_non_nested_takes_the_best_of_the_scored_folds(table, name):
    X, y = table
    folds = np.repeat(["04", "02", "01", "03"], 20)
    accuracies, chosen = morphometry.non_nested(name, X, y, folds, SETTINGS, seed=0)
    ((parameter, values),) = SETTINGS["grids"][name].items()
    by_value = {}
    for value in values:
        grids = {**SETTINGS["grids"], name: {parameter: [value]}}
        right = []
        for fold in ("01", "02", "03", "04"):
            train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            fitted = fit(name, table, {**SETTINGS, "grids": grids}, train=train, test=test)
            right.append((fitted.predictions == y[test]).mean())
        by_value[value] = right
    best = max(values, key=lambda value: np.mean(by_value[value]))
    assert np.mean(by_value[best]) == pytest.approx(accuracies.mean())
    np.testing.assert_allclose(accuracies, by_value[chosen[parameter]])


def test_selection_on_the_scored_folds_is_optimistic_where_there_is_nothing_to_learn():
    rng = np.random.default_rng(0)
    settings = {**SETTINGS, "grids": {"knn": {"n_neighbors": [1, 3, 5, 9, 15]}}}
    y, folds = np.tile([0, 1], 20), np.repeat(list("abcd"), 10)
    means = [
        morphometry.non_nested(
            "knn", pd.DataFrame(rng.standard_normal((40, 3))), y, folds, settings, seed=0
        )[0].mean()
        for _ in range(10)
    ]
    assert np.mean(means) > 0.52
