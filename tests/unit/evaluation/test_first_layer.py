import numpy as np
import pytest
import torch
from scipy import stats

from voxplain.evaluation import first_layer
from voxplain.network import CNN3D


@pytest.fixture
def block():
    torch.manual_seed(0)  # weights of a throw-away network
    model = CNN3D((22, 22, 22), (3, 2, 2))
    with torch.no_grad():
        model.blocks[0].norm.weight[2] = 0  # a dead feature
        model.blocks[0].norm.bias[2] = -1
    return model.blocks[0].eval()


@pytest.fixture
def images():
    return torch.from_numpy(np.random.default_rng(0).random((20, 1, 22, 22, 22), np.float32))


def test_means_and_entropies_against_a_plain_loop(block, images):
    scale = first_layer.first_layer_scale(block, images[:15])
    means, entropies = first_layer.first_layer_features(block, images, scale)
    with torch.no_grad():
        output = block(images).double().numpy()
    np.testing.assert_array_equal(scale, output[:15].max(axis=(0, 2, 3, 4)))
    assert means.shape == entropies.shape == (20, 3)
    np.testing.assert_allclose(means, output.mean(axis=(2, 3, 4)))
    for i in range(20):
        for k in range(2):
            values = np.minimum(output[i, k].ravel(), scale[k])
            counts = np.histogram(values, bins=256, range=(0, scale[k]))[0]
            shares = counts[counts > 0] / values.size
            assert entropies[i, k] == pytest.approx(-(shares * np.log(shares)).sum(), abs=1e-3)
    assert scale[2] == 0
    np.testing.assert_array_equal(entropies[:, 2], 0)


def test_the_entropy_of_uniform_values_is_the_logarithm_of_the_bins():
    ramp = torch.arange(256, dtype=torch.float32).reshape(1, 1, 4, 8, 8)
    identity = torch.nn.Conv3d(1, 1, 1, bias=False)
    torch.nn.init.ones_(identity.weight)
    _, entropies = first_layer.first_layer_features(identity, ramp, np.array([255.0]))
    assert entropies.item() == pytest.approx(np.log(256), abs=0.01)


def test_the_block_is_used_in_eval_mode_and_left_as_found(block, images):
    block.train()
    before = block.norm.running_mean.clone()
    scale = first_layer.first_layer_scale(block, images)
    assert block.training
    torch.testing.assert_close(block.norm.running_mean, before)
    np.testing.assert_array_equal(scale, first_layer.first_layer_scale(block.eval(), images))


@pytest.fixture
def measured():
    rng = np.random.default_rng(2)
    values = rng.standard_normal((40, 4))
    labels = np.repeat([0, 1], 20)
    values[labels == 1, 0] += 3
    values[labels == 0, 1] += 3
    values[:, 3] = 0.25
    return values, labels, rng.standard_normal(40)


def test_feature_tests(measured):
    values, labels, size = measured
    table = first_layer.feature_tests(values, labels, ("women", "men"), size)
    assert table["feature"].tolist() == [1, 2, 3, 4]
    assert table["larger"].tolist() == ["men", "women", "", ""]
    welch = stats.ttest_ind(values[labels == 1, 2], values[labels == 0, 2], equal_var=False)
    assert table["t"][2] == pytest.approx(welch.statistic)
    assert table["p"][2] == pytest.approx(welch.pvalue)
    a, b = values[labels == 0, 0], values[labels == 1, 0]
    pooled = np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)
    assert table["cohens_d"][0] == pytest.approx((b.mean() - a.mean()) / pooled)
    assert table["difference"][0] == pytest.approx(b.mean() - a.mean())
    # Holm by hand: the smallest p times 4, the next times 3, never falling
    by_p = table.sort_values("p")
    expected = np.maximum.accumulate(by_p["p"] * [4, 3, 2, 1]).clip(upper=1)
    np.testing.assert_allclose(by_p["p_holm"], expected)
    assert (table["q_fdr"] <= table["p_holm"] + 1e-12).all()
    assert table.loc[3, ["t", "p", "cohens_d"]].tolist() == [0, 1, 0]
    assert table.loc[3, ["t_adjusted", "p_adjusted", "p_adjusted_holm"]].tolist() == [0, 1, 1]


def test_the_adjusted_test_is_analysis_of_covariance(measured):
    values, labels, size = measured
    table = first_layer.feature_tests(values, labels, ("a", "b"), size)
    # partial correlation of class and feature given head size carries the same t and p
    residual = [
        column - np.polyval(np.polyfit(size, column, 1), size) for column in (labels, values[:, 2])
    ]
    r = stats.pearsonr(*residual).statistic
    t = r * np.sqrt(37 / (1 - r**2))
    assert table["t_adjusted"][2] == pytest.approx(t)
    assert table["p_adjusted"][2] == pytest.approx(2 * stats.t.sf(abs(t), 37))


def test_features_that_follow_head_size_are_no_finding_at_equal_head_size():
    rng = np.random.default_rng(4)
    labels = np.repeat([0, 1], 10)
    size = 1500 + 100 * labels + 50 * rng.standard_normal(20)
    values = size[:, None] + 5 * rng.standard_normal((20, 8))
    table = first_layer.feature_tests(values, labels, ("a", "b"), size)
    assert (table["p_holm"] < 0.05).all()
    assert (table["p_adjusted_holm"] > 0.05).all()


def test_a_class_of_one_is_not_tested(measured):
    values, _, size = measured
    table = first_layer.feature_tests(values[:5], np.array([0, 0, 0, 0, 1]), ("a", "b"), size[:5])
    assert (table[["p", "p_adjusted"]] == 1).all(axis=None)
    assert (table["larger"] == "").all()


def test_no_more_findings_on_noise_than_alpha_allows(monkeypatch):
    monkeypatch.setattr("gc.collect", lambda: 0)  # statsmodels' Holm collects garbage each time
    rng = np.random.default_rng(7)
    labels = np.repeat([0, 1], 15)
    size = rng.random(30)
    runs = [first_layer.feature_tests(rng.random((30, 8)), labels, "ab", size) for _ in range(200)]
    # 200 families at .05: 10 expected, 99.9 % of such studies have fewer than 21
    assert sum((run["larger"] != "").any() for run in runs) < 21
    assert sum((run["p_adjusted_holm"] < 0.05).any() for run in runs) < 21


def test_feature_means(measured):
    values, labels, _ = measured
    table = first_layer.feature_means(values, labels, ("women", "men"))
    assert table["feature"].tolist() == [1, 1, 2, 2, 3, 3, 4, 4]
    assert table["class_name"].tolist() == ["women", "men"] * 4
    group = values[labels == 1, 0]
    low, high = stats.t.interval(0.95, 19, group.mean(), stats.sem(group))
    assert table.loc[1, ["value", "ci_low", "ci_high"]].tolist() == pytest.approx(
        [group.mean(), low, high]
    )
