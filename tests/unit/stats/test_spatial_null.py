import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from voxplain.stats import spatial_null

SHAPE = (30, 32, 30)
CENTRED = np.indices(SHAPE) - (np.array(SHAPE)[:, None, None, None] - 1) / 2
BRAIN = (CENTRED**2).sum(axis=0) < 13**2


def smooth(sigma, seed=11):
    field = gaussian_filter(np.random.default_rng(seed).standard_normal(SHAPE), sigma, mode="wrap")
    return (field - field.min()) * BRAIN


def test_surrogates_permute_the_references_values_inside_the_brain():
    reference = np.maximum(smooth(2) - 0.3, 0)
    maps = spatial_null.surrogates(reference, BRAIN, 3, seed=5)
    assert maps.shape == (3, *SHAPE)
    assert maps.dtype == np.float32
    for volume in maps:
        assert not volume[~BRAIN].any()
        np.testing.assert_array_equal(
            np.sort(volume[BRAIN]), np.sort(reference[BRAIN]).astype(np.float32)
        )
    assert not np.array_equal(maps[0], maps[1])


def test_the_same_seed_gives_the_same_bits_and_a_longer_series_continues():
    reference = smooth(1)
    four = spatial_null.surrogates(reference, BRAIN, 4, seed=5)
    np.testing.assert_array_equal(four[:2], spatial_null.surrogates(reference, BRAIN, 2, seed=5))
    assert not np.array_equal(four[0], spatial_null.surrogates(reference, BRAIN, 1, seed=6)[0])


@pytest.mark.parametrize("sigma", [0.8, 1.5, 2.5])
def test_the_smoothness_of_a_gaussian_field_is_recovered(sigma):
    actual = [spatial_null.matched_fwhm(smooth(sigma, seed), BRAIN, 0) for seed in range(4)]
    assert np.mean(actual) == pytest.approx(sigma * np.sqrt(8 * np.log(2)), rel=0.12)


def lag_one(volume):
    both = BRAIN[1:] & BRAIN[:-1]
    return np.corrcoef(volume[1:][both], volume[:-1][both])[0, 1]


def test_surrogates_of_blobby_maps_are_as_smooth_as_they():
    actual, expected = [], []
    for seed in range(4):
        field = smooth(2, seed)
        reference = np.maximum(field - np.quantile(field[BRAIN], 0.9), 0) * BRAIN
        expected.append(lag_one(reference))
        maps = spatial_null.surrogates(reference, BRAIN, 4, seed=0)
        actual.extend(lag_one(volume) for volume in maps)
    assert np.mean(actual) == pytest.approx(np.mean(expected), abs=0.04)


@pytest.mark.parametrize("value", [0.0, 0.7])
def test_a_constant_map_gives_itself(value):
    maps = spatial_null.surrogates(np.full(SHAPE, value), BRAIN, 2, seed=0)
    np.testing.assert_allclose(maps[:, BRAIN], value)


def test_maps_smoother_than_noise_can_be_are_counted_and_left_out():
    # as maps of Meaningful Perturbations are: noise with these values has several blobs
    blob = np.exp(-(CENTRED**2).sum(axis=0) / (2 * 2.5**2)) * BRAIN
    widths = [spatial_null.matched_fwhm(smooth(sigma), BRAIN, 0) for sigma in (1, 2)]
    fwhm, unmatched = spatial_null.smoothness([smooth(1), blob, smooth(2)], BRAIN, 0)
    assert (fwhm, unmatched) == (pytest.approx(np.mean(widths)), 1)
    bound, unmatched = spatial_null.smoothness([blob], BRAIN, 0)
    assert bound == pytest.approx(23.54, abs=0.01)
    assert unmatched == 1
