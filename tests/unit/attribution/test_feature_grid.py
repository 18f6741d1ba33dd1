"""Where features lie: against which voxels reach them, found by letting NaN spread."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from voxplain.attribution import grad_cam
from voxplain.attribution.feature_grid import FeatureGrid, FeatureGrids
from voxplain.errors import AttributionError
from voxplain.network.cnn import CNN3D


def grid_of(network, shape=(40, 41, 42)):
    """Return the derived grid of a network's output and that output's shape."""
    images = torch.zeros(1, 1, *shape)
    with torch.no_grad(), FeatureGrids(images) as grids:
        features = network(images)
    return grids.of(features), features.shape[2:]


def middles_of_receptive_fields(network, axis, shape=(40, 41, 42)):
    """Return {feature: middle of the voxels that reach it}, those in the padding left out."""
    reached = []
    for i in range(shape[axis]):
        images = torch.zeros(1, 1, *shape)
        images.select(2 + axis, i).fill_(float("nan"))
        with torch.no_grad():
            other = tuple({0, 1, 2, 3, 4} - {2 + axis})
            reached.append(network(images).isnan().any(dim=other).numpy())
    reached = np.array(reached)  # (voxels, features)
    first, last = reached.argmax(0), len(reached) - 1 - reached[::-1].argmax(0)
    width = np.where(reached.any(0), last - first, -1)
    whole = width == width.max()  # not cut off by the border
    return {k: (first[k] + last[k]) / 2 for k in np.flatnonzero(whole)}


class Residual(nn.Module):
    """Stride in the first of two convolutions, a strided shortcut, the sum in place."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(
            nn.Conv3d(1, 2, 3, stride=2, padding=1), nn.BatchNorm3d(2), nn.ReLU(inplace=True)
        )
        self.last = nn.Conv3d(2, 2, 3, padding="same")
        self.shortcut = nn.Conv3d(1, 2, 1, stride=2)

    def forward(self, x):
        h = self.last(self.inner(x))
        h += self.shortcut(x)
        return h.relu_()


class Dense(nn.Module):
    """Features beside features, cropped to fit, gated by a global mean."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv3d(1, 2, 3)

    def forward(self, x):
        h = torch.cat([self.conv(x), x[..., 1:-1, 1:-1, 1:-1]], 1)
        return h * torch.sigmoid(h.nan_to_num().mean((2, 3, 4), keepdim=True))


def conv(*args, **kwargs):
    return nn.Conv3d(1, 1, *args, **kwargs)


NETWORKS = {
    "convolution": conv(3),
    "stride, padding, dilation": conv((3, 5, 4), stride=(1, 2, 3), padding=(0, 2, 1), dilation=2),
    "same padding": conv((3, 2, 4), padding="same", dilation=(1, 2, 1)),
    "reflected padding": conv(3, padding=1, padding_mode="reflect"),
    "max-pooling": nn.MaxPool3d(3, stride=2, padding=1, dilation=(1, 2, 1)),
    "max-pooling, indices": lambda x: F.max_pool3d(x, 2, return_indices=True)[0],
    "average pooling": nn.AvgPool3d(3, stride=2, padding=1, ceil_mode=True),
    "pad": lambda x: F.pad(x, (1, 0, 2, 0, 4, 3), value=1.0),
    "pad two axes": lambda x: F.max_pool3d(F.pad(x, [3, 0, -2, 1]), 2),
    "crop": lambda x: F.max_pool3d(x[:, :, 1:, 2:-1, ::2], 2),
    "crop the first axis": lambda x: F.max_pool3d(x[:, :1, 3:], (3, 1, 1)),
    "residual": nn.Sequential(conv(3, stride=2), Residual(), nn.MaxPool3d(2)),
    "dense": Dense(),
    "paper": CNN3D((40, 41, 42), (2, 3, 4)).eval().blocks,
    "more channels": lambda x: F.max_pool3d(x.expand(-1, 3, -1, -1, -1).repeat(1, 2, 1, 1, 1), 2),
    "operators": lambda x: 1 - (2 * -F.silu(conv(4)(x)) + 1) / 3,
}


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_features_lie_in_the_middle_of_their_receptive_fields(name, axis):
    network = NETWORKS[name].eval() if isinstance(NETWORKS[name], nn.Module) else NETWORKS[name]
    grid, _ = grid_of(network)
    expected = middles_of_receptive_fields(network, axis)
    assert len(expected) > 2
    for feature, middle in expected.items():
        assert grid.first[axis] + feature * grid.jump[axis] == middle


RESIZERS = {
    "trilinear": lambda x: F.interpolate(x, scale_factor=1.5, mode="trilinear"),
    "to a size": lambda x: F.interpolate(x, size=(60, 50, 70), mode="trilinear"),
    "corners": lambda x: F.interpolate(x, (60, 50, 70), mode="trilinear", align_corners=True),
    "recomputed": lambda x: F.interpolate(
        x, scale_factor=1.31, mode="trilinear", recompute_scale_factor=True
    ),
    "not recomputed": lambda x: F.interpolate(x, scale_factor=1.31, mode="trilinear"),
    "coarser": nn.Upsample(scale_factor=(0.5, 0.6, 0.7), mode="trilinear"),
    "transposed": lambda x: F.conv_transpose3d(x, torch.full((1, 1, 2, 2, 2), 1.0), stride=2),
}


@pytest.mark.parametrize("name", RESIZERS)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_resized_features_lie_where_they_are_interpolated(name, axis):
    shape = (40, 41, 42)
    grid, size = grid_of(RESIZERS[name])
    place = torch.arange(shape[axis], dtype=torch.float64)
    ramp = place.reshape([-1 if k == axis else 1 for k in range(3)]).expand(1, 1, *shape)
    if name == "transposed":  # repeats each voxel; their mean place is that of the pair
        actual = F.avg_pool3d(RESIZERS[name](ramp.float()), 2)[0, 0]
        centres = grid.first[axis] + grid.jump[axis] * (2 * np.arange(shape[axis]) + Fraction(1, 2))
    else:
        actual = RESIZERS[name](ramp)[0, 0]
        centres = grid.first[axis] + grid.jump[axis] * np.arange(size[axis])
    line = actual.movedim(axis, 0).flatten(1)[:, 0].numpy()
    np.testing.assert_allclose(line, centres.astype(float).clip(0, shape[axis] - 1), atol=1e-5)


def test_nearest_neighbours_are_placed_in_the_middle_of_their_group():
    grid, _ = grid_of(lambda x: F.interpolate(x, scale_factor=2))
    assert grid == FeatureGrid((Fraction(1, 2),) * 3, (Fraction(-1, 4),) * 3)


def test_the_papers_features_lie_at_8_5_to_48_5():
    _, size = grid_of(CNN3D(channels=(2, 2, 2)).blocks[:2], (58, 70, 58))
    assert size == (13, 16, 13)
    model = CNN3D(channels=(2, 2, 2))
    actual = grad_cam(model, torch.rand(1, 1, 58, 70, 58), upsampling="receptive_field").parameters
    assert actual["feature_shape"] == (11, 14, 11)
    assert actual["jump"] == (4, 4, 4)
    assert actual["first_centre"] == (8.5, 8.5, 8.5)
    actual = grad_cam(model, torch.rand(1, 1, 58, 70, 58)).parameters
    assert actual["jump"] == (58 / 11, 5, 58 / 11)
    assert actual["first_centre"] == pytest.approx((2.136364, 2, 2.136364), abs=1e-6)


NO_PLACE = {
    "adaptive_avg_pool3d": nn.AdaptiveAvgPool3d(4),
    "roll": lambda x: x.roll(1, 2),
    "flip": lambda x: x.flip(3),
    "permute": lambda x: F.relu(x.permute(0, 1, 4, 3, 2)),
    "getitem": lambda x: x[:, :, [3, 1, 2]],
    "add of features at different places": lambda x: conv(3)(x) + x[..., 2:, 2:, 2:],
    "cat": lambda x: torch.cat([x, x], 2),
    "interpolate": lambda x: F.interpolate(x, scale_factor=1.5),
    "repeat": lambda x: x.repeat(1, 1, 2, 1, 1),
    "an operation on other than 5-D torch tensors": lambda x: x[:, 0].unsqueeze(1) + 1,
}


@pytest.mark.parametrize("name", NO_PLACE)
def test_features_without_a_place_are_refused(name):
    with pytest.raises(AttributionError, match=rf"calls {name} before .* upsampling='paper'"):
        grid_of(lambda x: F.relu(conv(3)(NO_PLACE[name](x))))


def test_interpolation_is_linear_between_centres_and_constant_beyond_them():
    grid = FeatureGrid((Fraction(4), Fraction(1), Fraction(2)), (Fraction(17, 2), 0, 1))
    features = torch.rand((2, 3, 5, 4), dtype=torch.float64)
    actual = grid.interpolate(features, (30, 5, 12)).numpy()
    expected = features.numpy()
    for axis, (n, jump, first) in enumerate([(30, 4, 8.5), (5, 1, 0), (12, 2, 1)], start=1):
        places, voxels = first + jump * np.arange(expected.shape[axis]), np.arange(n)
        expected = np.apply_along_axis(
            lambda line, v=voxels, at=places: np.interp(v, at, line), axis, expected
        )
    np.testing.assert_allclose(actual, expected, atol=1e-12)


def test_the_whole_box_is_torchs_trilinear_interpolation():
    features = torch.rand((2, 11, 14, 1), dtype=torch.float64)
    actual = FeatureGrid.of_the_whole_box((11, 14, 1), (58, 70, 5)).interpolate(
        features, (58, 70, 5)
    )
    expected = F.interpolate(features[:, None], size=(58, 70, 5), mode="trilinear")[:, 0]
    torch.testing.assert_close(actual, expected, rtol=1e-12, atol=1e-14)


def brightness_network(shape):
    """Return the paper's architecture with one channel that only averages."""
    model = CNN3D(shape, (1, 1, 1)).double().eval()
    for block in model.blocks:
        nn.init.constant_(block.conv.weight, 1 / 27)
        nn.init.zeros_(block.conv.bias)
    model.linear.weight.data = torch.tensor([[-1.0], [1.0]]).expand_as(model.linear.weight).double()
    return model


@pytest.mark.parametrize("feature", [(3, 6, 5), (5, 4, 7)])
def test_a_bright_spot_lands_on_its_voxel_and_beside_it_with_paper(feature):
    shape, cells = (58, 70, 58), (11, 14, 11)
    spot = [8.5 + 4 * k for k in feature]
    images = torch.zeros((1, 1, *shape), dtype=torch.float64)
    images[(0, 0, *(slice(int(s), int(s) + 2) for s in spot))] = 1
    model, targets = brightness_network(shape), torch.tensor([1])

    def centre(upsampling):
        volume = grad_cam(model, images, targets, upsampling=upsampling).maps[0].numpy()
        weights = volume / volume.sum()
        return [(np.arange(n) * weights.sum(axis=tuple({0, 1, 2} - {k}))).sum()
                for k, n in enumerate(shape)]  # fmt: skip

    np.testing.assert_allclose(centre("receptive_field"), spot, atol=1e-9)
    predicted = [(k + 0.5) * n / m - 0.5 for k, n, m in zip(feature, shape, cells, strict=True)]
    np.testing.assert_allclose(centre("paper"), predicted, atol=0.1)
    assert np.abs(np.subtract(predicted, spot)).max() > 2.5


def test_an_unknown_upsampling_is_refused():
    with pytest.raises(AttributionError, match=r"'nearest'; choose one of paper, receptive_field"):
        grad_cam(
            brightness_network((22, 22, 22)), torch.rand(1, 1, 22, 22, 22), None, None, "nearest"
        )
