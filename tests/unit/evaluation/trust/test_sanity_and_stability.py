import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, ttest_1samp, ttest_rel

from voxplain.evaluation.trust import sanity_and_stability
from voxplain.evaluation.trust.sanity_and_stability import (
    average_over_participants,
    compare_with_intact,
)

BRAIN = np.ones((6, 6, 6), bool)


def test_compare_pairs_each_participant_with_itself_and_with_the_next():
    intact = np.random.default_rng(0).random((3, 6, 6, 6))
    rows = compare_with_intact(
        {sanity_and_stability.INTACT: intact, ("noise", "0.1"): intact[[0, 2, 1]]}, BRAIN, 0.2
    )
    noise = rows[rows["kind"] == "noise"]
    assert noise["spearman"].iloc[0] == pytest.approx(1)
    assert noise["spearman"].iloc[1:].max() < 0.5
    other = rows[rows["kind"] == sanity_and_stability.OTHER_PARTICIPANT]
    assert len(other) == 3
    # participant 0 with 1, 1 with 2 (as in the swapped pair), 2 with 0
    assert other["spearman"].iloc[1] == pytest.approx(noise["spearman"].iloc[1])


def table_of(likeness):
    """Rows of `compare_with_intact` by method from rho of each participant, by (kind, level)."""
    rows = [
        {"method": method, "kind": kind, "level": level, "participant": k, "spearman": rho}
        for method, changes in likeness.items()
        for (kind, level), values in changes.items()
        for k, rho in enumerate(values)
    ]
    return pd.DataFrame(rows).assign(pearson=0.5, ssim=0.5, dice=0.5)


def test_summary_by_hand():
    rows = table_of(
        {
            "a": {("randomised", "linear"): (0.9, 0.7, 0.8), ("noise", "0.1"): (0.2, 0.4, 0.4)},
            "b": {("noise", "0.1"): (0.8, 0.6, 0.5), ("seed", "1"): (0.3, 0.3, 0.3)},
            "c": {("seed", "1"): (0.9, 0.8, 0.2)},
        }
    )
    table = average_over_participants(rows, steadiest="b").set_index(["method", "kind"])
    first = table.loc["a", "randomised"]
    assert (first["participants"], first["spearman"]) == (3, pytest.approx(0.8))
    interval = ttest_1samp([0.9, 0.7, 0.8], 0).confidence_interval(0.95)
    assert first["ci_low"] == pytest.approx(interval.low)
    assert first["ci_high"] == 1 < interval.high  # there is no rho beyond
    assert np.isnan(first["lag_low"])  # "b" has no such row
    lag = ttest_rel([0.8, 0.6, 0.5], [0.2, 0.4, 0.4]).confidence_interval(0.95)
    noise = table.loc["a", "noise"]
    assert noise[["lag_low", "lag_high"]].tolist() == pytest.approx([lag.low, lag.high])
    assert table.loc[("b", "noise"), ["lag_low", "lag_high"]].tolist() == [0, 0]
    # one network of the other seed, however many people
    assert table.loc[("c", "seed"), ["lag_low", "lag_high"]].isna().all()
    assert average_over_participants(rows, steadiest="none")["lag_low"].isna().all()
    alone = average_over_participants(rows[rows["participant"] == 0], steadiest="b")
    assert alone[["ci_low", "lag_high"]].isna().all(axis=None)


def test_sanity_is_judged_by_intervals_over_every_network_that_learnt_nothing():
    shuffled = {("shuffled", "labels"): (0.1, 0.1, 0.12)}
    likeness = {
        "sane": {("randomised", "linear"): (0.2, 0.3, 0.2), ("randomised", "conv"): (0.1, 0, 0)},
        # below .5 with every layer random, but the output layer alone hardly matters
        "blind": {("randomised", "linear"): (0.7, 0.71, 0.7), ("randomised", "conv"): (0.2, 0, 0)},
        "open": {("randomised", "linear"): (0.1, 0.6, 0.3), ("randomised", "conv"): (0.1, 0, 0)},
        "edges": {("randomised", "linear"): (1, 1, 1), ("randomised", "conv"): (1, 1, 1)},
        "blank": {("randomised", "linear"): (0, 0, 0)},
    }
    changes = {name: rows | shuffled for name, rows in likeness.items()}
    changes["edges"] |= {("shuffled", "labels"): (1, 1, 1)}
    changes["blank"] |= {("shuffled", "labels"): (0, 0, 0)}
    table = average_over_participants(table_of(changes), steadiest="sane")
    verdict = sanity_and_stability.sanity(table).set_index("method")
    assert verdict["verdict"].to_dict() == {
        "sane": "passes",
        "blind": "fails",
        "open": "undecided",
        "edges": "fails",
        "blank": "blank",
    }
    assert verdict.loc["blind", "layer"] == "linear"
    assert verdict.loc["blind", "randomised"] == pytest.approx(2.11 / 3)
    assert verdict.loc["blind", "randomised_low"] > 0.5
    averaged = average_over_participants(
        table_of({"a": {k: v[:1] for k, v in changes["sane"].items()}}), "a"
    )
    assert sanity_and_stability.sanity(averaged)["verdict"].tolist() == [
        "undecided"
    ]  # one draw decides nothing


def test_intervals_over_draws_of_their_own_hold_for_other_draws_too():
    # no method lags: what a draw of noise does to a map, and what differs between people, is chance
    rng, n = np.random.default_rng(3), 5
    likeness = {
        name: {
            ("noise", str(level)): 0.5 + rng.normal(0, 0.1, n) + rng.normal(0, 0.05, n)
            for level in range(500)
        }
        for name in "ab"
    }
    table = average_over_participants(table_of(likeness), steadiest="b")
    wrong = (table.loc[table["method"] == "a", "lag_low"] > 0).sum()
    assert 0 < wrong <= binom.ppf(0.999, 500, 0.025)
