"""One function per figure; each returns a `matplotlib.figure.Figure`, `save` writes it.

Figures are built without pyplot's state and are the same bytes for the same input.
"""

from voxplain.figures.accuracy import accuracy, masked_accuracy
from voxplain.figures.attention import attention
from voxplain.figures.convergence import convergence
from voxplain.figures.first_layer import first_layer
from voxplain.figures.history import history
from voxplain.figures.importances import importances
from voxplain.figures.overlap import agreement, localisation, overlap
from voxplain.figures.prediction import calibration, head_size
from voxplain.figures.quality import MOST_SUSPECTS, quality_montage
from voxplain.figures.style import note, save
from voxplain.figures.trust import faithfulness, robustness
from voxplain.figures.truth import truth

__all__ = [
    "MOST_SUSPECTS",
    "accuracy",
    "agreement",
    "attention",
    "calibration",
    "convergence",
    "faithfulness",
    "first_layer",
    "head_size",
    "history",
    "importances",
    "localisation",
    "masked_accuracy",
    "note",
    "overlap",
    "quality_montage",
    "robustness",
    "save",
    "truth",
]
