import numpy as np
import pytest
from scipy import stats

from voxplain.stats.over_folds import beyond_random_maps, corrected_t, jackknife_t


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


def test_jackknife_by_hand():
    # mean 2, s = 1, k = 3: the jackknife's variance 2/3 * ((1 - 2)^2 + 0 + (3 - 2)^2)
    mean, low, high, p = jackknife_t([1.0, 2.0, 3.0])
    error = np.sqrt(4 / 3)
    assert mean == 2
    assert (high - mean, mean - low) == pytest.approx([4.302653 * error] * 2, rel=1e-6)
    assert p == pytest.approx(2 * stats.t.sf(2 / error, 2))
    assert np.isnan(jackknife_t([0.3], 0, 1)[1:]).all()
    assert jackknife_t([1.0, 2.0, 3.0], 0, 4) == (2, 0, 4, p)


def test_jackknife_is_the_variance_of_what_training_sets_have_in_common():
    """Of a mean it is the ordinary standard error, whatever the folds."""
    rng = np.random.default_rng(1)
    folds, n = np.repeat(np.arange(10), 12), 120
    ratios = []
    for _ in range(200):
        people = rng.standard_normal(n)
        trained = [people[folds != fold].mean() for fold in range(10)]
        mean, low, _, _ = jackknife_t(trained)
        ratios.append(((mean - low) / stats.t.ppf(0.975, 9)) ** 2 * n)
    assert np.mean(ratios) == pytest.approx(1, abs=0.1)


def test_power_of_the_jackknife_is_low_where_seeds_add_noise():
    """Of an effect of three standard errors of the cohort, which a t-test of people finds in 84 %.

    The seeds' noise is a share of that standard error, and another one in each of ten networks.
    """
    rng = np.random.default_rng(1)
    folds, n = np.repeat(np.arange(10), 10), 100
    power = {}
    for noise in (0.0, 0.5, 1.0):
        lows = []
        for _ in range(500):
            people = rng.standard_normal(n) + 3 / np.sqrt(n)
            trained = np.array([people[folds != fold].mean() for fold in range(10)])
            seeds = noise / np.sqrt(n) * rng.standard_normal(10)
            lows.append(jackknife_t(trained + seeds)[1])
        power[noise] = np.mean(np.array(lows) > 0)
    assert stats.nct.sf(stats.t.ppf(0.975, n - 1), n - 1, 3) == pytest.approx(0.84, abs=0.01)
    assert power == pytest.approx({0.0: 0.78, 0.5: 0.26, 1.0: 0.03}, abs=0.05)


def test_beyond_random_maps_by_hand():
    method, random = np.array([3.0, 5.0]), np.array([[1.0, 3.0], [2.0, 2.0]])
    # variances in the folds 2 and 0, mean 1; over 1 + 1/4 of it with 1 degree of freedom
    difference, low, high, p = beyond_random_maps(method, random)
    error = np.sqrt(1.25)
    assert difference == 2
    assert high - difference == pytest.approx(stats.t.ppf(0.975, 1) * error)
    assert difference - low == pytest.approx(high - difference)
    assert p == pytest.approx(2 * stats.t.sf(2 / error, 1))
    # one random map in each fold: the differences 2 and 3 vary by 1/2
    single = beyond_random_maps(method, random[:, :1])
    assert single[0] == 2.5
    assert single[3] == pytest.approx(2 * stats.t.sf(2.5 / np.sqrt(0.5 * 1.5), 1))
    # one network: 3 against 1 and 3, over 2 (1 + 1/2)
    alone = beyond_random_maps(method[:1], random[:1])
    assert alone[3] == pytest.approx(2 * stats.t.sf(1 / np.sqrt(3), 1))
    assert np.isnan(beyond_random_maps(method[:1], random[:1, :1])[1:]).all()


@pytest.mark.parametrize("n_random", [1, 3])
@pytest.mark.parametrize("noise", [0.1, 1.0])
def test_one_map_in_all_folds_is_compared_with_one_random_map(n_random, noise):
    """Under the null a method's maps are a random map, the same in every fold."""
    rng, actual, naive = np.random.default_rng(2), 0, 0
    for _ in range(500):
        fold = rng.standard_normal(10)
        method = fold + rng.standard_normal() + noise * rng.standard_normal(10)
        shape = 10, n_random
        random = fold[:, None] + rng.standard_normal(shape) + noise * rng.standard_normal(shape)
        actual += beyond_random_maps(method, random)[3] < 0.05
        naive += corrected_t(method - random.mean(axis=1))[3] < 0.05
    assert actual <= stats.binom.ppf(0.999, 500, 0.05)
    assert actual < naive
