"""Where in the image the features of a layer lie, worked out along the network's torch calls."""

import functools
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakTensorKeyDictionary

from voxplain.attribution.operations import NORMS, RECTIFIERS, operation
from voxplain.attribution.separable import apply
from voxplain.errors import AttributionError

# Each output voxel lies where the input voxels of the same index lie (or is their broadcast).
_VOXEL_BY_VOXEL = (
    NORMS
    | RECTIFIERS
    | {"abs", "add", "clamp", "clone", "contiguous", "copy", "detach", "div", "divide", "double"}
    | {"alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"}
    | {"expand", "expand_as", "repeat"}
    | {"exp", "float", "hardsigmoid", "log", "log_softmax", "logsigmoid", "maximum", "minimum"}
    | {"mul", "multiply", "neg", "normalize", "pow", "rdiv", "requires_grad", "rsub", "sigmoid"}
    | {"softmax", "softsign", "sqrt", "square", "sub", "subtract", "tanh", "to", "type", "where"}
    | {"cat", "chunk", "concat", "concatenate", "split"}  # along the channels, else shapes differ
)


@dataclass(frozen=True)
class FeatureGrid:
    """Centres of a layer's features along the three axes, in voxels of the image.

    Attributes
    ----------
    jump : tuple of Fraction
        Distance of neighbouring features.
    first : tuple of Fraction
        Centre of the first feature; voxel 0 is centred at 0.
    """

    jump: tuple[Fraction, ...] = (Fraction(1),) * 3
    first: tuple[Fraction, ...] = (Fraction(0),) * 3

    @classmethod
    def of_the_whole_box(cls, features: tuple[int, ...], shape: tuple[int, ...]) -> "FeatureGrid":
        """Return the grid of features that fill the whole image.

        Parameters
        ----------
        features, shape : tuple of int
            Number of features and of image voxels along each axis.
        """
        jump = tuple(Fraction(n, m) for n, m in zip(shape, features, strict=True))
        return cls(jump, tuple((step - 1) / 2 for step in jump))

    def moved(self, first: list[Fraction], jump: list[Fraction]) -> "FeatureGrid":
        """Return the grid of a following layer.

        Parameters
        ----------
        first, jump : list of Fraction
            Its first centre and distance of features, in features of this grid.
        """
        axes = list(zip(self.jump, self.first, first, jump, strict=True))
        return FeatureGrid(
            tuple(old * new for old, _, _, new in axes),
            tuple(start + old * offset for old, start, offset, _ in axes),
        )

    def interpolate(self, features: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
        """Interpolate features linearly to the voxels of an image.

        Beyond the outermost centres the value of the outermost feature holds to the edge of the
        image: without padding, that feature is the one whose receptive field reaches the edge.

        Parameters
        ----------
        features : torch.Tensor, (n, d, h, w)
        shape : tuple of int
            Of the image, (D, H, W).

        Returns
        -------
        torch.Tensor, (n, D, H, W)
        """
        matrices = [
            torch.as_tensor(_matrix(n, m, float(jump), float(first))).to(features)
            for n, m, jump, first in zip(
                shape, features.shape[1:], self.jump, self.first, strict=True
            )
        ]
        return apply(matrices, features)


@functools.lru_cache(maxsize=16)
def _matrix(n: int, m: int, jump: float, first: float) -> np.ndarray:
    """Return the (n, m) matrix that interpolates m features to n voxels."""
    position = (np.arange(n) - first) / jump
    distance = np.abs(np.subtract.outer(position.clip(0, m - 1), np.arange(m)))
    weights: np.ndarray = (1 - distance).clip(0)
    return weights


class FeatureGrids(TorchFunctionMode):
    """Follows the voxels of images through the torch calls inside the block.

    Parameters
    ----------
    images : torch.Tensor, (n, 1, D, H, W)
    """

    def __init__(self, images: torch.Tensor):
        super().__init__()
        # A grid, or the name of the operation after which there is none.
        self._grids: MutableMapping[torch.Tensor, FeatureGrid | str] = WeakTensorKeyDictionary()
        self._grids[images] = FeatureGrid()

    def of(self, features: torch.Tensor) -> FeatureGrid:
        """Return the grid of `features`.

        Raises
        ------
        AttributionError
            They have no fixed place in the image, or an operation before them is not supported.
        """
        grid = self._grids.get(features, "an operation on other than 5-D torch tensors")
        if isinstance(grid, str):
            raise AttributionError(
                "the place of the features in the image cannot be derived, because the network "
                f"calls {grid} before the layer; pass upsampling='paper' or name an earlier layer"
            )
        return grid

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        volumes = list(_volumes(result))
        sources = [value for value in _volumes([args, kwargs]) if value in self._grids]
        if volumes and sources:
            grid = self._after(operation(func), sources, volumes[0], args, kwargs)
            for volume in volumes:
                self._grids[volume] = grid
        return result

    def _after(
        self, name: str, sources: list[torch.Tensor], result: torch.Tensor, args: Any, kwargs: Any
    ) -> FeatureGrid | str:
        if name in _VOXEL_BY_VOXEL:
            grids = {self._grids[x] for x in sources if x.shape[2:] == result.shape[2:]}
            unplaced = [grid for grid in grids if isinstance(grid, str)]
            if unplaced:
                return unplaced[0]
            if len(grids) > 1:
                return f"{name} of features at different places"
            return grids.pop() if grids else name
        grid = self._grids[sources[0]]
        if isinstance(grid, str):
            return grid
        moved = _RULES[name](result, *args, **kwargs) if name in _RULES else None
        return name if moved is None else grid.moved(*moved)


def _volumes(values: Any) -> Iterator[torch.Tensor]:
    if isinstance(values, torch.Tensor):
        if values.ndim == 5:
            yield values
    elif isinstance(values, (list, tuple)):
        for value in values:
            yield from _volumes(value)
    elif isinstance(values, dict):
        yield from _volumes(list(values.values()))


# The rules below mirror the signatures of torch. Each returns, per axis, the centre of the first
# output in features of the input and the outputs' distance there; None where that is not fixed.
_Moved = tuple[list[Fraction], list[Fraction]]


def _three(value: Any) -> list[int]:
    return [value] * 3 if isinstance(value, int) else list(value) * (3 // len(value))


def _windows(kernel: Any, stride: Any, padding: Any, dilation: Any) -> _Moved:
    reach = [(k - 1) * d for k, d in zip(_three(kernel), _three(dilation), strict=True)]
    if isinstance(padding, str):
        padding = [r // 2 if padding == "same" else 0 for r in reach]
    first = [Fraction(r, 2) - before for r, before in zip(reach, _three(padding), strict=True)]
    return first, [Fraction(s) for s in _three(stride)]


def _conv(
    result: torch.Tensor,
    input: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> _Moved:
    return _windows(weight.shape[2:], stride, padding, dilation)


def _transposed_conv(
    result: torch.Tensor,
    input: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> _Moved:
    # Voxel i of the input is spread around voxel first + jump * i of the output: the inverse.
    first, jump = _windows(weight.shape[2:], stride, padding, dilation)
    return [-f / j for f, j in zip(first, jump, strict=True)], [1 / j for j in jump]


def _max_pool(
    result: torch.Tensor,
    input: torch.Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    *args: Any,
    **kwargs: Any,
) -> _Moved:
    return _windows(kernel_size, stride or kernel_size, padding, dilation)


def _avg_pool(
    result: torch.Tensor,
    input: torch.Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    *args: Any,
    **kwargs: Any,
) -> _Moved:
    return _windows(kernel_size, stride or kernel_size, padding, 1)


def _pad(
    result: torch.Tensor,
    input: torch.Tensor,
    pad: Sequence[int],
    mode: str = "constant",
    value: float | None = None,
) -> _Moved:
    before = [0, 0, *pad[-2::-2]][-3:]  # `pad` names the last axis first
    return [Fraction(-n) for n in before], [Fraction(1)] * 3


def _resize(
    result: torch.Tensor,
    input: torch.Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> _Moved | None:
    axes = list(zip(input.shape[2:], result.shape[2:], strict=True))
    if align_corners:
        if any(m == 1 for m, _ in axes):
            return None
        return [Fraction(0)] * 3, [Fraction(m - 1, max(n - 1, 1)) for m, n in axes]
    if scale_factor is None or recompute_scale_factor:
        jump = [Fraction(m, n) for m, n in axes]
    else:
        scales = [scale_factor] * 3 if isinstance(scale_factor, (int, float)) else scale_factor
        jump = [1 / Fraction(scale) for scale in scales]
    if mode.startswith("nearest") and any((1 / step).denominator != 1 for step in jump):
        return None
    return [(step - 1) / 2 for step in jump], jump


def _index(result: torch.Tensor, input: torch.Tensor, index: Any) -> _Moved | None:
    index = list(index) if isinstance(index, tuple) else [index]
    missing = [slice(None)] * (5 - sum(part is not Ellipsis for part in index))
    where = next((i for i, part in enumerate(index) if part is Ellipsis), len(index))
    index[where : where + 1] = missing
    if len(index) != 5 or not all(isinstance(part, slice) for part in index):
        return None
    parts = [part.indices(n) for part, n in zip(index[2:], input.shape[2:], strict=True)]
    return [Fraction(start) for start, _, _ in parts], [Fraction(step) for _, _, step in parts]


_RULES: dict[str, Callable[..., _Moved | None]] = {
    "avg_pool3d": _avg_pool,
    "conv3d": _conv,
    "conv_transpose3d": _transposed_conv,
    "getitem": _index,
    "interpolate": _resize,
    "max_pool3d": _max_pool,
    "max_pool3d_with_indices": _max_pool,
    "pad": _pad,
}
