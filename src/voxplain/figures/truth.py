"""When each method can be trusted: localisation over cohort size and effect size."""

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from voxplain.figures import style
from voxplain.figures.trust import CONTROL_STYLES
from voxplain.names import method_name


@style.styled
def truth(table: pd.DataFrame) -> Figure:
    """Draw how well maps find planted regions, with chance and the network's accuracy.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns participants, effect_size (Cohen's d of each planted region), method, auc (in the
        brain), auc_low, auc_high (over the cohort's folds), null_auc_p95 (smooth random maps),
        cnn_low, cnn_high, evidence (bool: the network is better than chance). One panel per cohort
        size. Filled markers lie above their own null's 95th percentile.
    """
    sizes = sorted(table["participants"].unique())
    # Side by side, so that no interval hides another's.
    step = 0.02 * np.ptp(table["effect_size"]) or 0.02
    names = list(table["method"].unique())
    aside = {method: step * (k - (len(names) - 1) / 2) for k, method in enumerate(names)}
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
            rows = rows.assign(place=rows["effect_size"] + aside[method])
            axes.plot(
                rows["place"],
                rows["auc"],
                color=colour,
                linestyle=CONTROL_STYLES.get(method, "-"),
                linewidth=1.8 if method in style.METHOD_COLOURS else 1,
                label=method_name(method),
            )
            axes.vlines(
                rows["place"], rows["auc_low"], rows["auc_high"], color=colour,
                linewidth=0.7, alpha=0.6,
            )  # fmt: skip
            for above, face in ((True, colour), (False, "white")):
                marked = rows[(rows["auc"] > rows["null_auc_p95"]) == above]
                axes.plot(
                    marked["place"], marked["auc"], "o", color=colour,
                    markerfacecolor=face, markersize=4,
                )  # fmt: skip
        axes.axhline(0.5, color=style.INK, linewidth=0.8, label="chance")
        for effect in cnn.loc[~cnn["evidence"].astype(bool), "effect_size"]:
            axes.axvline(
                effect, color=style.WARNING, linewidth=12, alpha=0.25, zorder=0,
                label="CNN not better than chance",
            )  # fmt: skip
        axes.set_title(f"{size} participants")
        axes.set_xlabel("effect size (Cohen's d)")
        axes.set_xticks(sorted(cnn["effect_size"]))
        axes.set_ylim(0.2, 1.02)
        axes.grid(axis="y")
    panels[0].set_ylabel("area under the ROC curve; accuracy")
    marks = [("filled: above 95 % of smooth random maps", style.INK), ("open: not above", "white")]
    for name, face in marks:
        panels[0].plot([], [], "o", color=style.INK, markerfacecolor=face, markersize=4, label=name)
    entries: dict[str, Artist] = {}
    for axes in panels:  # a network may fail in one panel only
        handles, labels = axes.get_legend_handles_labels()
        entries |= dict(zip(labels, handles, strict=True))
    figure.legend(list(entries.values()), list(entries), loc="outside lower center", ncols=3)
    return figure
