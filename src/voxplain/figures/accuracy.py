"""Accuracy of the models, and of the network on masked images."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from voxplain import paper
from voxplain.figures import style
from voxplain.names import method_name, model_name


@style.styled
def accuracy(table: pd.DataFrame) -> Figure:
    """Draw every model's accuracy with its Wilson 95 % interval, the chance line and the paper.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns model, accuracy, ci_low, ci_high, majority (rate of the larger class), evidence
        (False: near chance, drawn hollow).
    """
    table = table.reset_index(drop=True)
    places = np.arange(len(table))[::-1]
    figure = style.new_figure(26 + 7.5 * len(table), layout="constrained")
    axes = figure.add_subplot()
    for place, row in zip(places, table.itertuples(), strict=True):
        axes.plot([row.ci_low, row.ci_high], [place, place], color=style.POSITIVE, linewidth=1.6)
        axes.plot(
            row.accuracy,
            place,
            "o",
            markersize=6,
            color=style.POSITIVE,
            markerfacecolor=style.POSITIVE if row.evidence else "white",
        )
        if row.model in paper.ACCURACY:
            axes.plot(
                paper.ACCURACY[row.model].mean,
                place + 0.28,
                "v",
                markersize=5,
                color=style.WARNING,
            )
    chance = float(table["majority"].max())
    axes.axvline(chance, color=style.INK, linestyle="--", linewidth=0.9)
    axes.set_yticks(places, [model_name(model) for model in table["model"]])
    axes.set_ylim(-0.6, len(table) - 0.2)
    axes.set_xlim(max(0.0, min(0.4, float(table["ci_low"].min()) - 0.03)), 1.0)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    axes.set_xlabel("accuracy on held-out participants (bar: Wilson 95 % interval)")
    blue = style.POSITIVE
    handles = [
        Line2D([], [], marker="o", color=blue, label="this run, above chance"),
        Line2D(
            [], [], marker="o", color=blue, markerfacecolor="white", label="this run, near chance"
        ),
        Line2D([], [], marker="v", color=style.WARNING, linestyle="", label="Kan et al. 2020"),
        Line2D([], [], color=style.INK, linestyle="--", label=f"larger class ({chance:.2f})"),
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=4)
    return figure


CONTROLS = {
    "mask": ("mask", style.POSITIVE),
    "random": ("random mask, same values and smoothness", style.LIGHT),
    "complement": ("complement of the mask", style.NEGATIVE),
}


@style.styled
def masked_accuracy(table: pd.DataFrame, majority: float) -> Figure:
    """Draw the accuracy on masked images and its controls (Kan 2020, section 4.3).

    Parameters
    ----------
    table : pandas.DataFrame
        Columns method, mask, control (``mask``, ``random``, ``complement``, and one row ``brain``
        per method), accuracy_mean, accuracy_sd (over folds), random_p95 (of the random masks' mean
        over folds; on the mask's row), paper_mean (n/a where the paper has none).
    majority : float
        Rate of the larger class, drawn as the chance line.
    """
    methods = list(dict.fromkeys(table["method"]))
    masks = list(dict.fromkeys(table.loc[table["control"] == "mask", "mask"]))
    figure = style.new_figure(80, layout="constrained")
    panels = np.atleast_1d(figure.subplots(1, len(methods), sharey=True))
    for axes, method in zip(panels, methods, strict=True):
        part = table[table["method"] == method]
        for i, (control, (label, colour)) in enumerate(CONTROLS.items()):
            rows = part[part["control"] == control].set_index("mask").reindex(masks)
            axes.bar(
                np.arange(len(masks)) + (i - 1) * 0.26,
                rows["accuracy_mean"],
                width=0.25,
                yerr=rows["accuracy_sd"],
                color=colour,
                label=label,
                error_kw={"elinewidth": 0.7, "ecolor": style.INK},
            )
        masked = part[part["control"] == "mask"].set_index("mask").reindex(masks)
        axes.hlines(
            masked["random_p95"],
            np.arange(len(masks)) - 0.13,
            np.arange(len(masks)) + 0.13,
            color=style.WARNING,
            linewidth=1.4,
            label="95th percentile of random masks",
        )
        axes.plot(
            np.arange(len(masks)) - 0.26,
            masked["paper_mean"],
            "v",
            color=style.WARNING,
            markersize=5,
            label="Kan et al. 2020",
        )
        whole = part.loc[part["control"] == "brain", "accuracy_mean"]
        axes.axhline(
            float(whole.iloc[0]), color=style.INK, linewidth=0.9, label="whole brain, no mask"
        )
        axes.axhline(majority, color=style.INK, linestyle="--", linewidth=0.9, label="larger class")
        axes.set_xticks(range(len(masks)), masks)
        axes.set_title(method_name(method))
        axes.set_ylim(0, 1)
        axes.grid(axis="y")
    panels[0].set_ylabel("accuracy, mean ± sd over folds")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure
