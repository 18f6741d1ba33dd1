"""Grad-CAM, eq. 6 and 7 of Kan 2020 (Selvaraju et al. 2019)."""

from typing import Any

import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from voxplain.attribution.frozen import (
    Network,
    attribute_in_passes,
    choose_targets,
    target_scores,
)
from voxplain.attribution.operations import NORMS, RECTIFIERS, operation
from voxplain.attribution.result import AttributionResult
from voxplain.errors import AttributionError

_MAX_NAMES = 40


def grad_cam(
    model: torch.nn.Module,
    images: torch.Tensor,
    targets: torch.Tensor | None = None,
    layer: str | None = None,
) -> AttributionResult:
    """Features of one layer, weighted by their mean gradient, where they speak for the target.

    The weight of channel k is the spatial mean of ``dy_c/dF_k`` over all three axes (eq. 6), the
    map ``relu(sum_k weight_k F_k)`` (eq. 7), interpolated trilinearly (``align_corners=False``)
    from the feature grid to the whole image box.

    Parameters
    ----------
    model : torch.nn.Module
        (n, 1, D, H, W) -> (n, n_classes) logits. Evaluated in eval mode and left as it was found.
    images : torch.Tensor, (n, 1, D, H, W)
        float32 or float64, like the model. Not modified.
    targets : torch.Tensor, (n,), int64, optional
        Class to explain per image; None means the predicted class.
    layer : str, optional
        Name of a submodule with a (n, channels, d, h, w) output; of a module that is called more
        than once the last call counts. None means the last convolutional block: the output of
        the rectifier that follows the Conv3d called last, before any pooling (normalisation and
        a residual sum may come between); where none follows, that convolution's output after
        its normalisation, if it has one.

    Returns
    -------
    AttributionResult
        `maps` in units of the logit per feature voxel; ``parameters["feature_shape"]`` is the
        grid that they were interpolated from.

    Raises
    ------
    AttributionError
        The layer is unknown, not called or not a feature map, or the logits do not depend on it;
        or model, images and targets do not fit together.
    """
    if layer is not None:
        _require_layer(model, layer)
    shapes = []

    def explain(network, part, part_targets):
        if layer is None:
            logits, features = _tap_last_block(network, part)
        else:
            logits, features = _tap_module(network, part, model.get_submodule(layer), layer)
        part_targets = choose_targets(logits, part_targets)
        scores = target_scores(logits, part_targets)
        cams = _class_activation(scores, features)
        shapes.append(tuple(cams.shape[2:]))
        maps = F.interpolate(cams, size=part.shape[2:], mode="trilinear", align_corners=False)
        return maps[:, 0], part_targets, scores

    maps, targets, scores = attribute_in_passes(explain, model, images, targets)
    parameters: dict[str, Any] = {
        "score": "logit",
        "layer": layer or "last convolutional block",
        "feature_shape": shapes[0],
        "upsampling": "trilinear",
    }
    return AttributionResult(maps, targets, scores, "grad_cam", parameters)


def _class_activation(scores: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
    """Return eq. 7 on the feature grid, (n, 1, d, h, w)."""
    gradient = None
    if scores.requires_grad:
        (gradient,) = torch.autograd.grad(scores.sum(), features, allow_unused=True)
    if gradient is None:
        raise AttributionError(
            "the logits do not depend on the layer's output differentiably; name another layer, or "
            "remove detach() or no_grad() from the network's forward"
        )
    weights = gradient.mean((2, 3, 4), keepdim=True)
    return (weights * features.detach()).sum(1, keepdim=True).relu()


def _require_layer(model: torch.nn.Module, layer: str) -> None:
    names = [name for name, _ in model.named_modules() if name]
    if layer not in names:
        shown = ", ".join(names[:_MAX_NAMES])
        more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
        raise AttributionError(f"the network has no layer {layer!r}; it has {shown}{more}")


def _tap(output: torch.Tensor, in_place: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Start the graph at a layer's output: return the leaf and what the network continues with.

    The network never gets the leaf itself: it may go on in place. After an operation in place it
    must get the same tensor object back, because it may hold that object instead of the result.
    """
    if in_place:
        leaf = output.detach().clone().requires_grad_()
        return leaf, output.copy_(leaf)
    leaf = output.detach().requires_grad_()
    return leaf, leaf.clone()


def _tap_module(
    network: Network, images: torch.Tensor, module: torch.nn.Module, name: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the logits and a named module's output as their leaf."""
    leaf = None

    def tap(_, inputs, output):
        nonlocal leaf
        if not isinstance(output, torch.Tensor) or output.ndim != 5:
            found = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output)
            raise AttributionError(
                f"layer {name!r} returns {found}; name one with (n, channels, d, h, w) features"
            )
        leaf, output = _tap(output, in_place=any(output is value for value in inputs))
        return output

    with module.register_forward_hook(tap):
        logits = network(images.clone())
    if leaf is None:
        raise AttributionError(f"the network does not call its layer {name!r}; name another one")
    return logits, leaf


def _tap_last_block(network: Network, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the logits and the last convolutional block's output as their leaf."""
    with _LastBlock() as block:
        logits = network(images.clone())
    if block.rectified is not None:
        return logits, block.rectified
    if block.output_call is None:
        raise AttributionError(
            "the network calls no conv3d, so it has no last convolutional block; name a layer"
        )
    # Only now is it known that no rectifier follows: the block ends at a call already past.
    with _TapCall(block.output_call) as call:
        logits = network(images.clone())
    return logits, call.leaf


class _LastBlock(TorchFunctionMode):
    """Taps the output of each convolutional block in turn; the last one stays.

    Convolutions are run without a graph, which cuts off all that a former tap has started.
    """

    def __init__(self):
        super().__init__()
        self.rectified: torch.Tensor | None = None
        self.output_call: int | None = None
        self._calls = 0
        self._output: torch.Tensor | None = None  # the convolution's, then its normalisation's
        self._tail: torch.Tensor | None = None  # what has become of it before any pooling

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        self._calls += 1
        name = operation(func)
        if name == "conv3d":
            with torch.no_grad():
                result = func(*args, **kwargs)
            self.rectified = None
            self._output, self._tail, self.output_call = result, result, self._calls
            return result
        inputs = (*args, *kwargs.values())
        result = func(*args, **kwargs)
        if self._tail is None or not any(value is self._tail for value in inputs):
            return result
        if not isinstance(result, torch.Tensor) or "pool" in name:
            return result
        if name in RECTIFIERS:
            self.rectified, result = _tap(result, in_place=result is self._tail)
            self._output = self._tail = None
        elif result.shape == self._tail.shape:
            if name in NORMS and self._tail is self._output:
                self._output, self.output_call = result, self._calls
            self._tail = result
        return result


class _TapCall(TorchFunctionMode):
    """Taps the result of one torch call, by its place in the forward pass."""

    def __init__(self, call: int):
        super().__init__()
        self.leaf: torch.Tensor | None = None
        self._remaining = call

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        self._remaining -= 1
        result = func(*args, **kwargs)
        if self._remaining == 0:
            self.leaf, result = _tap(result, in_place=any(result is value for value in args))
        return result
