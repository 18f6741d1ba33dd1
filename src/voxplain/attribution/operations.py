"""Which torch operations a network is made of, whatever modules or functions it calls them by."""

from collections.abc import Callable, Mapping
from typing import Any

# Rectifiers and their smooth relatives other than ReLU. Gates (sigmoid, tanh) are not among them.
OTHER_RECTIFIERS = frozenset(
    {"celu", "elu", "gelu", "hardswish", "hardtanh", "leaky_relu", "mish", "prelu", "relu6"}
    | {"rrelu", "selu", "silu", "softplus", "threshold"}
)
RECTIFIERS = OTHER_RECTIFIERS | {"relu"}
_OPERATORS = {"add", "and", "floordiv", "lshift", "matmul", "mod", "mul", "or", "pow", "rshift"}
_OPERATORS |= {"sub", "truediv", "xor"}
_IN_PLACE_OPERATORS = frozenset({"__setitem__", *(f"__i{name}__" for name in _OPERATORS)})
NORMS = frozenset({"batch_norm", "group_norm", "instance_norm", "layer_norm"})


def operation(function: Callable[..., Any]) -> str:
    """Return the bare name of a torch function, method or operator: ``relu`` for ``relu_`` too."""
    return function.__name__.split(".")[0].strip("_")


def is_in_place(function: Callable[..., Any], kwargs: Mapping[str, Any]) -> bool:
    """Tell whether a call writes its result into its input.

    Parameters
    ----------
    function : callable
        Torch function, method or operator.
    kwargs : mapping
        The call's keyword arguments.
    """
    name = function.__name__.split(".")[0]
    if name.startswith("__"):
        return name in _IN_PLACE_OPERATORS
    return bool(kwargs.get("inplace")) or name.endswith("_")
