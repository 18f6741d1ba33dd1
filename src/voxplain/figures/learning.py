"""Accuracy over the number of training participants."""

import pandas as pd
from matplotlib.figure import Figure

from voxplain.figures import style
from voxplain.names import model_name

COLOURS = (style.POSITIVE, style.NEGATIVE, style.ACCENT, style.WARNING)


@style.styled
def learning(table: pd.DataFrame) -> Figure:
    """Draw a learning curve for each model: mean over draws, and their range.

    Parameters
    ----------
    table : pandas.DataFrame
        From `voxplain.evaluation.prediction.learning_curves.over_sizes`; at most four models.
    """
    figure = style.new_figure(80, layout="constrained")
    axes = figure.add_subplot()
    curves = table.groupby("model", sort=False)
    for colour, (model, part) in zip(COLOURS, curves, strict=False):
        ends = part["n_train"], part["accuracy_low"], part["accuracy_high"]
        axes.fill_between(*ends, color=colour, alpha=0.18, linewidth=0)
        axes.plot(
            part["n_train"], part["accuracy"], "o-", color=colour, markersize=4,
            label=model_name(model),
        )  # fmt: skip
    chance = table.iloc[0]
    label = f"larger class ({chance['majority']:.2f})"
    axes.axhline(chance["majority"], color=style.INK, linestyle="--", linewidth=0.9, label=label)
    axes.axhline(
        chance["chance_high"], color=style.INK, linestyle=":", linewidth=0.9,
        label="97.5th percentile of chance",
    )  # fmt: skip
    axes.set_xlim(left=0)
    axes.set_ylim(top=1.0)
    axes.set_xlabel("training participants")
    axes.set_ylabel("accuracy on held-out participants")
    axes.grid(axis="y")
    figure.legend(loc="outside lower center", ncols=3)
    return figure
