"""How the optimisation of Meaningful Perturbations went."""

import pandas as pd
from matplotlib.figure import Figure

from voxplain.figures import style

PANELS = (
    ("loss_curve", "loss (eq. 3)"),
    ("probability_curve", "probability of the target"),
    ("area_curve", "share of the image replaced"),
)


@style.styled
def convergence(curves: pd.DataFrame, converged: pd.Series) -> Figure:
    """Draw loss, probability and area over iterations: thin lines are folds, thick their mean.

    Parameters
    ----------
    curves : pandas.DataFrame
        Columns fold, iteration (from 1), loss_curve, probability_curve, area_curve: means over a
        fold's participants; missing after all of them have stopped.
    converged : pandas.Series of bool
        One value per map: whether its loss had settled by the last iteration.
    """
    figure = style.new_figure(62, layout="constrained")
    figure.suptitle(f"{int(converged.sum())} of {len(converged)} maps converged", fontsize=8.5)
    for axes, (column, label) in zip(figure.subplots(1, 3), PANELS, strict=True):
        style.folds_and_mean(axes, curves, "iteration", column, style.POSITIVE)
        axes.set_xlabel("iteration")
        axes.set_ylabel(label)
        axes.set_ylim(bottom=0)
        axes.grid(axis="y")
    return figure
