"""How far the methods agree with each other, and with the truth where it is known."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from voxplain.figures import style
from voxplain.names import method_name


@style.styled
def overlap(table: pd.DataFrame) -> Figure:
    """Draw the paper's agreement, true Dice and its chance level (Table 3).

    Parameters
    ----------
    table : pandas.DataFrame
        Columns method_a, method_b, paper, agreement (share of the box's voxels on which two binary
        masks agree), agreement_chance (of independent masks of these sizes), dice_threshold
        (missing where a mask is empty), dice_equal_area, chance (independent masks of equal size),
        null_p95 (95th percentile of smoothness-matched random masks).
    """
    bars = (
        ("agreement", "agreement over the whole box (the paper's number)", style.LIGHT),
        ("dice_threshold", "Dice in the brain, paper's thresholds", style.NEGATIVE),
        ("dice_equal_area", "Dice in the brain, equal area", style.POSITIVE),
    )
    places = np.arange(len(table))
    empty = {"dice_threshold": table["dice_threshold"].isna()}
    empty["dice_equal_area"] = table["chance"] == 0  # of masks of which one has no voxel
    figure = style.new_figure(84, layout="constrained")
    axes = figure.add_subplot()
    for i, (column, label, colour) in enumerate(bars):
        middles = places + (i - 1) * 0.24
        axes.bar(middles, table[column], width=0.22, color=colour, label=label)
        for middle in middles[empty.get(column, [])]:
            axes.text(middle, 0.02, "empty mask", rotation=90, ha="center", fontsize=7)
    axes.plot(
        places - 0.24, table["paper"], "v", color=style.WARNING, markersize=5, label="Kan et al."
    )
    axes.hlines(
        table["agreement_chance"],
        places - 0.24 - 0.13,
        places - 0.24 + 0.13,
        color=style.INK,
        linestyle="--",
        label="agreement of independent masks",
    )
    left, right = places + 0.24 - 0.13, places + 0.24 + 0.13
    axes.hlines(
        table["chance"], left, right, color=style.INK, linestyle=":", label="chance, equal area"
    )
    axes.hlines(
        table["null_p95"],
        left,
        right,
        color=style.INK,
        label="95th percentile of smooth random masks",
    )
    pairs = zip(table["method_a"], table["method_b"], strict=True)
    axes.set_xticks(places, [f"{method_name(a)}\nand {method_name(b)}" for a, b in pairs])
    axes.tick_params(axis="x", length=0)
    axes.set_ylim(0, 1.05)
    axes.grid(axis="y")
    axes.set_ylabel("overlap (0 to 1)")
    figure.legend(loc="outside lower center", ncols=2)
    return figure


LEVELS = {
    "group": "group maps, whole brain",
    "slice": "group maps, axial slices",
    "participant": "participants' maps",
}


@style.styled
def agreement(table: pd.DataFrame) -> Figure:
    """Draw Dice between methods over a sweep of equal areas, with the band of chance.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns level (``group``, ``slice``, ``participant``), method_a, method_b, area, dice,
        chance (independent masks), null_mean and null_p95 (smooth random maps).
    """
    pairs = list(table.groupby(["method_a", "method_b"], sort=False))
    figure = style.new_figure(24 + 40 * max(len(pairs), 1), layout="constrained")
    grid = figure.subplots(max(len(pairs), 1), len(LEVELS), sharex=True, sharey=True, squeeze=False)
    for axes, (pair, part) in zip(grid, pairs, strict=False):
        axes[0].set_ylabel("\nand ".join(map(method_name, pair)) + "\n\nDice")
        for ax, level in zip(axes, LEVELS, strict=True):
            rows = part[part["level"] == level].sort_values("area")
            area = 100 * rows["area"]
            ax.fill_between(
                area,
                rows["null_mean"],
                rows["null_p95"],
                color=style.LIGHT,
                label="smooth random maps, mean to 95th percentile",
            )
            ax.plot(area, rows["chance"], ":", color=style.INK, label="independent masks")
            ax.plot(area, rows["dice"], "o-", color=style.POSITIVE, markersize=3, label="measured")
            ax.set_xscale("log")
            ax.set_xticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"])
            ax.minorticks_off()
            ax.set_ylim(0, 1)
            ax.grid(axis="y")
    for ax, title in zip(grid[0], LEVELS.values(), strict=True):
        ax.set_title(title)
    for ax in grid[-1]:
        ax.set_xlabel("area, % of the brain")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


@style.styled
def localisation(table: pd.DataFrame) -> Figure:
    """Draw how well each method's map finds the planted regions.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns method, auc, null_auc_p95 (95th percentile of smoothness-matched random maps).
    """
    table = table.reset_index(drop=True)
    places = np.arange(len(table))[::-1]
    figure = style.new_figure(28 + 9 * len(table), layout="constrained")
    axes = figure.add_subplot()
    above = table["auc"] > table["null_auc_p95"]
    axes.barh(
        places,
        table["auc"] - 0.5,
        left=0.5,
        height=0.55,
        color=[style.POSITIVE if yes else style.LIGHT for yes in above],
    )
    axes.vlines(
        table["null_auc_p95"],
        places - 0.36,
        places + 0.36,
        color=style.WARNING,
        linewidth=1.8,
        label="95th percentile of smooth random maps",
    )
    axes.axvline(0.5, color=style.INK, linestyle="--", linewidth=0.9, label="chance")
    for place, value, null in zip(places, table["auc"], table["null_auc_p95"], strict=True):
        axes.annotate(
            f"{value:.2f}",
            (max(value, null, 0.5), place),
            (5, 0),
            textcoords="offset points",
            va="center",
            fontsize=7.5,
        )
    axes.set_yticks(places, [method_name(method) for method in table["method"]])
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(min(0.3, float(table["auc"].min()) - 0.05), 1.0)
    axes.set_ylim(-0.6, len(table) - 0.4)
    axes.grid(axis="x")
    axes.set_xlabel("area under the ROC curve: map value against planted voxels, inside the brain")
    figure.legend(loc="outside upper left", ncols=2)
    return figure
