"""Trustworthy voxel-wise explanation of 3D CNNs on brain MRI.

The public names are imported when they are first used, so that ``import voxplain`` is fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from voxplain.atlas.files import load_atlas as load_atlas
    from voxplain.attribution.methods.grad_cam import grad_cam as grad_cam
    from voxplain.attribution.methods.gradient_maps import gradient_maps as gradient_maps
    from voxplain.attribution.methods.guided_backprop import guided_backprop as guided_backprop
    from voxplain.attribution.methods.meaningful_perturbation import (
        meaningful_perturbation as meaningful_perturbation,
    )
    from voxplain.attribution.perturbation_settings import (
        PerturbationSettings as PerturbationSettings,
    )
    from voxplain.attribution.result import AttributionResult as AttributionResult
    from voxplain.cohort.folds import make_splits as make_splits
    from voxplain.evaluation.maps.localisation import localisation as localisation
    from voxplain.evaluation.maps.overlap import dice as dice
    from voxplain.evaluation.maps.overlap import top_fraction as top_fraction
    from voxplain.evaluation.prediction.learning_curves import nested_subsets as nested_subsets
    from voxplain.evaluation.trust.deletion_insertion import (
        deletion_insertion_curves as deletion_insertion_curves,
    )
    from voxplain.evaluation.trust.sanity_and_stability import (
        compare_with_intact as compare_with_intact,
    )
    from voxplain.explain import Explained as Explained
    from voxplain.explain import explain_image as explain_image
    from voxplain.explain import open_network as open_network
    from voxplain.explain import write_map as write_map
    from voxplain.export.labels import bids_labels as bids_labels
    from voxplain.image.downsample import downsample_file as downsample_file
    from voxplain.image.downsample import downsample_nifti as downsample_nifti
    from voxplain.image.grid import Grid as Grid
    from voxplain.image.intensity import normalise as normalise
    from voxplain.image.nifti import read_volume as read_volume
    from voxplain.image.nifti import write_volume as write_volume
    from voxplain.network.cnn import load_model as load_model
    from voxplain.network.cnn import save_model as save_model
    from voxplain.network.input_form import ModelInput as ModelInput
    from voxplain.regions.ranked import regions_with_null as regions_with_null
    from voxplain.stats.accuracy import accuracy_summary as accuracy_summary
    from voxplain.stats.over_folds import corrected_t as corrected_t
    from voxplain.stats.spatial_null import surrogates as surrogates

__version__ = "0.1.0"

_MODULES = {
    "AttributionResult": "attribution.result",
    "Explained": "explain",
    "Grid": "image.grid",
    "ModelInput": "network.input_form",
    "PerturbationSettings": "attribution.perturbation_settings",
    "accuracy_summary": "stats.accuracy",
    "bids_labels": "export.labels",
    "compare_with_intact": "evaluation.trust.sanity_and_stability",
    "corrected_t": "stats.over_folds",
    "deletion_insertion_curves": "evaluation.trust.deletion_insertion",
    "dice": "evaluation.maps.overlap",
    "downsample_file": "image.downsample",
    "downsample_nifti": "image.downsample",
    "explain_image": "explain",
    "grad_cam": "attribution.methods.grad_cam",
    "gradient_maps": "attribution.methods.gradient_maps",
    "guided_backprop": "attribution.methods.guided_backprop",
    "load_atlas": "atlas.files",
    "load_model": "network.cnn",
    "localisation": "evaluation.maps.localisation",
    "make_splits": "cohort.folds",
    "meaningful_perturbation": "attribution.methods.meaningful_perturbation",
    "nested_subsets": "evaluation.prediction.learning_curves",
    "normalise": "image.intensity",
    "open_network": "explain",
    "read_volume": "image.nifti",
    "regions_with_null": "regions.ranked",
    "save_model": "network.cnn",
    "surrogates": "stats.spatial_null",
    "top_fraction": "evaluation.maps.overlap",
    "write_map": "explain",
    "write_volume": "image.nifti",
}
__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
