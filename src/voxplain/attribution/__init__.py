"""Attribution maps of 3D CNNs: which voxels a network's decision rests on.

Every method is a pure function ``method(model, images, targets=None, ...)`` that returns an
`AttributionResult`. A further one is a module of its own and one line in `METHODS`.
"""

from voxplain.attribution.grad_cam import grad_cam
from voxplain.attribution.guided_backprop import guided_backprop
from voxplain.attribution.meaningful_perturbation import meaningful_perturbation
from voxplain.attribution.result import AttributionResult

METHODS = {
    "meaningful_perturbation": meaningful_perturbation,
    "guided_backprop": guided_backprop,
    "grad_cam": grad_cam,
}

__all__ = [
    "METHODS",
    "AttributionResult",
    "grad_cam",
    "guided_backprop",
    "meaningful_perturbation",
]
