"""The regions that each method marks most, with intervals over folds."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from voxplain.figures import style
from voxplain.names import method_name
from voxplain.stats.over_folds import ALPHA

TOP = 10


@style.styled
def regions(tables: Mapping[str, pd.DataFrame], methods: Sequence[str]) -> Figure:
    """Draw the highest regions of each method's map per atlas (Table 2).

    Parameters
    ----------
    tables : mapping of atlas to DataFrame
        Columns method, rank, name, score, p_fwe, fold_low, fold_high (missing without folds).
    methods : sequence of str

    Returns
    -------
    matplotlib.figure.Figure
        One row per method, one column per atlas. Bars are scores of the mean map; lines are 95 %
        intervals over folds; filled bars exceed smooth random maps (family-wise p < .05).
    """
    figure = style.new_figure(14 + 52 * len(methods), layout="constrained")
    panels = figure.subplots(len(methods), len(tables), sharex="col", squeeze=False)
    for row, method in zip(panels, methods, strict=True):
        for axes, (atlas, table) in zip(row, tables.items(), strict=True):
            rows = table[(table["method"] == method) & (table["score"] > 0)]
            _bars(axes, rows.nsmallest(TOP, "rank"))
            axes.set_title(f"{method_name(method)}: {atlas}")
    for axes in panels[-1]:
        axes.set_xlim(left=0)
        axes.set_xlabel("score (sums to 1 over the regions)")
    handles = [
        _block(style.POSITIVE, "above smooth random maps (p FWE < .05)"),
        _block(style.LIGHT, "not above them"),
        Line2D([], [], color=style.INK, label="95 % interval over folds"),
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=3)
    return figure


def _block(colour: str, label: str) -> Line2D:
    return Line2D([], [], color=colour, label=label, marker="s", linestyle="", markersize=6)


def _bars(axes: Axes, shown: pd.DataFrame) -> None:
    """Draw one method's highest regions of one atlas, the highest on top."""
    places = np.arange(len(shown))[::-1]
    colours = [style.POSITIVE if p < ALPHA else style.LIGHT for p in shown["p_fwe"]]
    axes.barh(places, shown["score"], color=colours, height=0.7)
    axes.hlines(places, shown["fold_low"], shown["fold_high"], color=style.INK, linewidth=1)
    axes.set_yticks(places, shown["name"])
    axes.tick_params(axis="y", length=0, labelsize=6.5)
    axes.grid(axis="x")
    if shown.empty:
        axes.text(0.5, 0.5, "zero in every region", ha="center", transform=axes.transAxes)
