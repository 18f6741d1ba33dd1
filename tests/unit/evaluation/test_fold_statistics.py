import numpy as np
import pytest
from scipy import stats

from voxplain.evaluation.fold_statistics import corrected_t


def test_corrected_t_by_hand():
    # mean 2, s = 1, k = 3: variance of the mean 1/3 + 1/2
    mean, low, high, p = corrected_t(np.array([1.0, 2.0, 3.0]))
    error = np.sqrt(5 / 6)
    assert mean == 2
    assert high - mean == pytest.approx(4.302653 * error, rel=1e-6)
    assert mean - low == pytest.approx(high - mean)
    assert p == pytest.approx(2 * stats.t.sf(2 / error, 2))


def test_folds_without_spread_and_a_single_fold():
    assert corrected_t([0.5, 0.5])[1:] == (0.5, 0.5, 1.0)
    assert np.isnan(corrected_t([0.3])[1:]).all()


def test_under_a_true_null_its_errors_stay_below_its_level():
    rng = np.random.default_rng(0)
    p = np.array([corrected_t(values)[3] for values in rng.standard_normal((500, 10))])
    assert stats.binomtest(int((p < 0.05).sum()), 500, 0.05, "greater").pvalue > 0.01
