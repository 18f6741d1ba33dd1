"""Grad-CAM's layer, its arithmetic and its edge cases."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from voxplain.attribution import grad_cam
from voxplain.errors import AttributionError


class Functional(nn.Module):
    """conv - norm - relu - pool twice with functions only; `relu` rectifies."""

    def __init__(self, relu=F.relu, last_relu=None):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv3d(1, 4, 3), nn.BatchNorm3d(4)
        self.conv2, self.norm2 = nn.Conv3d(4, 5, 3, padding=1), nn.BatchNorm3d(5)
        self.norm2.running_mean.normal_(0, 0.3)
        self.linear = nn.Linear(5 * 2 * 3 * 2, 3)
        self.relu = relu
        self.last_relu = last_relu or relu

    def features(self, x):
        h = F.max_pool3d(self.relu(self.norm1(self.conv1(x))), 2)
        return self.last_relu(self.norm2(self.conv2(h)))

    def head(self, features):
        return self.linear(F.max_pool3d(features, 2).flatten(1))

    def forward(self, x):
        return self.head(self.features(x))


class Residual(Functional):
    """The last block is relu(h + norm(conv(h))), summed in place."""

    def __init__(self, relu_after_sum):
        super().__init__()
        self.conv2 = nn.Conv3d(4, 4, 3, padding=1)
        self.norm2 = nn.BatchNorm3d(4)
        self.linear = nn.Linear(4 * 2 * 3 * 2, 3)
        self.relu_after_sum = relu_after_sum

    def block(self, x):
        h = F.max_pool3d(F.relu(self.norm1(self.conv1(x))), 2)
        return h, self.norm2(self.conv2(h))

    def forward(self, x):
        h, out = self.block(x)
        out += h
        return self.head(F.relu(out) if self.relu_after_sum else out)


def make(kind, *args):
    torch.manual_seed(0)
    return kind(*args).double().eval()


def images(n=4):
    return torch.randn((n, 1, 12, 16, 12), generator=torch.Generator().manual_seed(1)).double()


def reference(features, head, targets, shape=(12, 16, 12)):
    """Eq. 6 and 7 from a features tensor and the function from there to the logits."""
    features = features.detach().requires_grad_()
    head(features).gather(1, targets[:, None]).sum().backward()
    weights = features.grad.mean(dim=(2, 3, 4))
    cam = torch.einsum("nk,nkxyz->nxyz", weights, features.detach()).clamp(min=0)
    return F.interpolate(cam[:, None], size=shape, mode="trilinear", align_corners=False)[:, 0]


TARGETS = torch.tensor([0, 2, 1, 1])
IN_PLACE = {
    "F.relu": F.relu,
    "in place": lambda h: F.relu(h, inplace=True),
    "in-place module": nn.ReLU(inplace=True),
    "method": lambda h: h.relu_(),
    "result ignored": lambda h: (h.relu_(), h)[1],
    "leaky": F.leaky_relu,
}


@pytest.mark.parametrize("name", IN_PLACE)
def test_the_default_layer_is_the_last_block_after_its_rectifier(name):
    model = make(Functional, IN_PLACE[name])
    with torch.no_grad():
        features = model.features(images())
    expected = reference(features, model.head, TARGETS)
    assert (expected.flatten(1).max(1).values > 0).all()
    actual = grad_cam(model, images(), TARGETS)
    torch.testing.assert_close(actual.maps, expected, rtol=1e-10, atol=1e-14)
    assert actual.parameters["feature_shape"] == (5, 7, 5)


def test_without_a_rectifier_it_is_the_normalised_convolution():
    model = make(Functional, F.relu, lambda h: h)
    with torch.no_grad():
        features = model.features(images())
    expected = reference(features, model.head, TARGETS)
    torch.testing.assert_close(grad_cam(model, images(), TARGETS).maps, expected)


def test_a_rectifier_beyond_the_pooling_is_not_the_blocks():
    model = make(Functional, F.relu, lambda h: h)
    head = model.head
    model.head = lambda h: model.linear(F.relu(F.max_pool3d(h, 2)).flatten(1))
    with torch.no_grad():
        features = model.features(images())
    expected = reference(features, model.head, TARGETS)
    torch.testing.assert_close(grad_cam(model, images(), TARGETS).maps, expected)
    assert not torch.allclose(expected, reference(features, head, TARGETS))


def test_a_residual_sum_belongs_to_the_block_if_a_relu_follows():
    model = make(Residual, True)
    with torch.no_grad():
        h, out = model.block(images())
    expected = reference(F.relu(h + out), model.head, TARGETS)
    torch.testing.assert_close(grad_cam(model, images(), TARGETS).maps, expected)


def test_a_residual_sum_without_relu_does_not():
    model = make(Residual, False)
    with torch.no_grad():
        h, out = model.block(images())
    # The sum is in place and must not change the features that are weighted.
    expected = reference(out, lambda out: model.head(out + h), TARGETS)
    torch.testing.assert_close(grad_cam(model, images(), TARGETS).maps, expected)


@pytest.mark.parametrize("name", ["conv1", "norm1", "conv2", "norm2"])
def test_any_module_can_be_named(name):
    model = make(Functional, nn.ReLU(inplace=True))
    seen = []
    handle = model.get_submodule(name).register_forward_hook(
        lambda module, args, output: seen.append(output.detach().clone())
    )
    with torch.no_grad():
        model(images())
    handle.remove()
    tails = {
        "norm2": lambda h: model.head(F.relu(h)),
        "conv2": lambda h: model.head(F.relu(model.norm2(h))),
    }
    tails["norm1"] = lambda h: tails["conv2"](model.conv2(F.max_pool3d(F.relu(h), 2)))
    tails["conv1"] = lambda h: tails["norm1"](model.norm1(h))
    expected = reference(seen[0], tails[name], TARGETS)
    torch.testing.assert_close(grad_cam(model, images(), TARGETS, layer=name).maps, expected)


def test_the_last_call_of_a_reused_module_counts():
    model = make(Functional, nn.ReLU(inplace=True))
    actual = grad_cam(model, images(), TARGETS, layer="relu")
    torch.testing.assert_close(actual.maps, grad_cam(model, images(), TARGETS).maps)


def test_maps_by_hand():
    # One 1x1x1 convolution with weight 2; the logits are the features' sum and minus their sum.
    model = nn.Sequential(nn.Conv3d(1, 1, 1, bias=False), nn.ReLU(), nn.Flatten())
    model.append(nn.Linear(8, 2, bias=False))
    model[0].weight.data.fill_(2)
    model[3].weight.data = torch.tensor([[1.0], [-1.0]]).expand(2, 8).clone()
    x = torch.tensor([1.0, -1, 3, 0, 0, 0, 0, 0]).reshape(1, 1, 2, 2, 2)
    actual = grad_cam(model, x, torch.tensor([0]))
    assert actual.maps.flatten().tolist() == pytest.approx([2, 0, 6, 0, 0, 0, 0, 0])
    assert actual.scores.tolist() == pytest.approx([8])
    # Against the other class everything speaks: the map is zero, not NaN.
    assert grad_cam(model, x, torch.tensor([1])).maps.tolist() == torch.zeros(1, 2, 2, 2).tolist()


def test_a_batch_is_its_images_one_by_one():
    model = make(Functional)
    whole = grad_cam(model, images(5))
    for i in range(5):
        single = grad_cam(model, images(5)[i : i + 1])
        torch.testing.assert_close(single.maps[0], whole.maps[i], rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("conv9", r"no layer 'conv9'; it has conv1, norm1, conv2"),
        ("", "no layer"),
        ("linear", "features"),
        ("relu", "does not call"),
    ],
)
def test_unusable_layers_are_named(layer, message):
    model = make(Functional)
    model.relu = nn.ReLU()
    model.last_relu = model.features = None
    model.features = lambda x: F.max_pool3d(F.relu(model.conv2(model.conv1(x))), 2)
    with pytest.raises(AttributionError, match=message):
        grad_cam(model, images(), layer=layer)


class Repeats(nn.Module):
    """One convolution called as often as told, another one never; the input changed in place."""

    def __init__(self, times=3):
        super().__init__()
        self.conv, self.unused = nn.Conv3d(1, 1, 3), nn.Conv3d(1, 1, 3)
        self.linear = nn.Linear((12 - 2 * times) * (16 - 2 * times) * (12 - 2 * times), 3)
        self.times, self.grows = times, False

    def features(self, x):
        for _ in range(self.times):
            x = F.relu(self.conv(x))
        return x

    def forward(self, x):
        x += 1
        if self.grows:
            self.times += 1
            return self.features(x).mean((2, 3, 4)).expand(-1, 3)
        return self.linear(self.features(x).flatten(1))


@pytest.mark.parametrize("times", [1, 2, 3])
def test_the_last_convolution_is_the_one_called_last(times):
    model = make(Repeats, times)
    model.conv.weight.data.abs_()
    model.linear.weight.data.abs_()
    with torch.no_grad():
        features = model.features(images() + 1)
    expected = reference(features, lambda h: model.linear(h.flatten(1)), TARGETS)
    assert expected.max() > 0
    torch.testing.assert_close(grad_cam(model, images(), TARGETS).maps, expected)


def test_a_network_that_changes_from_call_to_call_is_refused():
    model = make(Repeats, 2)
    model.grows = True
    with pytest.raises(AttributionError, match="another number of convolutions each time"):
        grad_cam(model, images(), TARGETS)
    assert model.times == 2


def test_a_network_without_convolutions_is_refused():
    model = nn.Sequential(nn.Flatten(), nn.Linear(12 * 16 * 12, 2)).double()
    with pytest.raises(AttributionError, match="conv3d"):
        grad_cam(model, images())
