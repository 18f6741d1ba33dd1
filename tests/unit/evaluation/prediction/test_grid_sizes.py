import numpy as np
import pandas as pd
import pytest

from voxplain.evaluation.prediction import grid_sizes
from voxplain.evaluation.trust.ablation import PAPER, ablation_table, verdicts
from voxplain.evaluation.trust.ablation_runs import paper_settings, trials
from voxplain.evaluation.trust.roar import roar_over_folds
from voxplain.stats.over_folds import beyond_random_maps, corrected_t


def test_the_papers_lengths_keep_their_share_of_the_brain():
    settings = paper_settings((29, 35, 29))
    assert (settings["sigma_0"], settings["sigma_m"], settings["mask_scale"]) == (5, 5, 2)
    assert settings["jitter"] == 2
    assert (settings["lambda_1"], settings["beta"], settings["iterations"], settings["draws"]) == (
        3,
        7,
        300,
        10,
    )
    same = paper_settings((58, 70, 58))
    assert (same["sigma_0"], same["mask_scale"], same["jitter"]) == (10, 4, 5)


def test_trials_are_the_listed_values_the_runs_and_the_papers():
    shape = (58, 70, 58)
    run = paper_settings(shape) | {"beta": 3}
    tried = trials("beta", [10, 1], run, shape)
    assert [trial.value for trial in tried] == [1, 3, 7, 10]
    assert [trial.settings["beta"] for trial in tried] == [1, 3, 7, 10]
    assert [trial.value for trial in tried if trial.is_runs] == [3]
    assert [trial.value for trial in tried if trial.is_papers] == [7]
    (papers,) = trials(PAPER, [], run, shape)
    assert papers.settings["beta"] == 7
    assert papers.labels() == {"knob": PAPER, "value": None, "own": False, "paper": True}


def ablated(scores, knob="beta", current=1, papers=7):
    return pd.DataFrame(
        [
            {"knob": knob, "value": value, "participant": k, "auc": score, "area": 0.1}
            | {"drop": 0.5, "fall": 0.2, "converged": True}
            | {"own": value == current, "paper": value == papers}
            for value, values in scores.items()
            for k, score in enumerate(values)
        ]
    )


def test_ablation_compares_participant_by_participant():
    # the paper's value is behind by .1 in everybody, though people differ by far more
    rows = ablated({1: [0.6, 0.8, 1.0], 7: [0.5, 0.7, 0.9]})
    whole = ablated({np.nan: [0.6, 0.8, 0.7]}, PAPER).assign(paper=True)
    table = ablation_table(pd.concat([rows, whole]), "auc")
    papers = table[table["value"] == 7].iloc[0]
    assert papers["behind"] == pytest.approx(0.1)
    assert papers["behind_se"] == pytest.approx(0, abs=1e-12)
    assert papers["score_se"] == pytest.approx(0.2 / np.sqrt(3))
    verdict = verdicts(table, "auc")
    assert "the paper's 7 is below the plateau (0.700)" in verdict[0]
    assert "this run's 1 is on the plateau" in verdict[0]
    # .1 behind on average, but by one participant alone
    assert table.iloc[-1][["behind", "behind_se"]].tolist() == pytest.approx([0.1, 0.1])
    assert verdict[1].startswith("All settings as in the paper: no worse than this run's by more")


def test_what_hardly_matters_is_on_the_plateau_however_sure():
    table = ablation_table(ablated({1: [0.6, 0.8], 7: [0.59, 0.79]}), "auc")
    assert "the paper's 7 is on the plateau" in verdicts(table, "auc")[0]


def study(n=40, fine=1.0):
    """The SVM is right about every other person; the network on the fine grid about everybody."""
    people = [f"sub-{k:02d}" for k in range(n)]
    true = np.arange(n) % 2
    half = np.where(np.arange(n) < n // 2, true, 1 - true)
    best = np.where(np.arange(n) < fine * n, true, 1 - true)
    fold = [f"{k // 10:02d}" for k in range(n)]
    calls = {("a", "cnn"): half, ("a", "voxel_svm"): half}
    calls |= {("b", "cnn"): best, ("b", "voxel_svm"): half}
    tables = [
        pd.DataFrame({"participant_id": people, "fold": fold, "y_true": true, "y_pred": called})
        .assign(grid=grid, model=model)
        for (grid, model), called in calls.items()
    ]  # fmt: skip
    rows = pd.DataFrame({"grid": ["b", "a"], "voxel_mm": [3.0, 6.0]})
    rows = rows.assign(cnn_evidence=True, voxel_svm_evidence=True)
    weights = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=999)
    return grid_sizes.over_grids(rows, pd.concat(tables), people, weights)


def test_grids_by_hand():
    table = study()
    assert table["grid"].tolist() == ["a", "b"]
    assert table["lead"].tolist() == pytest.approx([0, 0.5])
    expected = corrected_t(np.array([0, 0, 1, 1.0]))
    lead = table.loc[1, ["lead", "lead_low", "lead_high", "lead_p"]]
    assert lead.tolist() == pytest.approx(expected)
    assert np.isnan(table.loc[0, "gain"])
    assert table.loc[1, "gain"] == pytest.approx(0.5)
    assert table.loc[1, "gain_low"] == pytest.approx(0.35, abs=0.05)  # binomial (40, .5)


def test_the_verdict_on_compression_follows_the_gain():
    assert grid_sizes.verdict(study()) == grid_sizes.SUPPORTED
    assert grid_sizes.verdict(study(fine=0.5)) == grid_sizes.UNSUPPORTED
    assert grid_sizes.verdict(study().assign(voxel_svm_evidence=False)) == grid_sizes.UNDECIDED


FOLDS = {"01": (0.5, 0.8, 0.6), "02": (0.4, 0.9, 0.7), "03": (0.6, 0.6, 0.6)}


def test_roar_by_hand():
    rows = pd.DataFrame(
        [
            {"method": "m", "share": 0.1, "control": control, "draw": draw, "fold": fold}
            | {"accuracy": accuracy}
            for fold, values in FOLDS.items()
            for (control, draw), accuracy in zip(
                (("mask", 0), ("random", 0), ("random", 1)), values, strict=True
            )
        ]
    )  # fmt: skip
    row = roar_over_folds(rows, pd.Series([0.9, 1.0, 0.8])).iloc[0]
    assert row[["intact", "accuracy", "random"]].tolist() == pytest.approx([0.9, 0.5, 0.7])
    random = np.array([[0.8, 0.6], [0.9, 0.7], [0.6, 0.6]])
    expected = beyond_random_maps(-np.array([0.5, 0.4, 0.6]), -random)
    assert row[["cost", "cost_low", "cost_high", "p"]].tolist() == pytest.approx(expected)
