"""The layout of the features is invisible to the network, whatever it does with their memory."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from voxplain.attribution import grad_cam, guided_backprop
from voxplain.attribution.channels_last import ChannelsLast, SharedMemoryError


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv3d(1, 4, 3, padding=1)
        self.linear = nn.Linear(4, 2)


class Views(Base):
    """Reads its features through every kind of view."""

    def forward(self, x):
        h = F.max_pool3d(F.relu(self.conv(x)), 2)
        n, channels = h.shape[:2]
        parts = [h.view(n, channels, -1), h.flatten(2), h.reshape(n, channels, -1)]
        parts += [h.unflatten(4, (2, -1)).flatten(2), h.ravel().view(n, channels, -1)]
        return self.linear(sum((k + 1) * part.mean(2) for k, part in enumerate(parts)))


class WritesThroughView(Base):
    """Silences a channel through a view and goes on with the features themselves."""

    def forward(self, x):
        h = F.relu(self.conv(x)).clone()
        h.view(len(x), 4, -1)[:, 1] = 0
        return self.linear(h.mean((2, 3, 4)))


class WritesBehindView(Base):
    """Changes the features after a view of them was taken."""

    def forward(self, x):
        h = F.relu(self.conv(x)).clone()
        rows = h.flatten(2)
        h *= 3
        return self.linear(rows.mean(2))


IMAGES = torch.rand(3, 1, 8, 8, 8, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("method", [grad_cam, guided_backprop])
@pytest.mark.parametrize("kind", [Views, WritesThroughView, WritesBehindView])
def test_maps_are_those_of_the_plain_layout(kind, method):
    targets = torch.tensor([0, 1, 1])
    actual = method(kind(), IMAGES, targets)
    plain = method(kind().double(), IMAGES.double(), targets)  # float64 keeps the plain layout
    torch.testing.assert_close(actual.scores.double(), plain.scores, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(actual.maps.double(), plain.maps, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", [WritesThroughView, WritesBehindView])
def test_shared_memory_is_noticed(kind):
    with pytest.raises(SharedMemoryError), ChannelsLast(IMAGES), torch.no_grad():
        kind()(IMAGES)


def test_features_have_the_channels_last_and_reading_them_is_free():
    with ChannelsLast(IMAGES), torch.no_grad():
        features = Base().conv(IMAGES)
        rows = features.flatten(2)
        rows[..., 0]
        rows + 1
    assert features.is_contiguous(memory_format=torch.channels_last_3d)
    assert rows.is_contiguous()


@pytest.mark.parametrize("n", [1, 2])
def test_one_image_takes_the_fast_kernel_too(n):
    conv = nn.Conv3d(8, 4, 3, stride=2, padding=1).requires_grad_(False)
    x = torch.rand(n, 8, 6, 7, 8, requires_grad=True)
    with ChannelsLast(x):
        out = conv(x)
    assert ("Mkldnn" in out.grad_fn.name()) == (n == 1 and torch.backends.mkldnn.is_available())
    expected = conv.double()(x.double())
    torch.testing.assert_close(out.double(), expected, rtol=1e-5, atol=1e-6)
    direction = torch.rand_like(out)
    torch.testing.assert_close(
        torch.autograd.grad(out, x, direction, retain_graph=True)[0],
        torch.autograd.grad(expected, x, direction.double())[0],
        rtol=1e-4,
        atol=1e-5,
    )
