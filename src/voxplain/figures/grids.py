"""Accuracy of network and voxel SVM over grids."""

import pandas as pd
from matplotlib.figure import Figure

from voxplain.figures import style
from voxplain.names import model_name

COLOURS = {"cnn": style.POSITIVE, "voxel_svm": style.NEGATIVE}


@style.styled
def grids(table: pd.DataFrame) -> Figure:
    """Draw both accuracies and their difference over the grids, coarse to fine.

    Parameters
    ----------
    table : pandas.DataFrame
        From `voxplain.evaluation.prediction.grid_sizes.over_grids`, with <model>_accuracy,
        <model>_ci_low and <model>_ci_high.
    """
    figure = style.new_figure(80, layout="constrained")
    left, right = figure.subplots(1, 2)
    names = [
        f"{row.grid.replace('x', ' × ')}\n{row.voxel_mm:.1f} mm" + ("\nthis run" if row.own else "")
        for row in table.itertuples()
    ]
    for shift, (model, colour) in zip((-0.06, 0.06), COLOURS.items(), strict=True):
        accuracy = table[f"{model}_accuracy"]
        ends = [accuracy - table[f"{model}_ci_low"], table[f"{model}_ci_high"] - accuracy]
        left.errorbar(
            table.index + shift, accuracy, yerr=ends, fmt="o-", color=colour, markersize=5,
            elinewidth=0.9, label=model_name(model),
        )  # fmt: skip
    left.axhline(0.5, color=style.INK, linestyle="--", linewidth=0.8, label="chance")
    left.set_ylabel("accuracy (Wilson 95 % interval)")
    figure.legend(loc="outside lower center", ncols=3)
    ends = [table["lead"] - table["lead_low"], table["lead_high"] - table["lead"]]
    right.errorbar(
        table.index, table["lead"], yerr=ends, fmt="o-", color=style.ACCENT, elinewidth=0.9
    )
    right.axhline(0, color=style.INK, linestyle="--", linewidth=0.8)
    right.set_ylabel("CNN minus SVM (95 % interval over folds)")
    for axes in (left, right):
        axes.set_xticks(table.index, names)
        axes.set_xlim(-0.4, len(table) - 0.6)
        axes.grid(axis="y")
    return figure
