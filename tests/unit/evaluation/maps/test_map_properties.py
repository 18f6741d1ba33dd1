import numpy as np
import pytest
import torch
from scipy import ndimage, stats

from voxplain.attribution import grad_cam
from voxplain.evaluation.maps import properties, properties_table, similarity
from voxplain.network.cnn import CNN3D
from voxplain.stats.family_blocks import permuted_labels
from voxplain.stats.over_folds import jackknife_t
from voxplain.stats.spatial_null import surrogates


def test_gini_and_hoyer_by_hand():
    values = np.array([[1.0, 1, 1, 1], [0, 0, 0, 8], [1, 2, 3, 4], [0, 0, 0, 0]])
    gini, hoyer = properties.gini(values), properties.hoyer(values)
    # of 1 2 3 4: half the mean difference over all pairs, 1.25 / 2, over the mean 2.5
    np.testing.assert_allclose(gini[:3], [0, 0.75, 0.25])
    np.testing.assert_allclose(hoyer[:3], [0, 1, (2 - 10 / np.sqrt(30)) / 1], atol=1e-12)
    assert np.isnan([gini[3], hoyer[3]]).all()


def test_gini_does_not_depend_on_unit_or_order():
    rng = np.random.default_rng(0)
    values = rng.gamma(0.5, size=(1, 500))
    pairs = np.abs(values[0][:, None] - values[0]).mean() / (2 * values.mean())
    assert properties.gini(values)[0] == pytest.approx(pairs)
    assert properties.gini(7 * values[:, ::-1])[0] == pytest.approx(pairs)


def brain_and_image(seed=0, size=12):
    brain = np.zeros((size,) * 3, bool)
    brain[2:-2, 2:-2, 2:-2] = True
    noise = np.random.default_rng(seed).standard_normal(brain.shape)
    image = ndimage.gaussian_filter(noise, 1.5)
    return brain, np.where(brain, image - image.min() + 1, 0)


def test_edges_of_the_image_itself_are_aligned_and_its_border_does_not_count():
    brain, image = brain_and_image()
    maps = np.stack([image, np.where(brain, 1.0, 0), np.where(brain, 3 * image, 0)])
    alignment = properties.edge_alignment(maps, image, brain)
    np.testing.assert_allclose(alignment, [1, 0, 1], atol=1e-12)
    inner = ndimage.binary_erosion(brain)
    other = brain_and_image(1)[1]
    lengths = [np.linalg.norm(np.gradient(volume), axis=0)[inner] for volume in (image, other)]
    expected = stats.spearmanr(*lengths).statistic
    assert properties.edge_alignment(other[None], image, brain)[0] == pytest.approx(expected)


def test_a_map_that_follows_the_image_beats_smooth_random_maps():
    brain, image = brain_and_image()
    random = surrogates(image, brain, 39, seed=0)
    tested = properties.edge_null(image, image, brain, random)
    assert tested["observed"] == pytest.approx(1)
    assert tested["p_null"] == 1 / 40
    assert tested["null_p95"] < 0.9


def test_the_highest_method_has_to_exceed_all_others():
    rng = np.random.default_rng(0)
    folds = {"a": 0.9 + 0.01 * rng.standard_normal(10), "b": np.full(10, 0.5)}
    folds["c"] = 0.7 + 0.01 * rng.standard_normal(10)
    table = properties_table.compare_methods(folds).set_index("method")
    assert table["rival"].tolist() == ["c", "a", "a"]
    expected = max(jackknife_t(folds["a"] - folds[other])[3] / 2 for other in "bc")
    assert table.loc["a", "p_highest"] == pytest.approx(expected)
    assert table.loc["c", "p_highest"] > 0.99
    assert np.isnan(
        properties_table.compare_methods({m: v[:1] for m, v in folds.items()})["low"]
    ).all()


def cohort(effect, seed):
    rng = np.random.default_rng(seed)
    labels = np.tile([0, 1], 20)
    values = rng.gamma(2, size=(40, 60)).astype(np.float32)
    values[labels == 1, :6] += effect
    return values, labels


def permuted(labels, n, seed):
    folds = np.repeat(np.arange(5), len(labels) // 5)
    return permuted_labels(labels, np.arange(len(labels)), folds, n, seed)


def test_class_difference_by_hand():
    values, labels = cohort(0, 0)
    thirds = np.array_split(values, 3, axis=1)
    tested = properties.class_difference(thirds, labels, permuted(labels, 99, 0))
    means = [values[labels == k].mean(axis=0) for k in (0, 1)]
    rms = np.sqrt(np.mean((means[1] - means[0]) ** 2) / np.mean(values.mean(axis=0) ** 2))
    assert tested["observed"] == pytest.approx(rms, rel=1e-5)
    assert tested["correlation"] == pytest.approx(np.corrcoef(*means)[0, 1])
    values, labels = cohort(3, 0)
    strong = properties.class_difference([values], labels, permuted(labels, 99, 0))
    assert strong["p_null"] == 1 / 100
    described = properties.class_difference([values], labels, permuted(labels, 0, 0))
    # float32 products with 1 row and with 100 rows are rounded otherwise on some processors
    assert described["correlation"] == pytest.approx(strong["correlation"])
    assert described["observed"] == pytest.approx(strong["observed"], rel=1e-5)
    assert set(described) == {"correlation", "observed"}


def test_false_positives_of_the_class_difference():
    def p(seed):
        values, labels = cohort(0, seed)
        null = permuted(labels, 39, seed)
        return properties.class_difference([values], labels, null)["p_null"]

    n = 500
    hits = np.count_nonzero([p(seed) <= 0.05 for seed in range(n)])
    assert hits <= stats.binom.ppf(0.999, n, 0.05)


def test_maps_of_own_classes_differ_without_any_difference_of_people():
    """Grad-CAM of untrained networks on noise: of one output for everybody, and of one's own."""
    rng, hits, n = np.random.default_rng(0), {"one class": 0, "own class": 0}, 200
    labels = np.tile([0, 1], 20)
    for network in range(10):
        torch.manual_seed(network)
        model = CNN3D((12, 12, 12), channels=(4, 8)).eval()
        images = torch.from_numpy(rng.standard_normal((40, 1, 12, 12, 12)).astype(np.float32))
        maps = [
            grad_cam(model, images, torch.full((40,), k)).maps.flatten(1).numpy() for k in (0, 1)
        ]
        for draw in range(n // 10):
            shuffled = rng.permutation(labels)
            null = permuted(shuffled, 39, draw)
            explained = {
                "one class": maps[1],
                "own class": np.where(shuffled[:, None], *maps[::-1]),
            }
            for name, values in explained.items():
                p = properties.class_difference([values], shuffled, null)["p_null"]
                hits[name] += p <= 0.05
    assert hits["one class"] <= stats.binom.ppf(0.999, n, 0.05)
    assert hits["own class"] > 0.9 * n  # why such maps are described and not tested


def test_folds_that_share_a_pattern_agree_beyond_smooth_maps():
    rng = np.random.default_rng(0)
    shared, random = rng.gamma(1, size=200), rng.gamma(1, size=(41, 200))
    folds = shared + 0.5 * rng.standard_normal((2, 200))
    agreement = properties.agreement_of_folds(folds, random)
    assert agreement["value"] == pytest.approx(similarity.icc(folds))
    assert agreement["p_null"] == 1 / 21  # twenty pairs of random maps
    assert abs(agreement["null_mean"]) < 0.1
