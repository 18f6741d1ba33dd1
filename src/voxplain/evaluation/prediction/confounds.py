"""What else differs between the classes, and whether it alone predicts them."""

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from voxplain.evaluation.prediction.table import in_order, predictions_table
from voxplain.stats.accuracy import accuracy_summary
from voxplain.stats.family_blocks import permuted_labels
from voxplain.stats.over_folds import against_null

SHOWN = (
    "accuracy",
    "ci_low",
    "ci_high",
    "balanced_accuracy",
    "auc",
    "majority",
    "p_permutation",
)


def pooled_sd(negative: np.ndarray, positive: np.ndarray) -> float:
    """Return the root of the mean of the two classes' variances.

    Parameters
    ----------
    negative, positive : array, shapes (n_0,) and (n_1,)
    """
    return float(np.sqrt((np.var(negative, ddof=1) + np.var(positive, ddof=1)) / 2))


def standardised_difference(negative: np.ndarray, positive: np.ndarray) -> float:
    """Return the mean of class 1 minus that of class 0 in standard deviations (`pooled_sd`).

    Parameters
    ----------
    negative, positive : array, shapes (n_0,) and (n_1,)
    """
    return float((np.mean(positive) - np.mean(negative)) / pooled_sd(negative, positive))


def difference_by_class(
    values: pd.Series, labels: np.ndarray, permuted: np.ndarray
) -> dict[str, float | str]:
    """Measure how much a property differs between the classes.

    Parameters
    ----------
    values : pandas.Series, shape (n,)
        Numbers or names, none missing.
    labels : numpy.ndarray of int, shape (n,)
        Class, 0 or 1.
    permuted : numpy.ndarray of int, shape (n_permutations, n)
        Labels permuted as relatives allow (`voxplain.stats.family_blocks.permuted_labels`).

    Returns
    -------
    dict
        Of numbers, effect is the standardised difference, of names Cramér's V; measure says which.
        p_difference is the share of permutations with at least as large a difference of means, or
        chi-squared; missing where all are the same, such as of having relatives: families exchange
        labels with families of their own size.
    """
    numeric = pd.api.types.is_numeric_dtype(values)
    if numeric:
        groups = [values[labels == label].to_numpy(float) for label in (0, 1)]
        effect, measure = standardised_difference(*groups), "standardised difference"
        columns = values.to_numpy(float)[:, None] - values.mean()
    else:
        counts = pd.crosstab(values.to_numpy(), labels).to_numpy()
        effect, measure = stats.contingency.association(counts, method="cramer"), "Cramér's V"
        columns = pd.get_dummies(values.to_numpy()).to_numpy(float)
        columns = (columns - columns.mean(axis=0)) / np.sqrt(columns.sum(axis=0))
    # the classes keep their sizes: both statistics grow with the class 1's sums of these columns
    sums = np.vstack([labels, permuted]) @ columns
    sizes = np.sum(sums**2, axis=1)
    testable = np.ptp(sizes) > 1e-9 * np.sum(columns**2)
    p = against_null(sizes[1:], sizes[0] * (1 - 1e-9))["p_null"] if testable else np.nan
    return {"measure": measure, "effect": float(effect), "p_difference": p}


def predict_class(
    values: pd.Series, labels: np.ndarray, folds: np.ndarray, participants: list[str]
) -> pd.DataFrame:
    """Predict the class from one property alone, by logistic regression on the models' folds.

    Parameters
    ----------
    values : pandas.Series, shape (n,)
        Numbers (standardised in the training fold) or names (one indicator each).
    labels : numpy.ndarray of int, shape (n,)
    folds : numpy.ndarray, shape (n,)
        Fold that holds each participant out.
    participants : list of str

    Returns
    -------
    pandas.DataFrame
        Held-out predictions (`voxplain.evaluation.prediction.table.predictions_table`) of all
        folds.
    """
    numeric = pd.api.types.is_numeric_dtype(values)
    X = values.to_numpy(float if numeric else object)[:, None]
    tables = []
    for fold in np.unique(folds):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        encoder = StandardScaler() if numeric else OneHotEncoder(handle_unknown="ignore")
        model = make_pipeline(encoder, LogisticRegression()).fit(X[train], labels[train])
        score, called = model.predict_proba(X[test])[:, 1], model.predict(X[test])
        names = [participants[row] for row in test]
        tables.append(predictions_table(names, fold, labels[test], score, called))
    return pd.concat(tables, ignore_index=True)


def properties(participants: pd.DataFrame, head_size: pd.Series) -> pd.DataFrame:
    """Gather what else may differ between the classes.

    Parameters
    ----------
    participants : pandas.DataFrame
        The participants table.
    head_size : pandas.Series
        ml, indexed by participant_id.

    Returns
    -------
    pandas.DataFrame
        age (years), age_band, head_size (ml), site, has_relative (``yes`` or ``no``; missing for
        everybody where families are unknown); rows as in `participants`.
    """
    family = participants["family_id"]
    related = (family.notna() & family.duplicated(keep=False)).map({True: "yes", False: "no"})
    table = pd.DataFrame(index=participants["participant_id"])
    table["age"] = participants["age"].to_numpy(float)
    table["head_size"] = head_size.loc[table.index]
    for name in ("age_band", "site"):
        table[name] = participants[name].to_numpy(object)
    table["has_relative"] = related.to_numpy(object) if family.notna().any() else None
    return table


def confounds_table(
    properties: pd.DataFrame,
    labels: np.ndarray,
    families: np.ndarray,
    folds: np.ndarray,
    n_permutations: int,
    seed: int,
) -> pd.DataFrame:
    """Test every property of the participants as a confound.

    Parameters
    ----------
    properties : pandas.DataFrame, indexed by participant_id
        Numbers or names, missing values allowed. A property that is unknown for half of a class,
        or the same for everybody, is left out.
    labels, families, folds : numpy.ndarray, shape (n,)
        Class, family number (`voxplain.stats.family_blocks.family_codes`) and fold.
    n_permutations, seed : int
        Of the null of `voxplain.stats.accuracy.accuracy_summary`.

    Returns
    -------
    pandas.DataFrame
        confound, n (participants it is known for), measure, effect, p_difference
        (`difference_by_class`); accuracy, ci_low, ci_high, balanced_accuracy, auc, majority and
        p_permutation of the class predicted from it alone (`predict_class`).
    """
    rows = []
    for name, values in properties.items():
        known = values.notna().to_numpy()
        shares = [known[labels == label].mean() for label in (0, 1)]
        if min(shares) <= 0.5 or values[known].nunique() < 2:
            continue
        values_known, people = values[known], list(properties.index[known])
        held_out = predict_class(values_known, labels[known], folds[known], people)
        relatives, one_fold = families[known], np.zeros(known.sum(), int)
        null = permuted_labels(labels[known], relatives, one_fold, n_permutations, seed)
        summary = accuracy_summary(in_order(held_out, people), null)
        row = {"confound": name, "n": int(known.sum())}
        row |= difference_by_class(values_known, labels[known], null)
        row |= {key: summary[key] for key in SHOWN}
        if np.isnan(row["p_difference"]):  # nor can a prediction from it be tested so
            row["p_permutation"] = np.nan
        rows.append(row)
    return pd.DataFrame(rows)
