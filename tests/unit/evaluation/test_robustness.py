import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_rel

from voxplain.evaluation import robustness

BRAIN = np.ones((6, 6, 6), bool)


def test_compare_pairs_each_participant_with_itself_and_with_the_next():
    intact = np.random.default_rng(0).random((3, 6, 6, 6))
    rows = robustness.compare(intact, {("noise", "0.1"): intact[[0, 2, 1]]}, BRAIN, 0.2)
    noise = rows[rows["kind"] == "noise"]
    assert noise["spearman"].iloc[0] == pytest.approx(1)
    assert noise["spearman"].iloc[1:].max() < 0.5
    other = rows[rows["kind"] == robustness.OTHER_PARTICIPANT]
    assert len(other) == 3
    # participant 0 with 1, 1 with 2 (as in the swapped pair), 2 with 0
    assert other["spearman"].iloc[1] == pytest.approx(noise["spearman"].iloc[1])


def test_summary_and_verdict_by_hand():
    rows = pd.DataFrame(
        [
            ("a", "randomised", "linear", 0, 0.9),
            ("a", "randomised", "linear", 1, 0.7),
            ("a", "randomised", "conv", 0, 0.2),
            ("a", "randomised", "conv", 1, 0.4),
            ("a", "shuffled", "labels", 0, 0.1),
            ("b", "randomised", "conv", 0, 0.8),
            ("b", "randomised", "conv", 1, 0.6),
            ("b", "shuffled", "labels", 0, 0.1),
        ],
        columns=["method", "kind", "level", "participant", "spearman"],
    ).assign(pearson=0.5, ssim=0.5, dice=0.5)
    table = robustness.summarise(rows, steadiest="b")
    first = table.iloc[0]
    assert (first["participants"], first["spearman"]) == (2, pytest.approx(0.8))
    assert (first["spearman_low"], first["spearman_high"]) == (0.7, 0.9)
    assert np.isnan(first["lag_low"])  # "b" has no such row
    lag = ttest_rel([0.8, 0.6], [0.2, 0.4]).confidence_interval(0.95)
    assert table.loc[1, ["lag_low", "lag_high"]].tolist() == pytest.approx([lag.low, lag.high])
    own = table.set_index(["method", "level"]).loc["b"]
    assert own.loc["conv", ["lag_low", "lag_high"]].tolist() == [0, 0]
    assert robustness.summarise(rows, steadiest="c")["lag_low"].isna().all()
    verdict = robustness.sanity(table).set_index("method")
    assert verdict.loc["a", "randomised"] == pytest.approx(0.3)  # every layer, not the last alone
    assert verdict["passes"].tolist() == [True, False]
    blank = table[table["method"] == "a"].assign(spearman=0.0)  # like no other map by convention
    assert robustness.sanity(blank)["passes"].tolist() == [None]
