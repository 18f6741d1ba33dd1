"""The same network with fewer passes over its features, for thousands of evaluations.

The changes follow from the torch calls of one forward pass, not from the modules that make
them, so that functional networks gain as much as those built of modules:

- a BatchNorm that is the only reader of a convolution's result is folded into its weights,
- a ReLU whose only reader is a max-pooling is applied after it, to an eighth of the voxels,
- convolutions and the layout of the features are those of `channels_last`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from voxplain.attribution.channels_last import ChannelsLast, SharedMemoryError
from voxplain.attribution.frozen import Network
from voxplain.attribution.operations import operation

# Reading these properties of a tensor does not depend on its values.
_METADATA = frozenset({"dim", "get", "size"})
_LARGEST_DIFFERENCE = {torch.float32: 1e-4, torch.float64: 1e-10}

Replacement = Callable[..., torch.Tensor]


def fused(network: Network, images: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return a faster equivalent of `network` for batches like `images`.

    Parameters
    ----------
    network : Network
    images : torch.Tensor, (n, 1, D, H, W)

    Returns
    -------
    callable
        The network itself where the rewritten one does not give the logits of `images`. Where the
        order of its torch calls depends on the input, it runs the network itself.
    """
    with torch.no_grad():
        expected = network(images.clone())
        sample = images[:1].clone()
        with _Recorder() as recorder:
            logits = network(sample)
        recorder.read(logits)
        rewritten = _Rewritten(network, recorder.calls, ChannelsLast(images))
        difference = (rewritten(images.clone()) - expected).abs().max()
    limit = _LARGEST_DIFFERENCE[images.dtype] * expected.abs().max().clamp(min=1)
    return rewritten if difference <= limit else network


@dataclass
class _Call:
    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    result: Any


def _tensors(values: Any) -> Iterator[torch.Tensor]:
    if isinstance(values, torch.Tensor):
        yield values
    elif isinstance(values, (list, tuple)):
        for value in values:
            yield from _tensors(value)
    elif isinstance(values, dict):
        yield from _tensors(list(values.values()))


class _Recorder(TorchFunctionMode):
    """Keeps every torch call with its tensors, so that none of their identities is reused."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[_Call] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        self.calls.append(_Call(operation(func), func, args, kwargs, result))
        return result

    def read(self, logits: torch.Tensor) -> None:
        """Record that the caller reads the logits, too."""
        self.calls.append(_Call("return", self.read, (logits,), {}, None))


class _Rewritten:
    """A network whose forward pass is changed at the planned calls."""

    def __init__(self, network: Network, calls: list[_Call], layout: ChannelsLast):
        self._network = network
        self._layout = layout
        self._names = [call.name for call in calls[:-1]]
        self._plan = _fold_batch_norms(calls) | _pool_before_relu(calls)

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        try:
            with self._layout, _Replay(self._names, self._plan):
                return self._network(images)
        except (_OtherOrderError, SharedMemoryError):
            return self._network(images)


class _OtherOrderError(Exception):
    """The network makes different torch calls from those recorded."""


class _Replay(TorchFunctionMode):
    def __init__(self, names: list[str], plan: dict[int, Replacement]):
        super().__init__()
        self._names = iter(names)
        self._plan = plan
        self._index = -1

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        name = operation(func)
        self._index += 1
        if next(self._names, None) != name:
            raise _OtherOrderError
        if self._index in self._plan:
            return self._plan[self._index](*args, **kwargs)
        return func(*args, **kwargs)


def _only_reader(calls: list[_Call], index: int) -> int | None:
    """Return the one later call that reads the result of call `index`; None if not exactly one."""
    result = calls[index].result
    readers = [
        later
        for later in range(index + 1, len(calls))
        if calls[later].name not in _METADATA
        and any(value is result for value in _tensors([calls[later].args, calls[later].kwargs]))
    ]
    return readers[0] if len(readers) == 1 else None


def _keep(features: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
    return features


def _fold_batch_norms(calls: list[_Call]) -> dict[int, Replacement]:
    plan: dict[int, Replacement] = {}
    for index, call in enumerate(calls):
        reader = _only_reader(calls, index) if call.name == "conv3d" else None
        if reader is None or calls[reader].name != "batch_norm":
            continue
        norm = _BatchNorm(*calls[reader].args, **calls[reader].kwargs)
        mean, variance = norm.running_mean, norm.running_var
        if norm.training or mean is None or variance is None:
            continue
        if norm.input is call.result:
            plan[index] = _FoldedConvolution(norm, mean, variance)
            plan[reader] = _keep
    return plan


@dataclass
class _BatchNorm:
    """Arguments of `torch.nn.functional.batch_norm`."""

    input: torch.Tensor
    running_mean: torch.Tensor | None
    running_var: torch.Tensor | None
    weight: torch.Tensor | None = None
    bias: torch.Tensor | None = None
    training: bool = False
    momentum: float = 0.1
    eps: float = 1e-5


class _FoldedConvolution:
    """A convolution with the BatchNorm after it folded in."""

    def __init__(self, norm: _BatchNorm, mean: torch.Tensor, variance: torch.Tensor) -> None:
        scale = (variance + norm.eps).rsqrt()
        self._scale = scale if norm.weight is None else scale * norm.weight
        shift = -mean * self._scale
        self._shift = shift if norm.bias is None else shift + norm.bias
        self._weight: torch.Tensor | None = None

    def __call__(
        self,
        input: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> torch.Tensor:
        bias = self._shift if bias is None else bias * self._scale + self._shift
        if self._weight is None:
            self._weight = weight * self._scale[:, None, None, None, None]
        return F.conv3d(input, self._weight, bias, *args, **kwargs)


def _pool_before_relu(calls: list[_Call]) -> dict[int, Replacement]:
    plan: dict[int, Replacement] = {}
    for index, call in enumerate(calls):
        reader = _only_reader(calls, index) if call.name == "relu" else None
        if reader is None or calls[reader].name != "max_pool3d":
            continue
        plan[index] = _keep
        plan[reader] = _pool_then_relu
    return plan


def _pool_then_relu(*args: Any, **kwargs: Any) -> torch.Tensor:
    pooled: torch.Tensor = F.max_pool3d(*args, **kwargs)
    return pooled.relu_()
