"""The rewritten network gives the same logits and gradients with fewer operations."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from voxplain.attribution.frozen import Network, frozen
from voxplain.attribution.fused import fused
from voxplain.attribution.operations import operation


class Block(nn.Module):
    """conv - norm - relu - pool - conv - norm - (sum) - relu, linear; in many ways."""

    def __init__(self, in_place=False, bias=True, affine=True, skip=False, padding_mode="zeros"):
        super().__init__()
        self.conv1 = nn.Conv3d(1, 4, 3, bias=bias, padding=1, padding_mode=padding_mode)
        self.conv2 = nn.Conv3d(4, 4, 3, bias=bias, padding=1)
        self.norm1, self.norm2 = (nn.BatchNorm3d(4, affine=affine) for _ in range(2))
        for norm in (self.norm1, self.norm2):
            norm.running_mean.normal_()
            norm.running_var.uniform_(0.5, 2)
        self.linear = nn.Linear(4 * 5 * 4 * 5, 3)
        self.in_place = in_place
        self.skip = skip

    def forward(self, x):
        h = F.relu(self.norm1(self.conv1(x)), inplace=self.in_place)
        h = F.max_pool3d(h, 2)
        out = self.norm2(self.conv2(h))
        if self.skip:
            out += h
        return self.linear(F.relu(out, self.in_place).view(len(x), -1))


class ReadTwice(Block):
    """The convolution's and the ReLU's results are used beside the norm and the pool."""

    def forward(self, x):
        h = self.conv1(x)
        r = F.relu(self.norm1(h) + h)
        return self.linear((F.max_pool3d(r, 2) + F.avg_pool3d(r, 2)).flatten(1))


class Wavering(Block):
    """Skips its second block for dark images."""

    def forward(self, x):
        h = F.max_pool3d(F.relu(self.norm1(self.conv1(x))), 2)
        if x.mean() > 0:
            h = F.relu(self.norm2(self.conv2(h)))
        return self.linear(h.flatten(1))


class Names(TorchFunctionMode):
    def __init__(self):
        super().__init__()
        self.sizes = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.sizes.append((operation(func), args[0].shape if args else None))
        return func(*args, **(kwargs or {}))


def logits_and_gradient(network, x):
    leaf = x.clone().requires_grad_()
    logits = network(leaf.clone())
    return logits, torch.autograd.grad((logits * torch.tensor([1.0, -2, 3])).sum(), leaf)[0]


VARIANTS = [
    (Block, {}),
    (Block, {"in_place": True}),
    (Block, {"bias": False, "affine": False}),
    (Block, {"skip": True, "padding_mode": "replicate"}),
    (ReadTwice, {}),
]


@pytest.mark.parametrize(("kind", "settings"), VARIANTS)
@pytest.mark.parametrize(("dtype", "limit"), [(torch.float64, 1e-12), (torch.float32, 1e-4)])
def test_nothing_but_rounding_changes(kind, settings, dtype, limit):
    torch.manual_seed(0)
    model = kind(**settings).to(dtype)
    x = torch.randn(3, 1, 10, 8, 10, generator=torch.Generator().manual_seed(1)).to(dtype)
    with frozen(model, x) as network:
        rewritten = fused(network, x)
        assert not isinstance(rewritten, Network)
        expected, actual = logits_and_gradient(network, x), logits_and_gradient(rewritten, x)
    for a, b in zip(actual, expected, strict=True):
        assert (a - b).abs().max() <= limit * b.abs().max()


def test_norms_are_folded_and_relus_follow_the_pooling():
    torch.manual_seed(0)
    x = torch.rand(2, 1, 10, 8, 10)
    with frozen(Block(), x) as network:
        rewritten = fused(network, x)
        with Names() as names:
            rewritten(x)
    relus = [size[2:] for name, size in names.sizes if name == "relu"]
    assert [name for name, _ in names.sizes].count("conv3d") == 2
    assert "batch_norm" not in [name for name, _ in names.sizes]
    assert relus == [(5, 4, 5), (5, 4, 5)]  # the first after the pooling


def test_a_network_that_decides_on_its_way_is_followed():
    torch.manual_seed(0)
    x = torch.randn(2, 1, 10, 8, 10).abs()
    with frozen(Wavering(), x) as network:
        rewritten = fused(network, x)
        for images in (x, -x):
            torch.testing.assert_close(rewritten(images), network(images))


class Stateful(Block):
    """Its folded logits are not its own: every call adds to a buffer that it returns."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x):
        self.calls += 1
        return super().forward(x) + self.calls


def test_a_rewriting_that_changes_the_logits_is_not_used():
    x = torch.rand(2, 1, 10, 8, 10)
    with frozen(Stateful(), x) as network:
        assert fused(network, x) is network
