"""Every case in which another library gives a wrong map, fails or changes the model in silence.

The libraries and what was measured of them are named test by test (MONAI 1.6.1, Captum 0.9.0,
TorchRay, pytorch-grad-cam 1.5.7, M3d-Cam 0.1.22, ClinicaDL 1.6, torch-cam 0.5.0 and the paper's
own code).
"""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from voxplain.attribution import grad_cam, gradient_maps, guided_backprop
from voxplain.errors import AttributionError

SHAPE = (8, 10, 9)
BOTH = pytest.mark.parametrize("method", [grad_cam, guided_backprop])


class Block(nn.Module):
    """conv - norm - rectifier, the rectifier's attribute name given or a function."""

    def __init__(self, n_in, n_out, rectifier=None, name="relu"):
        super().__init__()
        self.conv, self.norm = nn.Conv3d(n_in, n_out, 3), nn.BatchNorm3d(n_out)
        self.norm.running_mean.normal_(0, 0.2)
        rectifier = rectifier or nn.ReLU()
        setattr(self, name, rectifier)
        self.rectify = lambda h: rectifier(h)

    def forward(self, x):
        return self.rectify(self.norm(self.conv(x)))


def network(rectifier=None, name="relu", in_place=False):
    torch.manual_seed(0)
    rectifier = rectifier or nn.ReLU(inplace=in_place)
    layers = [Block(1, 3, rectifier, name), Block(3, 4, rectifier, name), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(4 * 4 * 6 * 5, 2)).double().eval()


def images(n=4):
    generator = torch.Generator().manual_seed(2)
    return torch.randn((n, 1, *SHAPE), generator=generator, dtype=torch.float64)


def guided_reference(model, x, targets):
    """Eq. 4 and 5 for `network()`, layer by layer."""
    with torch.no_grad():
        first = model[0].norm(model[0].conv(x))
        second = model[1].norm(model[1].conv(first.relu()))
        gradient = model[3].weight[targets].reshape(second.shape)
        for block, before in ((model[1], second), (model[0], first)):
            gradient = gradient.clamp(min=0) * (before > 0)
            slope = block.norm.weight / (block.norm.running_var + block.norm.eps).sqrt()
            gradient = gradient * slope[:, None, None, None]
            gradient = F.conv_transpose3d(gradient, block.conv.weight)
        return gradient[:, 0].clamp(min=0)


def cam_reference(features, gradient):
    """Eq. 6 and 7 with loops over images and channels, on the feature grid."""
    maps = []
    for image, slope in zip(features, gradient, strict=True):
        weighted = [g.sum() / g.numel() * f for f, g in zip(image, slope, strict=True)]
        maps.append(torch.stack(weighted).sum(0).clamp(min=0))
    cams = torch.stack(maps)[:, None]
    return F.interpolate(cams, size=SHAPE, mode="trilinear", align_corners=False)[:, 0].detach()


def cam_of_network(model, x, targets):
    with torch.no_grad():
        features = model[1](model[0](x.clone()))
    return cam_reference(features, model[3].weight[targets].reshape(features.shape))


@BOTH
def test_predicted_classes_that_differ_within_a_batch(method):
    """MONAI: targets None or a tensor gather every class from every image; error 1.3 to 3.3."""
    model, x = network(), images(8)
    whole = method(model, x)
    assert whole.targets.unique().numel() == 2
    for i in range(8):
        alone = method(model, x[i : i + 1])
        assert alone.targets == whole.targets[i]
        torch.testing.assert_close(alone.maps[0], whole.maps[i], rtol=1e-10, atol=1e-13)
    reference = cam_of_network if method is grad_cam else guided_reference
    torch.testing.assert_close(whole.maps, reference(model, x, whole.targets))


def test_grad_cam_pools_all_three_axes():
    """TorchRay, ClinicaDL: pool two axes of three (error 4.4, correlation .13)."""
    model, x, targets = network(), images(), torch.tensor([0, 1, 1, 0])
    expected = cam_of_network(model, x, targets)
    torch.testing.assert_close(grad_cam(model, x, targets).maps, expected)
    assert (expected.flatten(1).amax(1) > 0).all()


@pytest.mark.parametrize("name", ["0", "act", "nonlinearity", "prelu_like"])
def test_relus_of_any_name_are_guided(name):
    """MONAI: only modules with "relu" in their name; in a plain Sequential or its own ResNet
    (`act`) it returns the plain gradient (error up to 1.4)."""
    model, x, targets = network(nn.ReLU(), name), images(), torch.tensor([0, 1, 1, 0])
    actual = guided_backprop(model, x, targets).maps
    torch.testing.assert_close(actual, guided_reference(model, x, targets))
    leaf = x.clone().requires_grad_()
    plain = torch.autograd.grad(model(leaf).gather(1, targets[:, None]).sum(), leaf)[0]
    assert (plain[:, 0].relu() - actual).norm() > 0.1 * actual.norm()


@pytest.mark.parametrize("relu", [F.relu, torch.relu, torch.Tensor.relu, torch.relu_])
def test_relus_that_are_no_modules_are_guided(relu):
    """MONAI, Captum, zennit, pytorch-grad-cam: functional ReLUs are not seen; plain gradient."""
    model, x, targets = network(), images(), torch.tensor([0, 1, 1, 0])
    expected = guided_reference(model, x, targets)
    for block in model[:2]:
        block.rectify = relu
    torch.testing.assert_close(guided_backprop(model, x, targets).maps, expected)


@pytest.mark.parametrize("name", ["relu", "lrelu"])
def test_a_leaky_relu_called_relu_is_refused(name):
    """MONAI: replaces it by a ReLU, so that the explained logits are not the model's."""
    model = network(nn.LeakyReLU(), name)
    with pytest.raises(AttributionError, match="leaky_relu"):
        guided_backprop(model, images())
    with torch.no_grad():
        logits = model(images())
    torch.testing.assert_close(grad_cam(model, images()).scores, logits.max(1).values)


def test_a_skip_around_a_relu_keeps_its_gradient():
    """Captum: clamps the skip of h + conv(relu(h)), too (error .94)."""
    torch.manual_seed(0)
    first, inner = nn.Conv3d(1, 3, 3).double(), nn.Conv3d(3, 3, 3, padding=1).double()
    linear = nn.Linear(3 * 6 * 8 * 7, 2).double()

    class PreActivation(nn.Module):
        def __init__(self):
            super().__init__()
            self.parts = nn.ModuleList([first, inner, linear])

        def forward(self, x):
            h = first(x)
            return linear((h + inner(F.relu(h))).flatten(1))

    x, targets = images(), torch.tensor([0, 1, 1, 0])
    with torch.no_grad():
        h = first(x)
        out = linear.weight[targets].reshape(h.shape)
        through = F.conv_transpose3d(out, inner.weight, padding=1).clamp(min=0) * (h > 0)
        expected = F.conv_transpose3d(out + through, first.weight)[:, 0].clamp(min=0)
        clamped = F.conv_transpose3d(out.clamp(min=0) + through, first.weight)[:, 0].clamp(min=0)
    torch.testing.assert_close(guided_backprop(PreActivation(), x, targets).maps, expected)
    assert (clamped - expected).norm() > 0.1 * expected.norm()


@pytest.mark.parametrize("layer", ["1.norm", "1.conv", "0.norm"])
def test_a_relu_in_place_after_the_layer(layer):
    """MONAI: RuntimeError (view of a backward hook); elsewhere the changed values are weighted."""
    x, targets = images(), torch.tensor([0, 1, 1, 0])
    expected = grad_cam(network(), x, targets, layer=layer).maps
    actual = grad_cam(network(in_place=True), x, targets, layer=layer).maps
    torch.testing.assert_close(actual, expected)
    guided, cam = gradient_maps(network(in_place=True), x, targets, layer=layer)
    torch.testing.assert_close(cam.maps, expected)
    torch.testing.assert_close(guided.maps, guided_backprop(network(), x, targets).maps)


@BOTH
def test_frozen_parameters(method):
    """MONAI, torch-cam, pytorch-grad-cam: RuntimeError, no gradient to follow."""
    model, x = network(), images()
    expected = method(model, x).maps
    torch.testing.assert_close(method(model.requires_grad_(False), x).maps, expected)


@BOTH
def test_a_second_call_gives_the_same_maps(method):
    """MONAI: exactly twice the first map, which it overwrites; pytorch-grad-cam #401."""
    model, x = network(), images().requires_grad_()
    first = method(model, x).maps
    kept = first.clone()
    assert torch.equal(method(model, x).maps, kept)
    assert torch.equal(first, kept)
    assert x.grad is None


@BOTH
def test_accumulated_gradients_are_kept(method):
    """MONAI: zero_grad destroys them and backward writes its own."""
    model, x = network(), images()
    F.cross_entropy(model(x), torch.tensor([0, 1, 1, 0])).backward()
    before = [parameter.grad.clone() for parameter in model.parameters()]
    method(model, x)
    assert all(map(torch.equal, [parameter.grad for parameter in model.parameters()], before))


@BOTH
def test_a_frozen_batch_norm_stays_in_eval_mode(method):
    """MONAI: model.train() at the end wakes it up; the paper's code leaves dropout active."""
    model = network().train()
    model[0].norm.eval()
    flags = [module.training for module in model.modules()]
    maps = method(model, images()).maps
    assert [module.training for module in model.modules()] == flags
    torch.testing.assert_close(method(model.eval(), images()).maps, maps)


@BOTH
def test_no_hook_stays(method):
    """MONAI: five GradCAM objects, ten hooks; the paper's code: slower subject by subject."""
    model = network()

    def hooks():
        kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
        return [len(getattr(module, kind)) for module in model.modules() for kind in kinds]

    before = hooks()
    for layer in (None, "1.conv"):
        grad_cam(model, images(), layer=layer) if method is grad_cam else method(model, images())
    assert hooks() == before


@BOTH
def test_an_exception_leaves_the_model_as_it_was(method):
    """pytorch-grad-cam: raises before it puts the ReLUs back, so the model stays guided."""
    model, x = network(), images()
    leaf = x.clone().requires_grad_()
    plain = torch.autograd.grad(model(leaf)[:, 0].sum(), leaf)[0]
    modules = [id(module) for module in model.modules()]
    with pytest.raises(AttributionError):
        method(model, x, torch.tensor([0, 1, 2, 0]))
    assert torch.equal(torch.autograd.grad(model(leaf)[:, 0].sum(), leaf)[0], plain)
    assert [id(module) for module in model.modules()] == modules


@BOTH
def test_a_module_used_twice(method):
    """pytorch-grad-cam puts one new module back for all; backward hooks mix the two calls up."""
    x, targets = images(), torch.tensor([0, 1, 1, 0])
    shared, separate = network(nn.ReLU()), network()
    separate[0].rectify, separate[1].rectify = nn.ReLU(), nn.ReLU()
    expected = method(separate, x, targets).maps
    torch.testing.assert_close(method(shared, x, targets).maps, expected)


@BOTH
def test_the_scale_is_kept_and_high_is_important(method):
    """MONAI inverts the map and, like M3d-Cam and pytorch-grad-cam, stretches each to 0..1."""
    model, x, targets = network(), images(), torch.tensor([0, 1, 1, 0])
    maps = method(model, x, targets).maps
    with torch.no_grad():
        model[3].weight *= 4
    torch.testing.assert_close(method(model, x, targets).maps, 4 * maps)


def test_a_map_of_zeros_stays_zero():
    """MONAI: "most important everywhere"; the paper's code: NaN, 0 divided by 0."""
    model, x = network(), images()
    with torch.no_grad():
        model[3].weight.copy_(torch.cat([model[3].weight[:1].abs(), -model[3].weight[:1].abs()]))
    for result in gradient_maps(model, x, torch.ones(4, dtype=torch.int64)):
        assert torch.equal(result.maps, torch.zeros_like(result.maps))


def test_maps_are_upsampled_trilinearly_and_stay_within_their_range():
    """pytorch-grad-cam: cubic, corner to corner, overshoots; Captum's default: nearest."""
    model, x, targets = network(), images(), torch.tensor([0, 1, 1, 0])
    actual = grad_cam(model, x, targets).maps
    torch.testing.assert_close(actual, cam_of_network(model, x, targets))
    with torch.no_grad():
        features = model[1](model[0](x))
    weights = model[3].weight[targets].reshape(features.shape).mean((2, 3, 4))
    cams = torch.einsum("nk,nkxyz->nxyz", weights, features).relu()
    # the highest feature may be summed up in another order: within rounding
    assert (actual.flatten(1).amax(1) <= (1 + 1e-12) * cams.flatten(1).amax(1)).all()
    assert actual.max() > 0


@pytest.mark.parametrize("method", [grad_cam, guided_backprop, gradient_maps])
def test_a_batch_in_float32_differs_by_rounding_only(method):
    """Guided backpropagation is discontinuous: where two voxels of a pooling window are equal up
    to rounding, the batch size decides which one gets the gradient. In float64 such ties do not
    occur by chance; in float32 whole maps are compared (3e-4 was measured for Captum, too)."""
    for dtype, limit in ((torch.float64, 1e-10), (torch.float32, 1e-3)):
        model, x = network().to(dtype), images(6).to(dtype)
        model.insert(1, nn.MaxPool3d(2, stride=1))
        model[4] = nn.Linear(4 * 3 * 5 * 4, 2).to(dtype)
        results = as_tuple(method(model, x))
        for i in range(6):
            alone = as_tuple(method(model, x[i : i + 1]))
            for single, whole in zip(alone, results, strict=True):
                difference = (single.maps[0] - whole.maps[i]).norm()
                assert difference <= limit * whole.maps[i].norm()


def as_tuple(result):
    return result if isinstance(result, tuple) else (result,)


@BOTH
def test_float32_agrees_with_float64(method):
    """Stated: 1e-4 of the map's norm, here without pooling and thus without ties."""
    model, x, targets = network(), images(), torch.tensor([0, 1, 1, 0])
    expected = method(model, x.float().double(), targets).maps
    actual = method(model.float(), x.float(), targets).maps
    # The weights are rounded as well, which alone moves each value by 1e-7 per layer.
    assert (actual.double() - expected).norm() < 1e-4 * expected.norm()
