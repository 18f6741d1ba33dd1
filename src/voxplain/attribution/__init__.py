"""Attribution maps of 3D CNNs: which voxels a network's decision rests on.

Every method is a pure function ``method(model, images, targets=None, ...)`` that returns an
`AttributionResult`. To add a method, write a module in `voxplain.attribution.methods` and a line in
`MODULES`. The last three need the extra ``voxplain[captum]``.

A method's module is imported when somebody asks for the method, so that a job loads, and depends
on, the one that it applies.
"""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from voxplain.attribution.methods.captum_methods import (
        integrated_gradients,
        occlusion,
        smooth_grad,
    )
    from voxplain.attribution.methods.grad_cam import grad_cam
    from voxplain.attribution.methods.gradient_maps import gradient_maps
    from voxplain.attribution.methods.guided_backprop import guided_backprop
    from voxplain.attribution.methods.meaningful_perturbation import meaningful_perturbation
    from voxplain.attribution.result import AttributionResult

# Of each method that a run can apply, the module in `voxplain.attribution.methods`
MODULES = {
    "meaningful_perturbation": "meaningful_perturbation",
    "guided_backprop": "guided_backprop",
    "grad_cam": "grad_cam",
    "integrated_gradients": "captum_methods",
    "smooth_grad": "captum_methods",
    "occlusion": "captum_methods",
}

_OTHERS = {
    "gradient_maps": "voxplain.attribution.methods.gradient_maps",
    "AttributionResult": "voxplain.attribution.result",
}


def method_module(method: str) -> str:
    """Return the full name of the module that holds a method of `METHODS`."""
    return f"{__name__}.methods.{MODULES[method]}"


class _Methods(Mapping[str, "Callable[..., AttributionResult]"]):
    """The methods' functions by name."""

    def __getitem__(self, method: str) -> "Callable[..., AttributionResult]":
        function: Callable[..., AttributionResult] = getattr(
            import_module(method_module(method)), method
        )
        return function

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)


METHODS = _Methods()

__all__ = [
    "METHODS",
    "AttributionResult",
    "grad_cam",
    "gradient_maps",
    "guided_backprop",
    "integrated_gradients",
    "meaningful_perturbation",
    "occlusion",
    "smooth_grad",
]


def __getattr__(name: str) -> Any:
    if name in MODULES:
        return METHODS[name]
    if name in _OTHERS:
        return getattr(import_module(_OTHERS[name]), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
