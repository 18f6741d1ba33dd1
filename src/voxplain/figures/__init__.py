"""One function per figure; each returns a `matplotlib.figure.Figure`, `save` writes it.

Figures are built without pyplot's state and are the same bytes for the same input.
"""

from voxplain.figures.ablation import ablation, ablation_convergence
from voxplain.figures.accuracy import accuracy, masked_accuracy
from voxplain.figures.attention import attention, attention_data
from voxplain.figures.convergence import convergence
from voxplain.figures.first_layer import first_layer
from voxplain.figures.grids import grids
from voxplain.figures.history import history
from voxplain.figures.importances import importances
from voxplain.figures.learning import learning
from voxplain.figures.overlap import agreement, localisation, overlap
from voxplain.figures.prediction import calibration, head_size
from voxplain.figures.projections import projections, projections_data
from voxplain.figures.quality import MOST_SUSPECTS, middle, quality_montage
from voxplain.figures.regions import regions
from voxplain.figures.runtime import runtime
from voxplain.figures.stability import fold_correlations, stability
from voxplain.figures.style import note, save
from voxplain.figures.subjects import first_of_each_class, peak_level, subjects, subjects_data
from voxplain.figures.trust import faithfulness, robustness
from voxplain.figures.truth import truth

__all__ = [
    "MOST_SUSPECTS",
    "ablation",
    "ablation_convergence",
    "accuracy",
    "agreement",
    "attention",
    "attention_data",
    "calibration",
    "convergence",
    "faithfulness",
    "first_layer",
    "first_of_each_class",
    "fold_correlations",
    "grids",
    "head_size",
    "history",
    "importances",
    "learning",
    "localisation",
    "masked_accuracy",
    "middle",
    "note",
    "overlap",
    "peak_level",
    "projections",
    "projections_data",
    "quality_montage",
    "regions",
    "robustness",
    "runtime",
    "save",
    "stability",
    "subjects",
    "subjects_data",
    "truth",
]
