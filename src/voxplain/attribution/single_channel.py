"""Input gradient of convolutions over one channel, which is what images have.

PyTorch's CPU convolution pads a single input channel to a full vector: the first layer's input
gradient then costs more than all the rest of the network. As one matrix product and a sum of
shifted volumes it takes a fifth (`benchmarks/perturbation.py`).
"""

from typing import Any

import torch
from torch.nn import functional as F


def conv3d(
    input: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> torch.Tensor:
    """Convolve as `torch.nn.functional.conv3d` does, with a fast input gradient where there is one.

    That is on a CPU, for one input channel, stride and dilation 1, numeric padding and weights
    that need no gradient; all other convolutions are torch's own.
    """
    plain = (stride, padding, dilation, groups)
    padding = _three(padding)
    fast = (
        input.requires_grad
        and torch.is_grad_enabled()
        and input.device.type == "cpu"
        and input.ndim == 5
        and weight.shape[1] == groups == 1
        and _three(stride) == _three(dilation) == (1, 1, 1)
        and padding is not None
        and not weight.requires_grad
        and (bias is None or not bias.requires_grad)
    )
    if fast:
        return _SingleChannelConvolution.apply(input, weight, bias, padding)
    return F.conv3d(input, weight, bias, *plain)


def _three(value: Any) -> tuple[int, ...] | None:
    """Return a number or sequence as one number per axis; None for padding by name."""
    if isinstance(value, str):
        return None
    values = (value,) if isinstance(value, int) else tuple(value)
    return values * 3 if len(values) == 1 else values


class _SingleChannelConvolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input, weight, bias, padding):
        ctx.save_for_backward(weight)
        ctx.padding = padding
        ctx.shape = input.shape
        return F.conv3d(input, weight, bias, padding=padding)

    @staticmethod
    def backward(ctx, gradient):
        (weight,) = ctx.saved_tensors
        spread = weight.flatten(1).T  # (kernel voxels, output channels)
        kernel, size = weight.shape[2:], gradient.shape[2:]
        whole = [n + 2 * p for n, p in zip(ctx.shape[2:], ctx.padding, strict=True)]
        result = gradient.new_zeros((len(gradient), *whole))
        for image, features in zip(result, gradient, strict=True):
            if features.is_contiguous():
                rows = features.flatten(1)
            else:  # channels last: a view, where flatten would copy
                rows = features.movedim(0, -1).flatten(0, 2).T
            parts = (spread @ rows).reshape(*kernel, *size)
            for offset in torch.cartesian_prod(*map(torch.arange, kernel)).tolist():
                where = tuple(slice(k, k + n) for k, n in zip(offset, size, strict=True))
                image[where] += parts[tuple(offset)]
        inner = tuple(slice(p, p + n) for p, n in zip(ctx.padding, ctx.shape[2:], strict=True))
        return result[(slice(None), *inner)][:, None], None, None, None
