"""Guided Backpropagation, eq. 4 and 5 of Kan 2020 (Springenberg et al. 2015)."""

import torch
from torch.overrides import TorchFunctionMode

from voxplain.attribution.frozen import (
    Network,
    attribute_in_passes,
    choose_targets,
    target_scores,
)
from voxplain.attribution.operations import OTHER_RECTIFIERS, is_in_place, operation
from voxplain.attribution.result import AttributionResult
from voxplain.attribution.single_channel import conv3d
from voxplain.errors import AttributionError


def guided_backprop(
    model: torch.nn.Module, images: torch.Tensor, targets: torch.Tensor | None = None
) -> AttributionResult:
    """Gradient of the target's logit, with negative gradients stopped at every ReLU.

    ``G_l = (f_l > 0) (G_{l+1} > 0) G_{l+1}`` at each ReLU (eq. 5); the map is ``relu(dy_c/dx)``
    (eq. 4). Every ReLU on the way from the image to the logits is guided, be it `nn.ReLU`,
    `F.relu`, `torch.relu`, `Tensor.relu`, in place or not. The rule acts on the ReLU's own
    gradient: a skip connection around it keeps its negative gradients.

    Parameters
    ----------
    model : torch.nn.Module
        (n, 1, D, H, W) -> (n, n_classes) logits. Evaluated in eval mode and left as it was found.
    images : torch.Tensor, (n, 1, D, H, W)
        float32 or float64, like the model. Not modified.
    targets : torch.Tensor, (n,), int64, optional
        Class to explain per image; None means the predicted class.

    Returns
    -------
    AttributionResult
        `maps` in logit per unit of image intensity.

    Raises
    ------
    AttributionError
        The network has no ReLU or another rectifier (LeakyReLU, GELU, ...), for which the method
        is not defined, or model, images and targets do not fit together.

    Notes
    -----
    Max-pooling makes the map a discontinuous function of the image: in float32 a tie that rounding
    decides can differ between batch sizes and move single voxels by about 1 % of the maximum.
    ``clamp(min=0)`` is an ordinary operation here, not a ReLU. Code inside TorchScript is not seen.
    """
    maps, targets, scores = attribute_in_passes(_guided_gradient, model, images, targets)
    return AttributionResult(maps, targets, scores, "guided_backprop", {"score": "logit"})


def _guided_gradient(
    network: Network, images: torch.Tensor, targets: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    leaf = images.clone().requires_grad_()
    with _GuidedReLUs() as relus:
        # The network gets a copy, for its first operation may be one in place.
        logits = network(leaf.clone())
        targets = choose_targets(logits, targets)
        scores = target_scores(logits, targets)
        gradient = None
        if scores.requires_grad:
            (gradient,) = torch.autograd.grad(scores.sum(), leaf, allow_unused=True)
    if gradient is None:
        raise AttributionError(
            "the logits do not depend on the images differentiably; remove detach() or no_grad() "
            "from the network's forward"
        )
    if relus.guided == 0:
        raise AttributionError(
            "the network has no ReLU between the images and the logits, so guided backpropagation "
            "would be the plain gradient; use grad_cam or meaningful_perturbation"
        )
    return gradient[:, 0].relu(), targets, scores


class _GuidedReLUs(TorchFunctionMode):
    """Replaces every ReLU that is called inside the block, however it is called."""

    def __init__(self):
        super().__init__()
        self.guided = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = operation(func)
        on_the_way = any(
            isinstance(value, torch.Tensor) and value.requires_grad
            for value in (*args, *kwargs.values())
        )
        if on_the_way and name in OTHER_RECTIFIERS:
            raise AttributionError(
                f"the network calls {name}, for which guided backpropagation is not defined (it "
                "knows ReLU only); use grad_cam or meaningful_perturbation"
            )
        if name == "conv3d":
            return conv3d(*args, **kwargs)
        if not on_the_way or name != "relu":
            return func(*args, **kwargs)
        self.guided += 1
        (features,) = args or (kwargs["input"],)
        guided = _GuidedReLU.apply(features)
        return features.copy_(guided) if is_in_place(func, kwargs) else guided


class _GuidedReLU(torch.autograd.Function):
    """ReLU whose gradient passes only where both its input and the gradient are positive."""

    @staticmethod
    def forward(ctx, features):
        ctx.save_for_backward(features > 0)
        return features.relu()

    @staticmethod
    def backward(ctx, gradient):
        (positive,) = ctx.saved_tensors
        return gradient.clamp(min=0) * positive
