"""Convolutions as fast as a CPU makes them, where PyTorch's own choice is another.

Two cases (`benchmarks/perturbation.py`, `benchmarks/gradient_methods.py`). The input gradient over
one channel, which is what images have: PyTorch pads the channel to a full vector, and the first
layer's input gradient then costs more than all the rest of the network; as one matrix product and a
sum of shifted volumes it takes a fifth. And a batch of one image: PyTorch leaves its fast kernels
for a general one where the features are few, at up to three times the cost.
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
    """Convolve as `torch.nn.functional.conv3d` does, faster on a CPU.

    The fast input gradient is for one input channel, stride and dilation 1, numeric padding and
    weights that need no gradient; the fast kernel for one image is for float32 and numeric padding.
    All other convolutions are torch's own.
    """
    by_name = isinstance(padding, str)
    if input.device.type != "cpu" or input.ndim != 5 or by_name:
        return F.conv3d(input, weight, bias, stride, padding, dilation, groups)
    stride, padding, dilation = _three(stride), _three(padding), _three(dilation)
    fast_gradient = (
        input.requires_grad
        and torch.is_grad_enabled()
        and weight.shape[1] == groups == 1
        and stride == dilation == (1, 1, 1)
        and not weight.requires_grad
        and (bias is None or not bias.requires_grad)
    )
    if fast_gradient:
        return _SingleChannelConvolution.apply(input, weight, bias, padding)
    return _convolve(input, weight, bias, stride, padding, dilation, groups)


def _convolve(input, weight, bias, stride, padding, dilation, groups):
    if len(input) == 1 and input.dtype == torch.float32 and torch.backends.mkldnn.is_available():
        return torch.mkldnn_convolution(input, weight, bias, padding, stride, dilation, groups)
    return F.conv3d(input, weight, bias, stride, padding, dilation, groups)


def _three(value: Any) -> tuple[int, ...]:
    """Return a number or sequence as one number per axis."""
    values = (value,) if isinstance(value, int) else tuple(value)
    return values * 3 if len(values) == 1 else values


class _SingleChannelConvolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input, weight, bias, padding):
        ctx.save_for_backward(weight)
        ctx.padding = padding
        ctx.shape = input.shape
        return _convolve(input, weight, bias, (1, 1, 1), padding, (1, 1, 1), groups=1)

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
