import numpy as np
import pytest
import torch
from scipy import stats
from torch.nn import functional as F

from voxplain.attribution.layers import first_hidden_layer
from voxplain.errors import AttributionError
from voxplain.evaluation.maps import first_layer
from voxplain.network.cnn import CNN3D


@pytest.fixture
def model():
    torch.manual_seed(0)  # weights of a throw-away network
    model = CNN3D((22, 22, 22), (3, 2, 2))
    with torch.no_grad():
        model.blocks[0].norm.weight[2] = 0  # a dead feature
        model.blocks[0].norm.bias[2] = -1
    return model.eval()


@pytest.fixture
def images():
    return np.random.default_rng(0).random((20, 22, 22, 22), np.float32)


@pytest.fixture
def batch(images):
    return torch.from_numpy(images[:2])[:, None]


def test_means_and_entropies_against_a_plain_loop(model, images):
    scale = first_layer.first_layer_scale(model, images[:15])
    means, entropies = first_layer.first_layer_features(model, images, scale)
    with torch.no_grad():
        output = model.blocks[0](torch.from_numpy(images)[:, None]).double().numpy()
    # float32 features of batches of another size
    np.testing.assert_allclose(scale, output[:15].max(axis=(0, 2, 3, 4)), rtol=1e-5)
    assert means.shape == entropies.shape == (20, 3)
    np.testing.assert_allclose(means, output.mean(axis=(2, 3, 4)), rtol=1e-5)
    for i in range(20):
        for k in range(2):
            values = np.minimum(output[i, k].ravel(), scale[k])
            counts = np.histogram(values, bins=256, range=(0, scale[k]))[0]
            shares = counts[counts > 0] / values.size
            assert entropies[i, k] == pytest.approx(-(shares * np.log(shares)).sum(), abs=1e-3)
    assert scale[2] == 0
    np.testing.assert_array_equal(entropies[:, 2], 0)


def test_the_entropy_of_uniform_values_is_the_logarithm_of_the_bins():
    ramp = np.arange(256, dtype=np.float32).reshape(1, 4, 8, 8)
    identity = torch.nn.Sequential(
        torch.nn.Conv3d(1, 1, 1, bias=False), torch.nn.Flatten(), torch.nn.Linear(256, 2)
    )
    torch.nn.init.ones_(identity[0].weight)
    _, entropies = first_layer.first_layer_features(identity, ramp, np.array([255.0]))
    assert entropies.item() == pytest.approx(np.log(256), abs=0.01)


def test_the_authors_entropies_against_a_plain_loop(model, images):
    labels = np.array([0, 1, 1, 0] * 5)
    entropies = first_layer.class_batch_entropies(model, images, labels, batch=7)
    with torch.no_grad():
        output = model.blocks[0](torch.from_numpy(images)[:, None]).double().numpy()
    for rows in (
        np.flatnonzero(labels == c)[part] for c in (0, 1) for part in (np.s_[:7], np.s_[7:])
    ):
        levels = (output[rows] / output[rows].max() * 255).astype(int)
        for row, features in zip(rows, levels, strict=True):
            counts = [np.bincount(feature.ravel(), minlength=256) for feature in features]
            np.testing.assert_allclose(entropies[row], stats.entropy(counts, axis=1), atol=0.01)


def test_the_authors_scale_makes_a_difference_out_of_one_voxel(model, images):
    labels = np.repeat([0, 1], 10)
    changed = images.copy()
    changed[10, 5, 5, 5] = 50  # one bright voxel in one participant of class 1
    size = np.random.default_rng(1).normal(size=20)
    theirs = first_layer.class_batch_entropies(model, changed, labels)
    assert (feature_p(theirs, labels, size)[:2] < 1e-4).all()
    scale = first_layer.first_layer_scale(model, changed)
    ours = first_layer.first_layer_features(model, changed, scale)[1]
    assert (feature_p(ours, labels, size)[:2] > 0.05).all()


def feature_p(values, labels, size):
    return first_layer.feature_tests(values, labels, ("women", "men"), size)["p_holm"].to_numpy()


def test_the_network_is_used_in_eval_mode_and_left_as_found(model, images):
    model.train()
    norm = model.blocks[0].norm.eval()
    before = norm.running_mean.clone()
    scale = first_layer.first_layer_scale(model, images)
    assert model.training
    assert not norm.training
    torch.testing.assert_close(norm.running_mean, before)
    np.testing.assert_array_equal(scale, first_layer.first_layer_scale(model.eval(), images))


class Functional(torch.nn.Module):
    """A network of one convolution whose first layer is a function given to it."""

    def __init__(self, first):
        super().__init__()
        self.conv = torch.nn.Conv3d(1, 3, 3)
        self.other = torch.nn.Conv3d(3, 3, 3)
        self.norm = torch.nn.BatchNorm3d(3)
        self.first = first

    def forward(self, images):
        features = self.first(self, images)
        features = self.other(features).relu_()
        return features.mean((2, 3, 4))[:, :2]


def residual(net, images):
    start = net.norm(net.conv(images))
    assert start.shape[1] == 3  # a look at the tensor is not a use of it
    return F.relu(start + 1) * 2


def in_place(net, images):
    rectified = F.relu(net.conv(images), inplace=True)
    rectified += 5
    return rectified


EXPECTED = {
    residual: lambda net, images: F.relu(net.norm(net.conv(images)) + 1),
    in_place: lambda net, images: F.relu(net.conv(images)),
    # pooled before the rectifier, which leaves the same maxima
    lambda net, images: F.relu(F.max_pool3d(net.conv(images), 2)): lambda net, images: F.max_pool3d(
        F.relu(net.conv(images)), 2
    ),
    lambda net, images: F.avg_pool3d(F.gelu(net.conv(images)), 2): lambda net, images: F.avg_pool3d(
        F.gelu(net.conv(images)), 2
    ),
    # two convolutions make one layer if nothing lies between
    lambda net, images: net.other(net.conv(images)).clamp(-9): lambda net, images: F.relu(
        net.other(net.other(net.conv(images)))
    ),
    lambda net, images: F.relu(torch.cat([net.conv(images), -net.conv(images)], 1))[:, 2:5]: (
        lambda net, images: F.relu(torch.cat([net.conv(images), -net.conv(images)], 1))
    ),
}


@pytest.mark.parametrize("first", EXPECTED)
def test_the_first_hidden_layer_of_any_network(first, batch):
    torch.manual_seed(1)  # weights of a throw-away network
    net = Functional(first).eval()
    layer = first_hidden_layer(net, batch)
    with torch.no_grad():
        torch.testing.assert_close(layer, EXPECTED[first](net, batch))


def test_without_a_rectifier_it_is_the_normalised_convolution(batch):
    torch.manual_seed(1)
    net = torch.nn.Sequential(
        torch.nn.Conv3d(1, 2, 3), torch.nn.BatchNorm3d(2), torch.nn.Sigmoid(), torch.nn.Flatten()
    ).eval()
    layer = first_hidden_layer(net, batch)
    with torch.no_grad():
        torch.testing.assert_close(layer, net[:2](batch))


def test_the_rest_of_the_network_is_not_computed(model, batch):
    model.blocks[1] = torch.nn.Identity()  # would fail in the third block
    assert first_hidden_layer(model, batch).shape == (2, 3, 10, 10, 10)


def test_a_network_without_convolutions_is_refused(batch):
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(22**3, 2))
    with pytest.raises(AttributionError, match="conv3d"):
        first_hidden_layer(net, batch)


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


@pytest.mark.slow
def test_no_more_findings_on_noise_than_alpha_allows(monkeypatch):
    monkeypatch.setattr("gc.collect", lambda: 0)  # statsmodels' Holm collects garbage each time
    rng = np.random.default_rng(7)
    labels = np.repeat([0, 1], 15)
    size = rng.random(30)
    runs = [first_layer.feature_tests(rng.random((30, 8)), labels, "ab", size) for _ in range(500)]
    most = stats.binom.ppf(0.999, 500, 0.05)
    assert sum((run["larger"] != "").any() for run in runs) <= most
    assert sum((run["q_fdr"] < 0.05).any() for run in runs) <= most
    assert sum((run["p_adjusted_holm"] < 0.05).any() for run in runs) <= most


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
