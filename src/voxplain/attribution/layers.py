"""The features of one layer, taken out of a network's forward pass."""

import contextlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from voxplain.attribution.frozen import Network, check_model, frozen
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


def first_hidden_layer(model: torch.nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Return the output of the first hidden layer.

    It is the first convolution up to the first rectifier that its output reaches (normalisation
    and the like may lie between), and the pooling if that follows at once. Where no rectifier
    follows, it is the convolution's output after its normalisation. The rest of the network is
    not computed.

    Parameters
    ----------
    model : torch.nn.Module
        (n, 1, X, Y, Z) -> (n, n_classes); used in eval mode, its state is restored.
    images : torch.Tensor, shape (n, 1, X, Y, Z)
        Of the model's dtype, on its device.

    Returns
    -------
    torch.Tensor, shape (n, k, x, y, z)

    Raises
    ------
    AttributionError
        The network calls no 3-D convolution.
    """
    block = _FirstBlock()
    with (
        frozen(model, images) as network,
        torch.no_grad(),
        contextlib.suppress(_Reached),
        block,
    ):
        network(images)
    if block.features is None:
        raise AttributionError(
            "the network calls no conv3d, so it has no first hidden layer (appendix A); use a "
            "network with 3-D convolutions"
        )
    return block.features


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
        self._rectified: torch.Tensor | None = None  # what the network continues with

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
        if self._tail is None or not _is_among(self._tail, (*args, *kwargs.values())):
            return result
        if not isinstance(result, torch.Tensor):
            return result
        if name in RECTIFIERS:
            self.features, result = _tap(result, result is self._tail, start_graph=False)
            self._tail, self._rectified = None, result
        elif self._belongs(name, self._tail, result):
            if name in NORMS and self._is_bare:
                self.features, result = _tap(result, False, start_graph=False)
            self._tail, self._is_bare = result, False
        return result

    def _belongs(self, name: str, tail: torch.Tensor, result: torch.Tensor) -> bool:
        """Return whether the result of an operation on the tail is still part of the block."""
        left = name == "conv3d" or "pool" in name
        return not left and result.shape == tail.shape


class _Reached(BaseException):
    """The first hidden layer is known; a network that catches exceptions must not catch this."""


class _FirstBlock(_BlockOfConvolution):
    """Taps the first block with the pooling that follows it at once, and ends the forward pass."""

    def __init__(self) -> None:
        super().__init__(1, start_graph=False)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        rectified = self._rectified
        result = super().__torch_function__(func, types, args, kwargs)
        if rectified is not None and _is_among(rectified, (*args, *(kwargs or {}).values())):
            if "pool" in operation(func):
                self.features = result
            raise _Reached
        return result

    def _belongs(self, name: str, tail: torch.Tensor, result: torch.Tensor) -> bool:
        return result.ndim == 5


def _is_among(tensor: torch.Tensor, inputs: Iterable[object]) -> bool:
    """Return whether a tensor is among the inputs of a call or in a list of them (torch.cat)."""
    return any(
        value is tensor
        or (isinstance(value, list | tuple) and any(item is tensor for item in value))
        for value in inputs
    )
