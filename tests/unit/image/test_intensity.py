import numpy as np
import pytest

from voxplain.errors import ConfigError, ImageError
from voxplain.image.intensity import normalise


@pytest.fixture
def volumes():
    rng = np.random.default_rng(0)
    volumes = rng.uniform(50, 150, (3, 4, 5, 6)).astype(np.float32)
    volumes[:, 0] = 0
    return volumes


def test_none_leaves_values(volumes):
    np.testing.assert_array_equal(normalise(volumes, "none"), volumes)


def test_brain_mean_is_one(volumes):
    out = normalise(volumes, "brain_mean")
    np.testing.assert_allclose([v[v > 0].mean() for v in out], 1, rtol=1e-6)
    assert not out[:, 0].any()


def test_zscore_standardises_the_foreground_only(volumes):
    out = normalise(volumes, "zscore")
    assert not out[:, 0].any()
    np.testing.assert_allclose(out[:, 1:].mean(axis=(1, 2, 3)), 0, atol=1e-6)
    np.testing.assert_allclose(out[:, 1:].std(axis=(1, 2, 3)), 1, rtol=1e-6)


@pytest.mark.parametrize("how", ["none", "brain_mean", "zscore"])
def test_nobody_else_matters(volumes, how):
    # Sums over memory that is aligned otherwise may differ in the last bits.
    np.testing.assert_allclose(
        normalise(volumes, how)[1], normalise(volumes[1:2], how)[0], rtol=1e-6
    )


@pytest.mark.parametrize("how", ["brain_mean", "zscore"])
def test_an_empty_volume_is_named(volumes, how):
    volumes[1] = 0
    with pytest.raises(ImageError, match="row 2"):
        normalise(volumes, how)


def test_unknown_name(volumes):
    with pytest.raises(ConfigError, match="histogram"):
        normalise(volumes, "histogram")
