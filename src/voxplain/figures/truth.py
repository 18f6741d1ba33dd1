"""When each method can be believed: localisation over cohort size and effect size."""

import pandas as pd
from matplotlib.figure import Figure

from voxplain.figures import style
from voxplain.figures.trust import CONTROL_STYLES


@style.styled
def truth(table: pd.DataFrame) -> Figure:
    """Draw how well maps find planted regions, beside chance and the network's accuracy.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns participants, effect_size (Cohen's d of each planted region), method, auc (in the
        brain), null_auc_p95 (smooth random maps), cnn_accuracy, cnn_low, cnn_high. One panel per
        cohort size. Filled markers lie above their own null's 95th percentile.
    """
    sizes = sorted(table["participants"].unique())
    figure = style.new_figure(80, layout="constrained")
    panels = figure.subplots(1, len(sizes), sharey=True, squeeze=False)[0]
    for axes, size in zip(panels, sizes, strict=True):
        part = table[table["participants"] == size].sort_values("effect_size")
        cnn = part.drop_duplicates("effect_size")
        axes.fill_between(
            cnn["effect_size"], cnn["cnn_low"], cnn["cnn_high"], color=style.LIGHT, alpha=0.5,
            label="CNN's accuracy, 95 % interval",
        )  # fmt: skip
        for method, rows in part.groupby("method", sort=False):
            colour = style.METHOD_COLOURS.get(method, style.NEUTRAL)
            axes.plot(
                rows["effect_size"],
                rows["auc"],
                color=colour,
                linestyle=CONTROL_STYLES.get(method, "-"),
                linewidth=1.8 if method in style.METHOD_COLOURS else 1,
                label=style.method_name(method),
            )
            for found, face in ((True, colour), (False, "white")):
                marked = rows[(rows["auc"] > rows["null_auc_p95"]) == found]
                axes.plot(
                    marked["effect_size"], marked["auc"], "o", color=colour,
                    markerfacecolor=face, markersize=4,
                )  # fmt: skip
        axes.axhline(0.5, color=style.INK, linestyle="--", linewidth=0.8)
        axes.set_title(f"{size} participants")
        axes.set_xlabel("effect size (Cohen's d)")
        axes.set_ylim(0.2, 1.02)
        axes.grid(axis="y")
    panels[0].set_ylabel("area under the ROC curve; accuracy")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure
