import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.stats import t
from sklearn.metrics import average_precision_score, roc_auc_score

from voxplain.errors import CohortError
from voxplain.evaluation.maps.localisation import (
    auc_over_folds,
    localisation,
    localisation_by_region,
    pointing_game,
)
from voxplain.stats.over_folds import corrected_t
from voxplain.stats.spatial_null import surrogates

SHAPE = (16, 16, 16)
BRAIN = np.zeros(SHAPE, bool)
BRAIN[2:14, 2:14, 2:14] = True
TRUTH = np.zeros(SHAPE, bool)
TRUTH[4:7, 4:7, 4:7] = True


def draw(attribution, n):
    return surrogates(attribution, BRAIN, n, seed=0)


def test_a_map_on_the_truth_is_beyond_the_null():
    attribution = gaussian_filter(TRUTH.astype(float), 1) * BRAIN
    scores = localisation(attribution, TRUTH, BRAIN, draw(attribution, 39))
    assert scores["n_truth"] == 27
    assert scores["prevalence"] == pytest.approx(27 / 12**3)
    assert scores["auc"] > 0.99
    assert scores["peak_inside"] == 1
    expected = attribution[TRUTH].sum() / attribution[BRAIN].sum()
    assert scores["mass_inside"] == pytest.approx(expected)
    assert scores["p_auc"] == scores["p_ap"] == scores["p_mass"] == 1 / 40
    assert scores["null_auc_mean"] == pytest.approx(0.5, abs=0.1)
    assert scores["null_auc_p95"] < scores["auc"]
    assert scores["average_precision"] > scores["null_ap_p95"] >= scores["null_ap_mean"]
    drawn = draw(attribution, 39)
    masses = [volume[TRUTH].sum() / volume.sum() for volume in drawn]
    assert scores["null_mass_mean"] == pytest.approx(np.mean(masses))
    assert scores["null_mass_p95"] == pytest.approx(np.quantile(masses, 0.95))
    hits = sum(TRUTH.flat[volume.argmax()] for volume in drawn)
    assert scores["null_peak_mean"] == pytest.approx(hits / 39)
    assert scores["p_peak"] == pytest.approx((hits + 1) / 40)
    assert scores == localisation(attribution, TRUTH, BRAIN, draw(attribution, 39))


def test_ties_are_counted_as_scikit_learn_does():
    attribution = np.random.default_rng(0).integers(0, 4, SHAPE).astype(float)
    scores = localisation(attribution, TRUTH, BRAIN, draw(attribution, 2))
    assert scores["auc"] == pytest.approx(roc_auc_score(TRUTH[BRAIN], attribution[BRAIN]))
    expected = average_precision_score(TRUTH[BRAIN], attribution[BRAIN])
    assert scores["average_precision"] == pytest.approx(expected)


def test_values_outside_the_brain_do_not_count():
    attribution = np.where(BRAIN, TRUTH + 0.1, 99.0)
    scores = localisation(attribution, TRUTH, BRAIN, draw(attribution, 2))
    assert (scores["auc"], scores["average_precision"]) == pytest.approx((1, 1))
    assert scores["peak_inside"] == 1


def test_an_all_zero_map_is_at_chance():
    scores = localisation(np.zeros(SHAPE), TRUTH, BRAIN, draw(np.zeros(SHAPE), 3))
    assert scores["auc"] == pytest.approx(0.5)
    assert scores["average_precision"] == pytest.approx(scores["prevalence"])
    assert scores["peak_inside"] == scores["mass_inside"] == 0
    assert scores["p_auc"] == scores["p_ap"] == scores["p_mass"] == scores["p_peak"] == 1


def test_the_pointing_game_counts_peoples_own_maps():
    right, wrong, outside = np.zeros((3, *SHAPE))
    right[5, 5, 5] = wrong[9, 9, 9] = outside[9, 9, 9] = 1
    outside[0, 0, 0] = 2
    folds = [np.stack([right, wrong]), np.stack([right, right, 2 * right]), np.zeros((1, *SHAPE))]
    hits = pointing_game(folds, TRUTH, BRAIN)
    assert (hits["pointing_maps"], hits["pointing"]) == (6, pytest.approx(4 / 6))
    folds = [np.stack([right, wrong])] * 4 + [np.stack([right, right])]
    hits = pointing_game(folds, TRUTH, BRAIN)
    _, low, high, _ = corrected_t(np.array([0.5] * 4 + [1]))
    assert (hits["pointing_low"], hits["pointing_high"]) == pytest.approx((low, min(high, 1)))
    alone = pointing_game([np.stack([right, outside])], TRUTH, BRAIN)
    assert alone["pointing"] == 0.5
    assert np.isnan(alone["pointing_low"])


def test_the_interval_of_a_group_maps_auc_is_the_jackknife_over_folds():
    folds = np.random.default_rng(2).random((4, *SHAPE)) + 0.3 * TRUTH
    rest = [
        roc_auc_score(TRUTH[BRAIN], np.delete(folds, k, axis=0).mean(axis=0)[BRAIN])
        for k in range(4)
    ]
    error = np.sqrt(3 / 4 * np.sum((rest - np.mean(rest)) ** 2))
    auc = roc_auc_score(TRUTH[BRAIN], folds.mean(axis=0)[BRAIN])
    interval = auc_over_folds(folds, auc, TRUTH, BRAIN)
    half = t.ppf(0.975, 3) * error
    assert interval == pytest.approx({"auc_low": auc - half, "auc_high": min(auc + half, 1)})
    assert np.isnan(auc_over_folds(folds[:1], auc, TRUTH, BRAIN)["auc_low"])


def test_each_region_is_judged_without_the_others():
    other = np.zeros(SHAPE, bool)
    other[9:12, 9:12, 9:12] = True
    attribution = TRUTH * 1.0 + other * 2.0
    table = localisation_by_region(
        attribution, {"a": TRUTH, "b": other}, BRAIN, draw(attribution, 5)
    )
    assert table["region"].tolist() == ["a", "b"]
    np.testing.assert_allclose(table["auc"], 1)
    np.testing.assert_allclose(table["mass_inside"], 1)
    assert table["peak_inside"].tolist() == [1, 1]


def test_a_truth_without_brain_voxels_is_refused():
    with pytest.raises(CohortError, match="0 of 1728"):
        localisation(np.ones(SHAPE), ~BRAIN, BRAIN, np.ones((2, *SHAPE)))
