"""How accuracy depends on head size, and how well probabilities are calibrated."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from voxplain.figures import style
from voxplain.names import model_name

RESIDUALS = ("logistic_regression_tiv_residual", "voxel_svm_tiv_residual")
COLUMNS = 3


@style.styled
def head_size(table: pd.DataFrame) -> Figure:
    """Draw accuracy on all participants and on pairs matched for head size, and of head size alone.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns model (one of them ``head_size``), accuracy, ci_low, ci_high, matched_accuracy,
        matched_low, matched_high, n_pairs
        (`voxplain.evaluation.prediction.head_size_matching.head_size_table`).
    """
    alone = table.set_index("model").loc["head_size", "accuracy"]
    table = table.reset_index(drop=True)
    places = np.arange(len(table))[::-1]
    figure = style.new_figure(28 + 8.5 * len(table), layout="constrained")
    axes = figure.add_subplot()
    for place, row in zip(places, table.itertuples(), strict=True):
        colour = style.ACCENT if row.model in RESIDUALS else style.POSITIVE
        axes.errorbar(
            row.accuracy,
            place + 0.16,
            xerr=[[row.accuracy - row.ci_low], [row.ci_high - row.accuracy]],
            fmt="o",
            color=colour,
            markersize=5.5,
        )
        if row.n_pairs:
            axes.errorbar(
                row.matched_accuracy,
                place - 0.16,
                xerr=[
                    [row.matched_accuracy - row.matched_low],
                    [row.matched_high - row.matched_accuracy],
                ],
                fmt="D",
                color=style.NEGATIVE,
                markersize=4.5,
            )
    axes.axvline(0.5, color=style.INK, linestyle="--", linewidth=0.9)
    axes.axvline(alone, color=style.WARNING, linewidth=0.9)
    axes.set_yticks(places, [model_name(model) for model in table["model"]])
    axes.set_ylim(-0.6, len(table) - 0.4)
    lowest = np.nanmin(table[["ci_low", "matched_low"]].to_numpy())
    axes.set_xlim(max(0.0, min(0.4, float(lowest) - 0.03)), 1.0)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    axes.set_xlabel("accuracy on held-out participants (bar: Wilson 95 % interval)")
    pairs = f"{int(table['n_pairs'].iloc[0])} pairs"
    handles = [
        Line2D([], [], marker="o", color=style.POSITIVE, label="all participants"),
        Line2D([], [], marker="o", color=style.ACCENT, label="adjusted for head size"),
        Line2D([], [], marker="D", color=style.NEGATIVE, label=f"matched for head size ({pairs})"),
        Line2D([], [], color=style.WARNING, label=f"head size alone ({alone:.2f})"),
        Line2D([], [], color=style.INK, linestyle="--", label="chance of matched pairs (0.50)"),
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=3)
    return figure


@style.styled
def calibration(curves: pd.DataFrame, accuracy: pd.DataFrame, positive: str) -> Figure:
    """Draw observed rate over predicted probability of class 1, one panel per model.

    Parameters
    ----------
    curves : pandas.DataFrame
        Columns model, n, predicted, observed, ci_low, ci_high
        (`voxplain.evaluation.prediction.calibration.reliability`).
    accuracy : pandas.DataFrame
        Columns model, brier, calibration_slope.
    positive : str
        Name of class 1.
    """
    models = list(dict.fromkeys(curves["model"]))
    numbers = accuracy.set_index("model")
    n_rows = -(-len(models) // COLUMNS)
    figure = style.new_figure(8 + 58 * n_rows, layout="constrained")
    panels = figure.subplots(n_rows, COLUMNS, sharey=True, squeeze=False).ravel()
    for axes in panels[len(models) :]:
        axes.remove()
    for axes, model in zip(panels, models, strict=False):
        part, scores = curves[curves["model"] == model], numbers.loc[model]
        axes.plot([0, 1], [0, 1], color=style.INK, linestyle="--", linewidth=0.9)
        below, above = part["observed"] - part["ci_low"], part["ci_high"] - part["observed"]
        axes.errorbar(
            part["predicted"],
            part["observed"],
            yerr=[below, above],
            fmt="o-",
            color=style.POSITIVE,
            markersize=4,
            elinewidth=0.8,
        )
        axes.set_title(model_name(model).replace(", ", ",\n"))
        axes.text(
            0.04,
            0.96,
            f"Brier {scores['brier']:.3f}\nslope {scores['calibration_slope']:.2f}",
            transform=axes.transAxes,
            va="top",
        )
        axes.set_xlim(-0.03, 1.03)
        axes.set_ylim(-0.03, 1.03)
        axes.set_aspect("equal")
        axes.grid()
    figure.supxlabel(f"predicted probability of the class {positive}", fontsize=8)
    figure.supylabel(f"observed rate of {positive} (Wilson 95 % interval)", fontsize=8)
    return figure
