"""Attribution maps of 3D CNNs: which voxels a network's decision rests on.

Every method is a pure function ``method(model, images, targets=None, ...)`` that returns an
`AttributionResult`. To add a method, write one module and one line in `METHODS`. The last three
need the extra ``voxplain[captum]``.
"""

from voxplain.attribution.captum_methods import integrated_gradients, occlusion, smooth_grad
from voxplain.attribution.grad_cam import grad_cam
from voxplain.attribution.gradient_maps import gradient_maps
from voxplain.attribution.guided_backprop import guided_backprop
from voxplain.attribution.meaningful_perturbation import meaningful_perturbation
from voxplain.attribution.result import AttributionResult

SEEDED = frozenset({"meaningful_perturbation", "smooth_grad"})  # these draw random numbers
METHODS = {
    "meaningful_perturbation": meaningful_perturbation,
    "guided_backprop": guided_backprop,
    "grad_cam": grad_cam,
    "integrated_gradients": integrated_gradients,
    "smooth_grad": smooth_grad,
    "occlusion": occlusion,
}

__all__ = [
    "METHODS",
    "SEEDED",
    "AttributionResult",
    "grad_cam",
    "gradient_maps",
    "guided_backprop",
    "integrated_gradients",
    "meaningful_perturbation",
    "occlusion",
    "smooth_grad",
]
