"""A network's features laid out with the channels last, which a CPU pools ten times faster.

The network does not notice the layout: it gets the same values.
"""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from voxplain.attribution.convolution import conv3d
from voxplain.attribution.operations import is_in_place, operation

# In the order of the axes these give a view of the tensor's memory; in another they give a copy
# or refuse.
_VIEWS = frozenset({"as_strided", "flatten", "ravel", "reshape", "unflatten", "view", "view_as"})


class SharedMemoryError(Exception):
    """The network writes into a view of another tensor, which in this layout is a copy."""


class ChannelsLast(TorchFunctionMode):
    """Runs a network's torch calls with fast convolutions and, in float32 on a CPU, this layout.

    A network may raise `SharedMemoryError` inside it; run the network without it then. One object
    serves any number of passes, as long as the network's weights do not change.

    Parameters
    ----------
    images : torch.Tensor, (n, 1, D, H, W)
        What the network will be given.
    """

    def __init__(self, images: torch.Tensor) -> None:
        super().__init__()
        self._relayout = images.dtype == torch.float32 and images.device.type == "cpu"
        self._weights: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self._apart: list[torch.Tensor] = []  # would be one memory in the order of the axes

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._apart = []
        super().__exit__(kind, error, trace)  # type: ignore[no-untyped-call]

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        name = operation(func)
        if name == "conv3d":
            return self._conv3d(*args, **kwargs)
        if name in _VIEWS and self._relayout and _is_channels_last(args):
            self._apart += [args[0], args[0].contiguous()]
            args = (self._apart[-1], *args[1:])
        elif self._apart and is_in_place(func, kwargs):
            memory = args[0].untyped_storage().data_ptr()
            if any(memory == tensor.untyped_storage().data_ptr() for tensor in self._apart):
                raise SharedMemoryError
        return func(*args, **kwargs)

    def _conv3d(
        self, input: torch.Tensor, weight: torch.Tensor, *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        if self._relayout:
            if id(weight) not in self._weights:
                last = weight.to(memory_format=torch.channels_last_3d)
                self._weights[id(weight)] = weight, last  # the first keeps its identity taken
            weight = self._weights[id(weight)][1]
        return conv3d(input, weight, *args, **kwargs)


def _is_channels_last(args: tuple[Any, ...]) -> bool:
    tensor = args[0] if args else None
    return (
        isinstance(tensor, torch.Tensor)
        and tensor.ndim == 5
        and not tensor.is_contiguous()
        and tensor.is_contiguous(memory_format=torch.channels_last_3d)
    )
