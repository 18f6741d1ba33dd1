"""Training curves."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from voxplain.figures import style

PANELS = (("loss", "test_loss", "cross-entropy loss"), ("accuracy", "test_accuracy", "accuracy"))


@style.styled
def history(table: pd.DataFrame) -> Figure:
    """Draw loss and accuracy over epochs: thin lines are folds, thick lines their mean.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns fold, epoch, loss, accuracy (training), test_loss, test_accuracy (held out; never
        used to choose anything).
    """
    figure = style.new_figure(66, layout="constrained")
    panels = figure.subplots(1, 2)
    curves = ((0, style.NEUTRAL, "training"), (1, style.POSITIVE, "held out"))
    for axes, (*columns, label) in zip(panels, PANELS, strict=True):
        for i, colour, name in curves:
            style.folds_and_mean(axes, table, "epoch", columns[i], colour, label=name)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_ylabel(label)
        axes.grid(axis="y")
    panels[0].set_ylim(bottom=0)
    panels[1].set_ylim(0, 1.02)
    panels[1].legend(loc="lower right")
    return figure
