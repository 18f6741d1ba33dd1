import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression

from voxplain.evaluation.prediction.calibration import calibration, logits, reliability


@pytest.fixture
def outcomes():
    rng = np.random.default_rng(0)
    predicted = rng.normal(0.3, 1.5, 20000)
    # what happens is less sure than what is said, and class 1 less frequent
    return (rng.random(20000) < expit(0.5 * predicted - 0.4)).astype(int), predicted


def test_slope_and_intercept_recover_what_was_simulated(outcomes):
    true, predicted = outcomes
    calibrated = calibration(true, predicted)
    assert calibrated["calibration_slope"] == pytest.approx(0.5, abs=0.03)
    model = LogisticRegression(C=np.inf).fit(predicted[:, None], true)
    assert calibrated["calibration_slope"] == pytest.approx(model.coef_[0, 0], rel=1e-3)
    # calibration in the large: with this shift the mean probability is the observed rate
    shifted = expit(predicted + calibrated["calibration_intercept"])
    assert shifted.mean() == pytest.approx(true.mean(), abs=1e-6)
    assert calibrated["calibration_intercept"] < 0


def test_brier_by_hand():
    true, probability = np.array([1, 0, 1, 0]), np.array([0.8, 0.4, 0.3, 0.1])
    calibrated = calibration(true, logit(probability))
    assert calibrated["brier"] == pytest.approx((0.04 + 0.16 + 0.49 + 0.01) / 4)


def test_separated_classes_have_no_finite_slope():
    calibrated = calibration(np.array([0, 0, 1, 1]), np.array([-2.0, -1.0, 1.0, 3.0]))
    assert calibrated["calibration_slope"] == np.inf
    assert np.isfinite(calibrated["calibration_intercept"])


def test_scores_become_logits():
    scores = np.array([0.0, 0.5, 1.0])
    np.testing.assert_array_equal(logits("cnn", scores), scores)
    np.testing.assert_allclose(logits("knn", scores), [logit(0.001), 0, logit(0.999)])
    assert logits("voxel_svm", scores) is None
    assert all(np.isnan(value) for value in calibration(scores, None).values())


def test_reliability_curve_is_scikit_learns(outcomes):
    true, predicted = outcomes[0][:300], outcomes[1][:300]
    curve = reliability(true, predicted)
    observed, mean = calibration_curve(true, expit(predicted), n_bins=10, strategy="quantile")
    np.testing.assert_allclose(curve["observed"], observed)
    np.testing.assert_allclose(curve["predicted"], mean)
    assert curve["n"].tolist() == [30] * 10
    assert (curve["ci_low"] <= curve["observed"]).all()
    assert (curve["observed"] <= curve["ci_high"]).all()


def test_bins_hold_at_least_twenty_participants(outcomes):
    sizes = [len(reliability(outcomes[0][:n], outcomes[1][:n])) for n in (12, 59, 100, 1000)]
    assert sizes == [1, 2, 5, 10]
    ties = reliability(np.tile([0, 1], 50), np.repeat([0.0, 1.0], 50))
    assert isinstance(ties, pd.DataFrame)
    assert ties["n"].sum() == 100
