"""All methods on a residual network that others wrote: MONAI's 3D ResNet."""

import pytest
import torch
from torch import nn

from voxplain.attribution import grad_cam, gradient_maps, guided_backprop, meaningful_perturbation

nets = pytest.importorskip("monai.networks.nets", reason="MONAI is not installed")
attr = pytest.importorskip("captum.attr", reason="Captum is not installed")
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

SHAPE = (40, 44, 36)
TARGETS = torch.tensor([1, 0, 1])


@pytest.fixture
def model() -> nn.Module:
    torch.manual_seed(0)
    settings = {"spatial_dims": 3, "n_input_channels": 1, "num_classes": 2}
    model = nets.resnet10(**settings, widen_factor=0.25).double()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm3d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
    return model.eval()


def images() -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.rand((3, 1, *SHAPE), generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("name", [None, "layer4", "layer3", "layer4.0.bn1", "layer4.0.conv2"])
def test_grad_cam_is_captums(model, name):
    # The last block's output after its last ReLU is layer4's.
    layer = model.get_submodule(name or "layer4")
    cams = attr.LayerGradCam(model, layer).attribute(images(), TARGETS, relu_attributions=True)
    expected = attr.LayerAttribution.interpolate(cams, SHAPE, "trilinear")[:, 0].detach()
    actual = grad_cam(model, images(), TARGETS, layer=name)
    assert actual.maps.shape == (3, *SHAPE)
    assert expected.max() > 0
    torch.testing.assert_close(actual.maps, expected, rtol=1e-9, atol=1e-12)
    assert actual.parameters["feature_shape"] == tuple(cams.shape[2:])


def test_guided_backprop_is_that_of_relus_replaced_by_hand(model):
    class Guided(torch.autograd.Function):
        @staticmethod
        def forward(ctx, features):
            ctx.save_for_backward(features)
            return torch.where(features > 0, features, 0.0)

        @staticmethod
        def backward(ctx, gradient):
            (features,) = ctx.saved_tensors
            return torch.where((features > 0) & (gradient > 0), gradient, 0.0)

    actual = guided_backprop(model, images(), TARGETS)
    guided, cam = gradient_maps(model, images(), TARGETS)
    apart = grad_cam(model, images(), TARGETS)
    torch.testing.assert_close(cam.maps, apart.maps, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(guided.maps, actual.maps, rtol=1e-9, atol=1e-12)
    relus = [module for module in model.modules() if isinstance(module, nn.ReLU)]
    assert len(relus) == 5
    for relu in relus:
        relu.forward = Guided.apply
    leaf = images().requires_grad_()
    score = model(leaf).gather(1, TARGETS[:, None]).sum()
    (expected,) = torch.autograd.grad(score, leaf)
    expected = expected[:, 0].clamp(min=0)
    assert expected.max() > 0
    torch.testing.assert_close(actual.maps, expected, rtol=1e-9, atol=1e-12)


def test_meaningful_perturbations_are_masks(model):
    x, targets = images()[:2], TARGETS[:2]
    actual = meaningful_perturbation(model, x, targets, iterations=3, draws=2, mask_scale=8)
    assert actual.maps.shape == (2, *SHAPE)
    assert torch.isfinite(actual.maps).all()
    assert ((actual.maps >= 0) & (actual.maps <= 1)).all()


def test_features_lie_on_a_grid_from_the_first_voxel(model):
    # Kernel 7, stride 1 and padding 3 in the stem, then pooling and three strided blocks, all
    # padded by half a kernel: every feature stays centred on a voxel.
    actual = grad_cam(model, images(), TARGETS, upsampling="receptive_field")
    assert actual.parameters["jump"] == (16, 16, 16)
    assert actual.parameters["first_centre"] == (0, 0, 0)
    paper = grad_cam(model, images(), TARGETS).maps
    assert not torch.allclose(actual.maps, paper)
