"""Classifiers on tables of brain morphometry (section 4.1, Table 1), tuned inside each fold."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    PredefinedSplit,
    StratifiedGroupKFold,
    StratifiedKFold,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

from voxplain.baselines import Fitted, importances
from voxplain.errors import CohortError, ConfigError

MODELS = ("xgboost", "knn", "logistic_regression")
# Features adjusted for head size; for a linear model only, because other learners can find head
# size again in what regression leaves (Hamdan et al. 2023).
RESIDUAL = "logistic_regression_tiv_residual"


class HeadSizeResiduals(TransformerMixin, BaseEstimator):
    """Features minus the straight line in head size, the last column, fitted to each.

    The lines are those of the participants it was fitted on (Snoek et al. 2019); the output lacks
    the last column.
    """

    def fit(self, X: np.ndarray, y: np.ndarray | None = None) -> "HeadSizeResiduals":
        """Fit one line per feature by least squares.

        Parameters
        ----------
        X : numpy.ndarray, shape (n, n_features + 1)
        """
        features, size = X[:, :-1], X[:, -1]
        self.size_mean_ = size.mean()
        self.feature_means_ = features.mean(axis=0)
        centred = size - self.size_mean_
        self.slopes_ = centred @ (features - self.feature_means_) / (centred @ centred)
        left = (features - self._lines(size)).std(axis=0)
        # head size itself leaves rounding, which the scaler would blow up to a feature
        self.kept_ = left > 1e-8 * features.std(axis=0)
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the residuals, shape (n, n_features)."""
        return (X[:, :-1] - self._lines(X[:, -1])) * self.kept_

    def _lines(self, size: np.ndarray) -> np.ndarray:
        return self.feature_means_ + np.outer(size - self.size_mean_, self.slopes_)


def fit_predict(
    name: str,
    X: pd.DataFrame,
    y: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    families: np.ndarray,
    settings: dict[str, Any],
    seed: int,
    head_size: pd.Series | None = None,
) -> Fitted:
    """Choose hyper-parameters inside the training fold, fit on it, predict the test participants.

    Missing values become the training participants' median; features are standardised by the
    training participants (not for XGBoost, whose trees do not see scale).

    Parameters
    ----------
    name : str
        ``xgboost``, ``knn``, ``logistic_regression`` or ``logistic_regression_tiv_residual``, the
        same on features adjusted for head size inside the training fold.
    X : pandas.DataFrame, shape (n, n_features)
        Numbers, one row per participant, missing values allowed.
    y : numpy.ndarray of int, shape (n,)
        Class, 0 or 1.
    train, test : numpy.ndarray of int
        Rows of the training and test participants.
    families : numpy.ndarray, shape (n,)
        Name of each participant's family (`voxplain.cohort.groups.family_groups`).
    settings : dict
        ``inner_folds`` (int), ``threads`` (int, XGBoost) and ``grids``: for each model a dict of
        parameter name to list of values.
    seed : int
        Seeds the inner folds and XGBoost.
    head_size : pandas.Series or None, shape (n,)
        Needed by ``logistic_regression_tiv_residual``, which alone uses it.

    Returns
    -------
    Fitted
        The scores are probabilities of class 1, the parameters those with the highest balanced
        accuracy over the inner folds.

    Raises
    ------
    ValueError
        If the model needs the head size and there is none.
    ConfigError
        If the model or a parameter of its grid is unknown, or the training fold is too small for
        the inner folds or the grid.
    CohortError
        If a column is not numeric or holds infinite values.
    """
    _check_features(X)
    pipeline = _pipeline(name, settings["threads"], seed)
    inner = _inner_folds(y[train], families[train], settings["inner_folds"], seed)
    grid = _checked_grid(name, pipeline, _grid_of(name, settings), inner)
    values = X.to_numpy(dtype=np.float64)
    if name == RESIDUAL:
        if head_size is None:
            raise ValueError(f"{name} needs head_size")
        values = np.column_stack([values, head_size])
    search = GridSearchCV(
        pipeline, grid, scoring="balanced_accuracy", cv=inner, n_jobs=1, error_score="raise"
    )
    search.fit(values[train], y[train])
    return Fitted(
        scores=search.predict_proba(values[test])[:, 1].astype(np.float64),
        predictions=search.predict(values[test]),
        parameters=_plain_names(search.best_params_),
        importances=_importances(
            name, search.best_estimator_, X.columns, values[test], y[test], seed
        ),
    )


def non_nested(
    name: str,
    X: pd.DataFrame,
    y: np.ndarray,
    folds: np.ndarray,
    settings: dict[str, Any],
    seed: int,
) -> tuple[np.ndarray, dict[str, Any]]:
    """Score a model with the hyper-parameters that are best on the very folds it is scored on.

    The paper's protocol (section 4.1); its accuracy is optimistic, and by how much is its
    difference from the nested one.

    Parameters
    ----------
    name, X, y, settings, seed
        As for `fit_predict`; ``inner_folds`` is not used.
    folds : numpy.ndarray, shape (n,)
        Fold that holds each participant out.

    Returns
    -------
    accuracies : numpy.ndarray of float64, shape (n_folds,)
        Of the folds in sorted order, for the parameters with the highest mean.
    parameters : dict
        Those parameters.
    """
    _check_features(X)
    pipeline = _pipeline(name, settings["threads"], seed)
    splitter = PredefinedSplit(pd.factorize(folds, sort=True)[0])
    grid = _checked_grid(name, pipeline, _grid_of(name, settings), list(splitter.split()))
    search = GridSearchCV(
        pipeline, grid, scoring="accuracy", cv=splitter, refit=False, error_score="raise"
    )
    results = search.fit(X.to_numpy(dtype=np.float64), y).cv_results_
    best = int(np.argmax(results["mean_test_score"]))
    accuracies = [results[f"split{k}_test_score"][best] for k in range(splitter.get_n_splits())]
    return np.array(accuracies), _plain_names(results["params"][best])


def _grid_of(name: str, settings: dict[str, Any]) -> dict[str, list[Any]]:
    return settings["grids"]["logistic_regression" if name == RESIDUAL else name]


def _plain_names(parameters: dict[str, Any]) -> dict[str, Any]:
    return {key.removeprefix("model__"): value for key, value in parameters.items()}


def _check_features(X: pd.DataFrame) -> None:
    numeric = X.select_dtypes("number").columns
    if len(numeric) < X.shape[1]:
        wrong = [column for column in X.columns if column not in numeric]
        raise CohortError(
            f"Morphometry columns that are not numbers: {wrong[:5]}; leave them out of the table"
        )
    infinite = X.columns[np.isinf(X.to_numpy(dtype=np.float64)).any(axis=0)].tolist()
    if infinite:
        raise CohortError(
            f"Morphometry columns with infinite values: {infinite[:5]}; set them to n/a"
        )


def _pipeline(name: str, threads: int, seed: int) -> Pipeline:
    # a column without any value in the training fold becomes constant instead of vanishing, so
    # that coefficients keep their names
    impute = ("impute", SimpleImputer(strategy="median", keep_empty_features=True))
    scale = ("scale", StandardScaler())
    if name == "xgboost":
        trees = XGBClassifier(tree_method="hist", n_jobs=threads, random_state=seed)
        return Pipeline([impute, ("model", trees)])
    if name == "knn":
        return Pipeline([impute, scale, ("model", KNeighborsClassifier())])
    if name in ("logistic_regression", RESIDUAL):
        residuals = [("residuals", HeadSizeResiduals())] if name == RESIDUAL else []
        model = ("model", LogisticRegression(max_iter=10000))
        return Pipeline([impute, *residuals, scale, model])
    known = ", ".join((*MODELS, RESIDUAL))
    raise ConfigError(f"Unknown morphometry model {name!r}; choose from {known}")


def _inner_folds(
    y: np.ndarray, families: np.ndarray, n_folds: int, seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Split the training fold, stratified and by family; raise if it is too small for that."""
    related = len(set(families)) < len(families)
    counts = np.array([len(set(families[y == label])) for label in (0, 1)])
    unit = "families" if related else "participants"
    if counts.min() < n_folds:
        raise ConfigError(
            f"A training fold holds {counts[0]} {unit} of class 0 and {counts[1]} of class 1, too "
            f"few for {n_folds} inner folds; lower the inner folds to {max(counts.min(), 2)} or "
            "less, or use fewer outer folds"
        )
    # Without relatives the plain splitter is exactly stratified; the grouped one only nearly.
    kind = StratifiedGroupKFold if related else StratifiedKFold
    splitter = kind(n_folds, shuffle=True, random_state=seed)
    folds = list(splitter.split(y, y, families if related else None))
    if any(len(np.unique(y[part])) < 2 for fold in folds for part in fold):
        raise ConfigError(
            f"Because of families, one of {n_folds} inner folds lacks a class; lower the number of "
            "inner folds"
        )
    return folds


def _checked_grid(
    name: str,
    pipeline: Pipeline,
    grid: dict[str, list[Any]],
    inner: list[tuple[np.ndarray, np.ndarray]],
) -> dict[str, list[Any]]:
    known = pipeline["model"].get_params()
    unknown = [parameter for parameter in grid if parameter not in known]
    if unknown:
        raise ConfigError(f"Grid of {name}: unknown parameters {unknown}; it has {sorted(known)}")
    smallest = min(len(inner_train) for inner_train, _ in inner)
    if max(grid.get("n_neighbors", [0])) > smallest:
        raise ConfigError(
            f"Grid of {name}: n_neighbors {max(grid['n_neighbors'])} is more than the {smallest} "
            "participants of an inner training fold; take smaller values"
        )
    return {f"model__{parameter}": list(values) for parameter, values in grid.items()}


def _importances(
    name: str,
    pipeline: Pipeline,
    features: pd.Index,
    values: np.ndarray,
    labels: np.ndarray,
    seed: int,
) -> pd.DataFrame | None:
    if name == "xgboost":
        return importances.of_xgboost(pipeline, features, values, labels, seed)
    return None if name == "knn" else importances.of_linear(pipeline, features)
