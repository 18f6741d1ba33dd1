"""One function per figure; each returns a `matplotlib.figure.Figure`, `save` writes it.

Figures are built without pyplot's state and are the same bytes for the same input.
"""

from voxplain.figures.accuracy import accuracy, masked_accuracy
from voxplain.figures.attention import attention
from voxplain.figures.convergence import convergence
from voxplain.figures.first_layer import first_layer
from voxplain.figures.history import history
from voxplain.figures.importances import importances
from voxplain.figures.overlap import localisation, overlap
from voxplain.figures.quality import quality_montage
from voxplain.figures.style import note, save

__all__ = [
    "accuracy",
    "attention",
    "convergence",
    "first_layer",
    "history",
    "importances",
    "localisation",
    "masked_accuracy",
    "note",
    "overlap",
    "quality_montage",
    "save",
]
