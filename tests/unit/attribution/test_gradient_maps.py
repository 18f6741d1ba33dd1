"""Both gradient methods from one forward pass: the maps of the two apart, bit by bit."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from voxplain.attribution import grad_cam, gradient_maps, guided_backprop
from voxplain.errors import AttributionError
from voxplain.network.cnn import CNN3D

SHAPE = (22, 26, 22)


class ReluInTheHead(nn.Module):
    """Two ReLUs lie between the last convolutional block and the logits."""

    def __init__(self, in_place=False):
        super().__init__()
        self.first, self.norm = nn.Conv3d(1, 3, 3), nn.BatchNorm3d(3)
        self.second = nn.Conv3d(3, 4, 3, stride=2)
        self.linears = nn.ModuleList([nn.Linear(4, 16), nn.Linear(16, 16), nn.Linear(16, 3)])
        self.in_place = in_place

    def forward(self, x):
        if self.in_place:
            x -= 0.1
        h = F.relu(self.norm(self.first(x)), inplace=self.in_place)
        h = F.relu(self.second(h), inplace=self.in_place).mean((2, 3, 4))
        for linear in self.linears[:-1]:
            h = F.relu(linear(h), inplace=self.in_place)
        return self.linears[-1](h)


class Functional(ReluInTheHead):
    """Its convolutions are no modules, and it changes its input."""

    def __init__(self):
        super().__init__(in_place=True)
        self.weights = nn.ParameterList([torch.randn(3, 1, 3, 3, 3), torch.randn(4, 3, 3, 3, 3)])
        del self.first, self.second
        self.first = lambda x: F.conv3d(x, self.weights[0])
        self.second = lambda x: F.conv3d(x, self.weights[1], stride=2)


NETWORKS = {
    "paper": lambda: CNN3D(SHAPE, (4, 5, 6), n_classes=3),
    "ReLUs in the head": ReluInTheHead,
    "ReLUs in place": lambda: ReluInTheHead(in_place=True),
    "functions": Functional,
}


def make(name, dtype):
    torch.manual_seed(0)
    model = NETWORKS[name]().to(dtype)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm3d):
            module.running_mean.normal_(0, 0.2)
    return model


def images(dtype, n=5):
    generator = torch.Generator().manual_seed(1)
    return torch.randn((n, 1, *SHAPE), generator=generator, dtype=torch.float64).to(dtype)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("upsampling", ["paper", "receptive_field"])
def test_both_are_what_they_are_apart(name, dtype, upsampling):
    model, x, targets = make(name, dtype), images(dtype), torch.tensor([0, 2, 1, 1, 0])
    guided, cam = gradient_maps(model, x, targets, upsampling=upsampling)
    rounding = {torch.float32: 1e-5, torch.float64: 1e-12}[dtype]
    pairs = [
        (guided, guided_backprop(model, x, targets)),
        (cam, grad_cam(model, x, targets, upsampling=upsampling)),
    ]
    for actual, expected in pairs:
        assert expected.maps.max() > 0
        # another graph may have other kernels: as close as the dtype is fine
        assert (actual.maps - expected.maps).norm() <= rounding * expected.maps.norm()
        assert torch.equal(actual.targets, expected.targets)
        torch.testing.assert_close(actual.scores, expected.scores)
        assert actual.parameters == expected.parameters
        assert actual.method == expected.method


def test_a_named_layer_gets_the_true_gradient():
    model, x = make("ReLUs in place", torch.float64), images(torch.float64)
    guided, cam = gradient_maps(model, x, layer="first")
    torch.testing.assert_close(guided.maps, guided_backprop(model, x).maps)
    torch.testing.assert_close(cam.maps, grad_cam(model, x, layer="first").maps)


def test_the_two_gradients_differ_where_a_relu_follows():
    # Guided all the way, Grad-CAM would be another one: the test above could not tell otherwise.
    model, x = make("ReLUs in the head", torch.float64), images(torch.float64)
    targets = torch.zeros(5, dtype=torch.int64)
    features = F.relu(model.second(F.relu(model.eval().norm(model.first(x))))).detach()
    hidden = model.linears[0](features.mean((2, 3, 4)))
    deeper = model.linears[1](hidden.relu())
    true = model.linears[2].weight[targets] * (deeper > 0)
    guided = true.clamp(min=0)
    true = (true @ model.linears[1].weight * (hidden > 0)) @ model.linears[0].weight
    guided = (guided @ model.linears[1].weight).clamp(min=0) * (hidden > 0)
    guided = guided @ model.linears[0].weight
    cams = [
        torch.einsum("nk,nkxyz->nxyz", gradient / features[0, 0].numel(), features).relu()
        for gradient in (true, guided)
    ]
    expected = F.interpolate(cams[0][:, None], size=SHAPE, mode="trilinear")[:, 0].detach()
    _, actual = gradient_maps(model, x, targets)
    torch.testing.assert_close(actual.maps, expected, rtol=1e-10, atol=1e-14)
    assert (cams[0] - cams[1]).norm() > 0.1 * cams[0].norm()


def test_what_either_refuses_both_refuse():
    x = images(torch.float32)
    with pytest.raises(AttributionError, match="no ReLU"):
        gradient_maps(nn.Sequential(nn.Conv3d(1, 2, 22), nn.Flatten()), x[..., :22, :])
    with pytest.raises(AttributionError, match="no layer"):
        gradient_maps(make("paper", torch.float32), x, layer="absent")
