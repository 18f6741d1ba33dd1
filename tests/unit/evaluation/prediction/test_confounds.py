import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression

from voxplain.evaluation.prediction.confounds import (
    confounds_table,
    difference_by_class,
    predict_class,
    properties,
)
from voxplain.stats.family_blocks import permuted_labels

N = 80
LABELS = np.tile([0, 1], N // 2)
FOLDS = np.repeat(["01", "02", "03", "04"], N // 4)
IDS = [f"sub-{k:03d}" for k in range(N)]


def cohort(**columns):
    table = pd.DataFrame({"participant_id": IDS, "age": np.nan, "tiv": 1400.0})
    for name in ("family_id", "age_band", "site"):
        table[name] = pd.array([pd.NA] * N, dtype="string")
    return table.assign(**columns)


def drawn(labels, n=4000, seed=0):
    """Labels permuted where nobody is related."""
    n_people = len(labels)
    return permuted_labels(labels, np.arange(n_people), np.zeros(n_people, int), n, seed)


def test_differences_are_the_libraries():
    rng = np.random.default_rng(0)
    age = pd.Series(rng.normal(30 + 2 * LABELS, 4.0))
    tested = difference_by_class(age, LABELS, drawn(LABELS))
    reference = stats.ttest_ind(age[LABELS == 0], age[LABELS == 1], equal_var=False)
    assert tested["p_difference"] == pytest.approx(reference.pvalue, abs=0.01)
    assert tested["effect"] > 0
    # 30 of 40 against 20 of 40 at one site: chi2 = 80 * (30 * 20 - 20 * 10)^2 / (50 * 30 * 40 * 40)
    site = pd.Series(np.where(LABELS == 0, ["a"] * N, ["b"] * N), dtype="string")
    site[np.flatnonzero(LABELS == 0)[:10]] = "b"
    site[np.flatnonzero(LABELS == 1)[:20]] = "a"
    tested = difference_by_class(site, LABELS, drawn(LABELS))
    chi2 = 80 * (30 * 20 - 20 * 10) ** 2 / (50 * 30 * 40 * 40)
    assert tested["measure"] == "Cramér's V"
    assert tested["effect"] == pytest.approx(np.sqrt(chi2 / 80))
    assert tested["p_difference"] == pytest.approx(stats.chi2.sf(chi2, 1), abs=0.02)


def test_the_class_is_predicted_from_training_participants_only():
    rng = np.random.default_rng(1)
    age = pd.Series(rng.normal(30 + 6 * LABELS, 3.0))
    held_out = predict_class(age, LABELS, FOLDS, IDS)
    assert held_out["participant_id"].tolist() == IDS
    train = FOLDS != "02"
    z = ((age - age[train].mean()) / age[train].std(ddof=0)).to_numpy()[:, None]
    model = LogisticRegression().fit(z[train], LABELS[train])
    np.testing.assert_allclose(
        held_out.loc[FOLDS == "02", "y_score"], model.predict_proba(z[~train])[:, 1], rtol=1e-6
    )


def test_a_site_of_one_fold_only_is_no_error():
    site = pd.Series(np.where(FOLDS == "04", "new", "old"), dtype="string")
    held_out = predict_class(site, LABELS, FOLDS, IDS)
    scores = held_out.loc[FOLDS == "04", "y_score"]
    np.testing.assert_allclose(scores, scores.iloc[0])


def test_what_is_confounded_is_found_and_what_is_not_is_not():
    rng = np.random.default_rng(2)
    site = np.where(rng.random(N) < 0.5, "a", np.where(LABELS, "b", "c"))
    family = pd.array([pd.NA] * N, dtype="string")
    family[:20] = [f"f{k // 2}" for k in range(20)]
    table = cohort(age=rng.normal(30, 4, N), site=pd.array(site, dtype="string"), family_id=family)
    sizes = pd.Series(rng.normal(1400, 100, N), index=IDS)
    variables = properties(table, sizes)
    assert variables["has_relative"].value_counts().to_dict() == {"no": 60, "yes": 20}
    rows = confounds_table(variables, LABELS, np.arange(N), FOLDS, 499, seed=0).set_index(
        "confound"
    )
    assert rows.index.tolist() == ["age", "head_size", "site", "has_relative"]
    assert rows.loc["site", "accuracy"] > 0.65
    assert rows.loc["site", "p_permutation"] < 0.01
    assert rows.loc["site", "p_difference"] == 1 / 500
    assert (rows.loc[["age", "has_relative"], "p_permutation"] > 0.05).all()
    assert rows.loc["age", "measure"] == "standardised difference"


def test_what_is_unknown_or_the_same_for_everybody_is_left_out():
    age = np.where(LABELS == 1, np.nan, 30.0 + np.arange(N))  # known for one class only
    table = cohort(age=age, site=pd.array(["one"] * N, dtype="string"))
    sizes = pd.Series(1400.0 + np.arange(N), index=IDS)
    variables = properties(table, sizes)
    assert variables["has_relative"].isna().all()
    rows = confounds_table(variables, LABELS, np.arange(N), FOLDS, 99, seed=0)
    assert rows["confound"].tolist() == ["head_size"]


def test_participants_with_a_missing_value_are_counted_out():
    table = cohort(age=np.where(np.arange(N) < 10, np.nan, 30.0 + np.arange(N)))
    variables = properties(table, pd.Series(1400.0 + np.arange(N), index=IDS))
    rows = confounds_table(variables, LABELS, np.arange(N), FOLDS, 99, seed=0).set_index("confound")
    assert rows.loc["age", "n"] == 70
    assert rows.loc["head_size", "n"] == 80


@pytest.mark.slow
def test_false_positives_of_what_differs_by_class():
    """Relatives share sex, age and site."""
    rng, n = np.random.default_rng(3), 500
    hits, apart = {"age": 0, "site": 0}, {"age": 0, "site": 0}
    families = np.repeat(np.arange(20), 2)
    one_fold = np.zeros(40, int)
    for seed in range(n):
        labels = (rng.permutation(20) % 2)[families]
        null = permuted_labels(labels, families, one_fold, 39, seed)
        values = {"age": rng.gamma(4, size=20), "site": rng.choice(list("abcd"), 20)}
        for name, column in values.items():
            column = pd.Series(column[families])
            hits[name] += difference_by_class(column, labels, null)["p_difference"] <= 0.05
            single = difference_by_class(column, labels, drawn(labels, 39, seed))
            apart[name] += single["p_difference"] <= 0.05
    most = stats.binom.ppf(0.999, n, 0.05)
    assert max(hits.values()) <= most < min(apart.values())


@pytest.mark.slow
def test_false_positives_of_a_property_that_predicts_nothing():
    rng, n, hits = np.random.default_rng(4), 500, 0
    families, halves = np.arange(N) // 2, np.arange(N) // (N // 2)
    for seed in range(n):
        labels = rng.permutation(N // 2)[families] % 2
        age = pd.DataFrame({"age": rng.normal(30, 4, N // 2)[families]}, index=IDS)
        rows = confounds_table(age, labels, families, halves, 39, seed)
        hits += rows.loc[0, "p_permutation"] <= 0.05
    assert hits <= stats.binom.ppf(0.999, n, 0.05)


def test_having_relatives_cannot_be_tested_by_exchanging_families_of_one_size():
    families = np.concatenate([np.repeat(np.arange(10), 2), np.arange(10, 70)])
    variables = pd.DataFrame({"has_relative": np.repeat(["yes", "no"], [20, 60])}, index=IDS)
    row = confounds_table(variables, LABELS, families, FOLDS, 99, seed=0).loc[0]
    assert row[["p_difference", "p_permutation"]].isna().all()
    assert row["accuracy"] > 0
