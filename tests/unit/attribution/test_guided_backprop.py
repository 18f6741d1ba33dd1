"""Guided Backpropagation on every way of writing a ReLU, against gradients worked by hand."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from voxplain.attribution import guided_backprop
from voxplain.errors import AttributionError

RELUS = {
    "module": lambda h: nn.ReLU()(h),
    "in-place module": lambda h: nn.ReLU(inplace=True)(h),
    "F.relu": F.relu,
    "F.relu in place": lambda h: F.relu(h, inplace=True),
    "keyword": lambda h: F.relu(input=h),
    "torch.relu": torch.relu,
    "torch.relu_": torch.relu_,
    "method": lambda h: h.relu(),
    "method in place": lambda h: h.relu_(),
    "operator": torch.ops.aten.relu,
    "in place, result ignored": lambda h: (h.relu_(), h)[1],
    "in place on a view": lambda h: (h.view(len(h), -1).relu_(), h)[1],
}


class TwoLayers(nn.Module):
    """conv - relu - conv - relu - linear, the rectifier given."""

    def __init__(self, relu):
        super().__init__()
        self.first, self.second = nn.Conv3d(1, 3, 3), nn.Conv3d(3, 4, 3)
        self.linear = nn.Linear(4 * 2 * 3 * 2, 3)
        self.relu = relu

    def forward(self, x):
        h = self.relu(self.first(x))
        return self.linear(self.relu(self.second(h)).flatten(1))


class PreActivation(nn.Module):
    """h + conv(relu(h)) between two convolutions."""

    def __init__(self, in_place=False):
        super().__init__()
        self.first, self.inner = nn.Conv3d(1, 3, 3), nn.Conv3d(3, 3, 3, padding=1)
        self.linear = nn.Linear(3 * 4 * 5 * 4, 3)
        self.in_place = in_place

    def forward(self, x):
        h = self.first(x)
        skip = h.clone() if self.in_place else h
        return self.linear((skip + self.inner(F.relu(h, inplace=self.in_place))).flatten(1))


def make(kind, *args):
    torch.manual_seed(0)
    return kind(*args).double()


def images(n=3):
    return torch.randn((n, 1, 6, 7, 6), generator=torch.Generator().manual_seed(1)).double()


def by_hand(model, x, targets):
    """Eq. 5 layer by layer with transposed convolutions."""
    before = model.first(x)
    after = model.second(before.relu())
    gradient = model.linear.weight[targets].reshape(after.shape)
    gradient = gradient.clamp(min=0) * (after > 0)
    gradient = F.conv_transpose3d(gradient, model.second.weight)
    gradient = gradient.clamp(min=0) * (before > 0)
    return F.conv_transpose3d(gradient, model.first.weight)[:, 0].clamp(min=0).detach()


@pytest.mark.parametrize("name", RELUS)
def test_every_relu_is_guided(name):
    model, x, targets = make(TwoLayers, RELUS[name]), images(), torch.tensor([2, 0, 1])
    expected = by_hand(model, x, targets)
    with torch.no_grad():
        logits = model(x.clone())
    actual = guided_backprop(model, x, targets)
    assert expected.max() > 0
    torch.testing.assert_close(actual.maps, expected, rtol=1e-12, atol=1e-15)
    torch.testing.assert_close(actual.scores, logits.gather(1, targets[:, None])[:, 0])


def test_one_module_used_twice_is_guided_twice():
    model = make(TwoLayers, nn.ReLU())
    targets = torch.tensor([2, 0, 1])
    actual = guided_backprop(model, images(), targets)
    torch.testing.assert_close(actual.maps, by_hand(model, images(), targets))


@pytest.mark.parametrize("in_place", [False, True])
def test_a_skip_around_the_relu_keeps_its_negative_gradient(in_place):
    model, x, targets = make(PreActivation, in_place), images(), torch.tensor([0, 1, 2])
    h = model.first(x)
    out = model.linear.weight[targets].reshape(h.shape)
    through = F.conv_transpose3d(out, model.inner.weight, padding=1).clamp(min=0) * (h > 0)
    expected = F.conv_transpose3d(out + through, model.first.weight)[:, 0].clamp(min=0)
    assert (out < 0).any()
    actual = guided_backprop(model, x, targets)
    torch.testing.assert_close(actual.maps, expected.detach(), rtol=1e-12, atol=1e-15)


def test_a_batch_is_its_images_one_by_one():
    model, x = make(TwoLayers, F.relu), images(5)
    whole = guided_backprop(model, x)
    assert whole.targets.unique().numel() > 1
    for i in range(5):
        single = guided_backprop(model, x[i : i + 1])
        torch.testing.assert_close(single.maps[0], whole.maps[i], rtol=1e-10, atol=1e-14)
        assert single.targets[0] == whole.targets[i]


def test_large_batches_are_split(monkeypatch):
    model, x = make(TwoLayers, F.relu), images(5)
    whole = guided_backprop(model, x, torch.tensor([0, 1, 2, 1, 0]))
    monkeypatch.setattr("voxplain.attribution.frozen._VOXELS_PER_PASS", {"cpu": 2 * 6 * 7 * 6})
    split = guided_backprop(model, x, torch.tensor([0, 1, 2, 1, 0]))
    torch.testing.assert_close(split.maps, whole.maps, rtol=1e-12, atol=1e-15)
    assert torch.equal(split.targets, whole.targets)


@pytest.mark.parametrize(
    "rectifier",
    [
        nn.LeakyReLU(),
        nn.LeakyReLU(inplace=True),
        nn.PReLU(),
        nn.RReLU(),
        nn.ELU(),
        nn.SELU(),
        nn.CELU(),
        nn.GELU(),
        nn.SiLU(),
        nn.Mish(),
        nn.Softplus(),
        nn.ReLU6(),
        nn.Hardswish(),
        nn.Threshold(0.1, 0),
    ],
    ids=repr,
)
def test_other_rectifiers_are_refused_by_name(rectifier):
    model = make(TwoLayers, rectifier)
    with pytest.raises(AttributionError, match="not defined"):
        guided_backprop(model, images())


@pytest.mark.parametrize("rectifier", [nn.Identity(), nn.Tanh(), lambda h: h.clamp(min=0)])
def test_a_network_without_relu_is_refused(rectifier):
    with pytest.raises(AttributionError, match="no ReLU"):
        guided_backprop(make(TwoLayers, rectifier), images())


def test_a_clamp_beside_relus_keeps_its_plain_gradient():
    model, x, targets = make(TwoLayers, F.relu), images(), torch.tensor([0, 1, 2])
    expected = by_hand(model, x.clamp(min=0), targets) * (x[:, 0] >= 0)
    wrapped = nn.Sequential()
    wrapped.append(model)
    wrapped.forward = lambda x: model(x.clamp(min=0))
    torch.testing.assert_close(guided_backprop(wrapped, x, targets).maps, expected)


def test_logits_without_a_gradient_are_refused():
    class Detached(TwoLayers):
        def forward(self, x):
            return super().forward(x.detach())

    with pytest.raises(AttributionError, match="detach"):
        guided_backprop(make(Detached, F.relu), images())
