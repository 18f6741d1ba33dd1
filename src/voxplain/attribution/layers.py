"""The features of one layer, taken out of a network's forward pass."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from voxplain.attribution.frozen import Network, check_model
from voxplain.attribution.operations import NORMS, RECTIFIERS, operation
from voxplain.errors import AttributionError

_MAX_NAMES = 40

Run = Callable[[Network, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]


def run_to(model: torch.nn.Module, layer: str | None, start_graph: bool) -> Run:
    """Return a forward pass that gives the logits and the features of a layer.

    Parameters
    ----------
    model : torch.nn.Module
    layer : str or None
        Name of a submodule; None is the last convolutional block (`voxplain.attribution.grad_cam`).
    start_graph : bool
        Whether the features are a leaf, so that the network before them is run without a graph.

    Returns
    -------
    callable
        ``(network, images) -> (logits, features)``, features (n, channels, d, h, w) as they were
        before anything that the network did to them in place.

    Raises
    ------
    AttributionError
        The model is no module or has no such layer. The callable raises it where the network does
        not call the layer or this returns no feature map.
    """
    check_model(model)
    if layer is None:
        return _LastBlock(model, start_graph)
    names = [name for name, _ in model.named_modules() if name]
    if layer not in names:
        shown = ", ".join(names[:_MAX_NAMES])
        more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
        raise AttributionError(f"the network has no layer {layer!r}; it has {shown}{more}")
    return _NamedLayer(model.get_submodule(layer), layer, start_graph)


def _tap(
    output: torch.Tensor, in_place: bool, start_graph: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a layer's output as features to keep, and what the network continues with.

    The network never gets the features themselves, because its next operation may change them in
    place. After an operation in place it must get the same tensor object back, because it may use
    that object instead of the result.
    """
    features = output.clone() if in_place else output
    if start_graph:
        features = features.detach().requires_grad_()
    return features, output.copy_(features) if in_place else features.clone()


class _NamedLayer:
    def __init__(self, module: torch.nn.Module, name: str, start_graph: bool):
        self._module = module
        self._name = name
        self._start_graph = start_graph

    def __call__(self, network: Network, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features: torch.Tensor | None = None

        def tap(_: torch.nn.Module, inputs: tuple[Any, ...], output: Any) -> torch.Tensor:
            nonlocal features
            if not isinstance(output, torch.Tensor) or output.ndim != 5:
                form = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output)
                raise AttributionError(
                    f"layer {self._name!r} returns {form}; name a layer with "
                    "(n, channels, d, h, w) features"
                )
            in_place = any(output is value for value in inputs)
            features, following = _tap(output, in_place, self._start_graph)
            return following

        with self._module.register_forward_hook(tap):
            logits = network(images.clone())
        if features is None:
            raise AttributionError(
                f"the network does not call its layer {self._name!r}; name another layer"
            )
        return logits, features


class _LastBlock:
    def __init__(self, model: torch.nn.Module, start_graph: bool):
        # A guess: modules can be called twice or never, and functions are not among them.
        self._n = sum(isinstance(module, torch.nn.Conv3d) for module in model.modules())
        self._start_graph = start_graph

    def __call__(self, network: Network, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        for _ in range(2):
            with _BlockOfConvolution(self._n, self._start_graph) as block:
                logits = network(images.clone())
            if block.n_convolutions == 0:
                raise AttributionError(
                    "the network calls no conv3d, so it has no last convolutional block; "
                    "name a layer"
                )
            if block.n_convolutions == self._n:
                return logits, block.features
            self._n = block.n_convolutions
        raise AttributionError(
            "the network calls another number of convolutions each time, so that its last "
            "convolutional block is not defined; name a layer"
        )


class _BlockOfConvolution(TorchFunctionMode):
    """Taps the block of the convolution called n-th, wherever it turns out to end."""

    def __init__(self, n: int, start_graph: bool):
        super().__init__()
        self.n_convolutions = 0
        self.features: torch.Tensor | None = None
        self._n = n
        self._start_graph = start_graph
        self._tail: torch.Tensor | None = None  # what the block has become before any pooling
        self._is_bare = False  # whether the tail is the convolution's own result

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        name = operation(func)
        result = func(*args, **kwargs)
        if name == "conv3d":
            self.n_convolutions += 1
            if self.n_convolutions == self._n:
                self.features, self._tail = _tap(result, False, self._start_graph)
                self._is_bare = True
                return self._tail
            return result
        inputs = (*args, *kwargs.values())
        if self._tail is None or not any(value is self._tail for value in inputs):
            return result
        if not isinstance(result, torch.Tensor) or "pool" in name:
            return result
        if name in RECTIFIERS:
            self.features, result = _tap(result, result is self._tail, start_graph=False)
            self._tail = None
        elif result.shape == self._tail.shape:
            if name in NORMS and self._is_bare:
                self.features, result = _tap(result, False, start_graph=False)
            self._tail, self._is_bare = result, False
        return result
