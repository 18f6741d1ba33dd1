"""Folds are stratified, keep families together, and refuse to leak."""

import numpy as np
import pandas as pd
import pytest

from voxplain.cohort.folds import (
    Split,
    check_inner_folds,
    folds_table,
    make_splits,
    read_fold,
    rows_of,
    training_sample,
)
from voxplain.cohort.groups import fold_groups
from voxplain.errors import CohortError, LeakageError
from voxplain.run.files import write_json


def cohort(n=100, families=0, seed=0):
    rng = np.random.default_rng(seed)
    family = np.full(n, None, dtype=object)
    for k in range(families):
        family[[2 * k, 2 * k + 1]] = f"fam-{k}"
    labels = rng.permutation(np.arange(n) % 2)
    return pd.DataFrame(
        {
            "participant_id": [f"sub-{k:03d}" for k in range(n)],
            "label": labels,
            "class_name": np.where(labels == 1, "men", "women"),
            "family_id": pd.array(family, dtype="string"),
        }
    )


def test_every_participant_is_held_out_once_and_classes_are_balanced():
    participants = cohort()
    *splits, whole = make_splits(participants, 10, seed=1)
    held_out = [name for split in splits for name in split.test]
    assert sorted(held_out) == sorted(participants["participant_id"])
    label = participants.set_index("participant_id")["label"]
    assert {int(label[split.test].sum()) for split in splits} == {5}
    assert all(set(split.train).isdisjoint(split.test) for split in splits)
    assert whole.fold == "all"
    assert whole.train == whole.test == list(participants["participant_id"])


def test_families_stay_together_and_classes_nearly_balanced():
    participants = cohort(families=40)
    splits = make_splits(participants, 5, seed=3)[:-1]
    family = participants.set_index("participant_id")["family_id"]
    for split in splits:
        assert set(family[split.train].dropna()).isdisjoint(family[split.test].dropna())
        share = participants.set_index("participant_id")["label"][split.test].mean()
        assert abs(share - 0.5) < 0.15


def test_same_seed_same_folds_other_seed_other_folds():
    participants = cohort()
    assert make_splits(participants, 5, 7) == make_splits(participants, 5, 7)
    assert make_splits(participants, 5, 7) != make_splits(participants, 5, 8)


def test_too_few_participants_per_class():
    participants = cohort(20)
    with pytest.raises(CohortError, match="11 folds"):
        make_splits(participants, 11, seed=0)


def test_a_participant_or_family_on_both_sides_is_refused():
    participants = cohort(families=1)
    with pytest.raises(LeakageError, match="sub-005"):
        Split("01", ["sub-005", "sub-006"], ["sub-005"]).check(participants)
    with pytest.raises(LeakageError, match="fam-0"):
        Split("01", ["sub-000"], ["sub-001"]).check(participants)
    with pytest.raises(CohortError, match="sub-999"):
        Split("01", ["sub-999"], ["sub-001"]).check(participants)


def test_folds_table_and_rows():
    participants = cohort()
    splits = make_splits(participants, 10, seed=1)
    table = folds_table(splits, participants).set_index("participant_id")
    assert all(table.loc[split.test, "fold"].eq(split.fold).all() for split in splits[:-1])
    rows = rows_of(["sub-007", "sub-002"], participants)
    assert rows.tolist() == [7, 2]


def test_training_sample_comes_from_the_training_set_of_both_classes():
    participants = cohort()
    split = make_splits(participants, 10, seed=1)[0]
    sample = training_sample(split, participants, 4, seed=2)
    label = participants.set_index("participant_id")["label"]
    assert set(sample) <= set(split.train)
    assert label[sample].value_counts().to_dict() == {0: 4, 1: 4}
    assert sample == training_sample(split, participants, 4, seed=2)
    assert len(training_sample(split, participants, 10**6, seed=2)) == len(split.train)


def test_folds_of_small_families_hold_both_classes_whatever_the_seed():
    participants = cohort(n=30, families=7)
    for seed in range(20):
        label = participants.set_index("participant_id")["label"]
        for split in make_splits(participants, 10, seed)[:-1]:
            assert set(label[split.test]) == {0, 1}


def test_a_family_may_bear_a_strangers_id():
    participants = cohort(n=40)
    participants.loc[0, "family_id"] = "sub-001"  # the id of somebody else
    splits = make_splits(participants, 10, 1)
    assert splits == make_splits(cohort(n=40), 10, 1)  # nobody is related


def test_too_many_neighbours_are_refused_before_training():
    splits = make_splits(cohort(n=20), 2, 0)
    check_inner_folds(splits, 2, 5)
    with pytest.raises(CohortError, match="n_neighbors"):
        check_inner_folds(splits, 2, 6)


def test_sites_stay_together_and_families_with_them():
    participants = cohort(families=3)
    sites = np.array([f"site {k % 7}" for k in range(100)])
    participants["site"] = sites  # the members of each family are at two sites
    groups = fold_groups(participants, "site")
    assert len(set(groups)) == 4  # 0 and 1, 2 and 3, 4 and 5 are joined; 6 stays alone
    splits = make_splits(participants, 4, seed=0, groups="site")
    for split in splits[:-1]:
        known = participants.set_index("participant_id")
        for column in ("site", "family_id"):
            assert set(known.loc[split.train, column].dropna()).isdisjoint(
                known.loc[split.test, column].dropna()
            )
    with pytest.raises(CohortError, match=r"class 0 has 4 sites.* 5 folds"):
        make_splits(participants, 5, seed=0, groups="site")
    with pytest.raises(LeakageError, match="site 0"):
        Split("01", ["sub-000"], ["sub-007"], "site").check(participants)
    Split("01", ["sub-000"], ["sub-007"]).check(participants)


def test_a_family_larger_than_a_fold_is_refused():
    participants = cohort(n=20)
    participants.loc[:6, "family_id"] = "large"
    assert len(make_splits(participants, 2, seed=0)) == 3
    with pytest.raises(CohortError, match=r"family large has 7 .*4 folds"):
        make_splits(participants, 4, seed=0)


def test_the_papers_folds_divide_families():
    from sklearn.model_selection import StratifiedKFold

    participants = cohort(families=20)
    *splits, _ = make_splits(participants, 10, seed=3, groups="none")
    plain = StratifiedKFold(10, shuffle=True, random_state=3).split(
        participants, participants["label"]
    )
    ids = participants["participant_id"].to_numpy()
    assert [split.test for split in splits] == [ids[test].tolist() for _, test in plain]
    fold = folds_table([*splits], participants).groupby("family_id")["fold"].nunique()
    assert (fold > 1).sum() > 10
    # a family larger than a fold is no obstacle, nor are few families
    participants["family_id"] = "all"
    assert make_splits(participants, 10, seed=3, groups="none")[:-1] == splits
    with pytest.raises(CohortError, match=r"class 0 has 50 .*51 folds"):
        make_splits(participants, 51, seed=0, groups="none")


def test_a_fold_on_disk_is_read_with_its_rows(tmp_path):
    participants = cohort(20).assign(site=pd.NA)
    split = make_splits(participants, 4, seed=2)[1]
    write_json(tmp_path / "split.json", split.to_dict())
    fold = read_fold(tmp_path / "split.json", participants)
    assert fold.split == split
    ids = participants["participant_id"].to_numpy()
    assert list(ids[fold.train]) == split.train
    assert list(ids[fold.test]) == split.test
    np.testing.assert_array_equal(fold.labels, participants["label"])
    with pytest.raises(CohortError, match="not in the participants table"):
        read_fold(tmp_path / "split.json", participants.iloc[:10])
