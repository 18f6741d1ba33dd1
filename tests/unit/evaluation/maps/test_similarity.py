import numpy as np
import pytest
from scipy import ndimage, stats

from voxplain.evaluation.maps.similarity import icc, similarity, ssim

SHAPE = (14, 15, 16)


@pytest.fixture
def brain():
    mask = np.zeros(SHAPE, bool)
    mask[2:12, 2:13, 2:14] = True
    return mask


@pytest.fixture
def maps():
    noise = np.random.default_rng(0).random((2, *SHAPE))
    return np.stack([ndimage.gaussian_filter(volume, 1) for volume in noise])


def test_a_map_is_like_itself_at_any_scale(brain, maps):
    measures = similarity(maps[0], 7 * maps[0], brain, 0.1)
    assert measures == pytest.approx({"spearman": 1, "pearson": 1, "ssim": 1, "dice": 1})


def test_correlations_are_scipys_inside_the_brain(brain, maps):
    a, b = maps
    measures = similarity(a, b, brain, 0.1)
    assert measures["spearman"] == pytest.approx(stats.spearmanr(a[brain], b[brain]).statistic)
    assert measures["pearson"] == pytest.approx(stats.pearsonr(a[brain], b[brain]).statistic)
    assert measures["dice"] < 0.5
    changed = b.copy()
    changed[~brain] = 0
    assert similarity(a, changed, brain, 0.1)["spearman"] == pytest.approx(measures["spearman"])


def test_an_empty_map_is_like_nothing(brain, maps):
    measures = similarity(maps[0], np.zeros(SHAPE), brain, 0.1)
    assert measures["spearman"] == measures["pearson"] == measures["dice"] == 0
    assert np.isfinite(measures["ssim"])


def test_ssim_at_one_voxel_by_a_plain_sum(maps):
    a, b = (volume / volume.max() for volume in maps)
    point = (7, 7, 8)
    brain = np.zeros(SHAPE, bool)
    brain[point] = True
    axes = [np.arange(size) - centre for size, centre in zip(SHAPE, point, strict=True)]
    window = np.exp(-sum(g**2 for g in np.meshgrid(*axes, indexing="ij")) / (2 * 1.5**2))
    window[np.max(np.abs(np.meshgrid(*axes, indexing="ij")), axis=0) > 6] = 0  # four sigma
    window /= window.sum()
    mean_a, mean_b = (window * a).sum(), (window * b).sum()
    var_a, var_b = (window * a**2).sum() - mean_a**2, (window * b**2).sum() - mean_b**2
    cov = (window * a * b).sum() - mean_a * mean_b
    c1, c2 = 1e-4, 9e-4
    expected = (2 * mean_a * mean_b + c1) * (2 * cov + c2)
    expected /= (mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)
    assert ssim(*maps, brain) == pytest.approx(expected, rel=1e-9)


def test_icc_of_shrout_and_fleiss():
    # Shrout and Fleiss 1979, Table 2: six targets, four judges; ICC(3, 1) = .71
    judges = np.array([[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4]])
    judges = np.vstack([judges, [8, 2, 8, 6, 9, 7]])
    assert icc(judges) == pytest.approx(0.71, abs=0.005)
    assert icc(judges[:1] + np.arange(3)[:, None]) == pytest.approx(1)
    assert icc(np.ones((3, 6))) == 0
