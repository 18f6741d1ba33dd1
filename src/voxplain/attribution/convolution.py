"""Convolutions that are faster on a CPU than those that PyTorch would choose.

Two cases (`benchmarks/perturbation.py`, `benchmarks/gradient_methods.py`). The input gradient over
one channel, which is what images have: PyTorch pads the channel to a full vector, and the first
layer's input gradient then costs more than all the rest of the network; as one matrix product and a
sum of shifted volumes it takes a fifth. And a batch of one image: PyTorch leaves its fast kernels
for a general one where the features are few, at up to three times the cost.
"""

from typing import Any

import torch
from torch.nn import functional as F

_COLUMNS = 2**15  # of a product with every voxel of the kernel: 3.5 MB


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

    Parameters
    ----------
    input, weight, bias, stride, padding, dilation, groups
        As for `torch.nn.functional.conv3d`.

    Notes
    -----
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
        result: torch.Tensor = _SingleChannelConvolution.apply(  # type: ignore[no-untyped-call]
            input, weight, bias, padding
        )
        return result
    return _convolve(input, weight, bias, stride, padding, dilation, groups)


def _convolve(
    input: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    stride: tuple[int, ...] = (1, 1, 1),
    padding: tuple[int, ...] = (0, 0, 0),
    dilation: tuple[int, ...] = (1, 1, 1),
    groups: int = 1,
) -> torch.Tensor:
    """Convolve with the fast kernel also where torch would not take it for one image."""
    has_onednn: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if len(input) == 1 and input.dtype == torch.float32 and has_onednn:
        return torch.mkldnn_convolution(input, weight, bias, padding, stride, dilation, groups)
    return F.conv3d(input, weight, bias, stride, padding, dilation, groups)


def _three(value: Any) -> tuple[int, ...]:
    """Return a number or sequence as one number per axis."""
    values = (value,) if isinstance(value, int) else tuple(value)
    return values * 3 if len(values) == 1 else values


class _SingleChannelConvolution(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        input: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        padding: tuple[int, ...],
    ) -> torch.Tensor:
        ctx.save_for_backward(weight)
        ctx.padding = padding
        ctx.shape = input.shape
        return _convolve(input, weight, bias, padding=padding)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None, None, None]:
        (weight,) = ctx.saved_tensors
        whole = [n + 2 * before for n, before in zip(ctx.shape[2:], ctx.padding, strict=True)]
        result = gradient.new_zeros((len(gradient), *whole))
        for image, features in zip(result, gradient, strict=True):
            _add_input_gradient(image, features, weight)
        inner = tuple(
            slice(before, before + n) for before, n in zip(ctx.padding, ctx.shape[2:], strict=True)
        )
        return result[(slice(None), *inner)][:, None], None, None, None


def _add_input_gradient(image: torch.Tensor, features: torch.Tensor, weight: torch.Tensor) -> None:
    """Add the gradient by the input, which has one channel, from the gradient by the output.

    Parameters
    ----------
    image : torch.Tensor, (D, H, W)
        Gradient by the padded input, added to.
    features : torch.Tensor, (C, D', H', W')
        Gradient by the output.
    weight : torch.Tensor, (C, 1, *kernel)
    """
    kernel = weight.shape[2:]
    spread = weight.flatten(1).T  # (kernel voxels, C)
    offsets = torch.cartesian_prod(*map(torch.arange, kernel)).tolist()
    planes = max(1, _COLUMNS // features[0, 0].numel())  # their products stay in the cache
    for start in range(0, features.shape[1], planes):
        part = features[:, start : start + planes]
        size = part.shape[1:]
        if part.movedim(0, -1).is_contiguous():  # channels last: a view, where flatten would copy
            rows = part.movedim(0, -1).flatten(0, 2).T
        else:
            rows = part.flatten(1)
        products = (spread @ rows).reshape(*kernel, *size)
        for offset in offsets:
            corner = (start + offset[0], *offset[1:])
            where = tuple(slice(k, k + n) for k, n in zip(corner, size, strict=True))
            image[where] += products[tuple(offset)]
