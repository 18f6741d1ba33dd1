"""Guided Backpropagation, eq. 4 and 5 of Kan 2020 (Springenberg et al. 2015)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from voxplain.attribution.frozen import (
    Network,
    attribute_in_passes,
    choose_targets,
    gradient_by,
    target_scores,
)
from voxplain.attribution.operations import OTHER_RECTIFIERS, is_in_place, operation
from voxplain.attribution.result import AttributionResult
from voxplain.errors import AttributionError


def guided_backprop(
    model: torch.nn.Module, images: torch.Tensor, targets: torch.Tensor | None = None
) -> AttributionResult:
    """Explain by the gradient of the target's logit, cut to its positive part at every ReLU.

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
    float32 maps agree with float64 ones, and with themselves at another batch size, to 1e-6 of
    their norm on the paper's architecture, but for ties: max-pooling makes the map a discontinuous
    function of the image, and a tie that rounding decides moves single voxels by about 1 % of the
    maximum, 1e-3 of the norm.
    ``clamp(min=0)`` is an ordinary operation here, not a ReLU. Code inside TorchScript is not seen.

    Examples
    --------
    >>> import torch
    >>> from voxplain import guided_backprop
    >>> convolution = torch.nn.Conv3d(1, 4, kernel_size=3)
    >>> head = torch.nn.Linear(4 * 6 * 6 * 6, 2)
    >>> model = torch.nn.Sequential(convolution, torch.nn.ReLU(), torch.nn.Flatten(), head)
    >>> images = torch.rand(3, 1, 8, 8, 8)
    >>> result = guided_backprop(model, images, targets=torch.tensor([0, 1, 1]))
    >>> result.maps.shape
    torch.Size([3, 8, 8, 8])
    >>> result.targets.tolist()
    [0, 1, 1]
    """

    def explain(
        network: Network, part: torch.Tensor, part_targets: torch.Tensor | None
    ) -> tuple[torch.Tensor, ...]:
        leaf = part.clone().requires_grad_()
        with GuidedReLUs() as relus:
            # A copy, because the network's first operation may work in place.
            logits = network(leaf.clone())
            part_targets = choose_targets(logits, part_targets)
            scores = target_scores(logits, part_targets)
            return relus.maps(scores, leaf), part_targets, scores.detach()

    maps, targets, scores = attribute_in_passes(explain, model, images, targets)
    return AttributionResult(maps, targets, scores, "guided_backprop", {"score": "logit"})


class GuidedReLUs(TorchFunctionMode):
    """Replaces every ReLU that is called inside the block, however it is called.

    Their gradient is the true one until `maps` is called.
    """

    def __init__(self) -> None:
        super().__init__()
        self._n = 0
        self._rule = _Rule()

    def maps(self, scores: torch.Tensor, leaf: torch.Tensor) -> torch.Tensor:
        """Return the maps of scores computed from the images `leaf`.

        Parameters
        ----------
        scores : torch.Tensor, (n,)
            Logits of the targets.
        leaf : torch.Tensor, (n, 1, D, H, W)

        Returns
        -------
        torch.Tensor, (n, D, H, W)
        """
        self._rule.guided = True
        gradient = gradient_by(leaf, scores)
        if self._n == 0:
            raise AttributionError(
                "the network has no ReLU between the images and the logits, so guided "
                "backpropagation would be the plain gradient; use grad_cam or "
                "meaningful_perturbation"
            )
        return gradient[:, 0].relu()

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
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
        if not on_the_way or name != "relu":
            return func(*args, **kwargs)
        self._n += 1
        (features,) = args or (kwargs["input"],)
        rectified = _GuidedReLU.apply(features, self._rule)  # type: ignore[no-untyped-call]
        return features.copy_(rectified) if is_in_place(func, kwargs) else rectified


@dataclass
class _Rule:
    """Which gradient the ReLUs of one forward pass have."""

    guided: bool = False


class _GuidedReLU(torch.autograd.Function):
    """ReLU that passes a gradient on only where the gradient is positive, too."""

    @staticmethod
    def forward(ctx: Any, features: torch.Tensor, rule: _Rule) -> torch.Tensor:
        rectified = features.relu()
        ctx.save_for_backward(rectified)
        ctx.rule = rule
        return rectified

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        (rectified,) = ctx.saved_tensors
        if ctx.rule.guided:
            gradient = gradient.clamp(min=0)
        return torch.ops.aten.threshold_backward(gradient, rectified, 0), None
