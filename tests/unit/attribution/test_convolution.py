"""The fast input gradient of one-channel convolutions is torch's."""

import pytest
import torch
from torch.nn import functional as F

from voxplain.attribution import convolution
from voxplain.attribution.convolution import conv3d


def gradient(function, x, weight, bias, direction=None, **settings):
    leaf = x.clone().requires_grad_()
    out = function(leaf, weight, bias, **settings)
    direction = torch.linspace(-1, 1, out.numel(), dtype=x.dtype).reshape(out.shape)
    if weight.is_contiguous(memory_format=torch.channels_last_3d):
        direction = direction.contiguous(memory_format=torch.channels_last_3d)
    return out.detach(), torch.autograd.grad(out, leaf, direction)[0], out.grad_fn.name()


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last_3d])
@pytest.mark.parametrize(
    ("kernel", "settings", "fast"),
    [
        ((3, 3, 3), {}, True),
        ((1, 2, 4), {}, True),
        ((3, 3, 3), {"padding": 1}, True),
        ((3, 3, 5), {"padding": (0, 1, 2), "stride": [1], "dilation": (1, 1, 1)}, True),
        ((3, 3, 3), {"padding": "same"}, False),
        ((3, 3, 3), {"stride": 2}, False),
        ((3, 3, 3), {"dilation": (1, 1, 2)}, False),
    ],
)
def test_it_is_torchs(kernel, settings, fast, layout):
    generator = torch.Generator().manual_seed(0)
    x = torch.rand((2, 1, 7, 8, 9), generator=generator, dtype=torch.float64)
    weight = torch.rand((4, 1, *kernel), generator=generator, dtype=torch.float64)
    weight = weight.contiguous(memory_format=layout)
    bias = torch.rand(4, generator=generator, dtype=torch.float64)
    *actual, node = gradient(conv3d, x, weight, bias, **settings)
    *expected, _ = gradient(F.conv3d, x, weight, bias, **settings)
    assert ("SingleChannel" in node) == fast
    for a, b in zip(actual, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("columns", [1, 85, 10**6])
def test_the_gradient_comes_to_the_same_in_parts(columns, monkeypatch):
    """Output planes of 6 x 7 voxels: one at a time, two at a time (the last alone), all at once."""
    monkeypatch.setattr(convolution, "_COLUMNS", columns)
    generator = torch.Generator().manual_seed(0)
    x = torch.rand((2, 1, 7, 8, 9), generator=generator, dtype=torch.float64)
    weight = torch.rand((4, 1, 3, 3, 3), generator=generator, dtype=torch.float64)
    _, actual, _ = gradient(conv3d, x, weight, None)
    _, expected, _ = gradient(F.conv3d, x, weight, None)
    torch.testing.assert_close(actual, expected, rtol=1e-12, atol=1e-12)


def test_several_channels_and_groups_are_left_to_torch():
    x = torch.rand(2, 4, 6, 6, 6, requires_grad=True)
    for weight, groups in ((torch.rand(2, 4, 3, 3, 3), 1), (torch.rand(4, 1, 3, 3, 3), 4)):
        assert "SingleChannel" not in conv3d(x, weight, groups=groups).grad_fn.name()
