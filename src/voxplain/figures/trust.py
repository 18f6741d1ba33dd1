"""Whether the maps can be trusted: deletion and insertion, sanity and stability."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from voxplain.evaluation.trust.sanity_and_stability import IGNORANT
from voxplain.figures import style
from voxplain.names import method_name

CONTROL_STYLES = {"input_gradient": ":", "edges": "--", "group_difference": "-."}
CONTROL_MARKERS = {"input_gradient": "^", "edges": "s"}
FILLS = {"blur": "replaced by blur", "mean": "replaced by the brain's mean"}
RANDOM: dict[str, Any] = {"linewidth": 0.8, "alpha": 0.45}
TESTS = {"deletion": "deleted, highest first", "insertion": "inserted, highest first"}


@style.styled
def faithfulness(curves: pd.DataFrame) -> Figure:
    """Draw the target's probability while voxels are deleted or inserted, highest first.

    Parameters
    ----------
    curves : pandas.DataFrame
        Columns method, random (bool: the mean of random orders as smooth as the participants'
        maps), test, fill, fraction (of the brain), probability.
    """
    figure = style.new_figure(120, layout="constrained")
    panels = figure.subplots(2, 2, sharex=True, sharey=True)
    for row, (test, order) in zip(panels, TESTS.items(), strict=True):
        for axes, (fill, replaced) in zip(row, FILLS.items(), strict=True):
            part = curves[(curves["test"] == test) & (curves["fill"] == fill)]
            for (method, random), curve in part.groupby(["method", "random"], sort=False):
                if random and method not in style.METHOD_COLOURS:
                    continue
                axes.plot(curve["fraction"], curve["probability"], **_line(method, random))
            axes.set_title(f"{test}, {replaced}")
            axes.grid(axis="y")
        row[0].set_ylabel("probability of the target")
        for axes in row:
            axes.set_xlabel(f"share of the brain {order}")
            axes.xaxis.set_tick_params(labelbottom=True)
    panels[0, 0].set_xlim(0, 1)
    lines = [line for line in panels[0, 0].lines if not line.get_label().startswith("random")]
    lines.append(
        Line2D([], [], **RANDOM, color=style.INK, label="random orders (their method's colour)")
    )
    figure.legend(handles=lines, loc="outside lower center", ncols=3)
    return figure


def _line(method: str, random: bool) -> dict[str, Any]:
    if random:
        name = f"random, as smooth as {method_name(method)}"
        return RANDOM | {"color": style.METHOD_COLOURS[method], "label": name}
    colour = style.METHOD_COLOURS.get(method, style.NEUTRAL)
    name = method_name(method)
    if method in CONTROL_STYLES:
        return {"color": colour, "linestyle": CONTROL_STYLES[method], "label": name}
    return {"color": colour, "linewidth": 2, "label": name}


@style.styled
def robustness(table: pd.DataFrame, sane_below: float) -> Figure:
    """Draw how similar the maps of changed networks are to those of the unchanged one.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns method, kind, level, spearman, ci_low, ci_high (95 % interval over participants);
        the kind ``other participant`` is the similarity of two participants' maps by the unchanged
        network.
    sane_below : float
        Maps of networks that have learnt nothing should stay below.
    """
    level = table["level"].fillna("").astype(str)
    table = table.assign(change=(table["kind"] + " " + level).str.strip())
    ignorant = table["kind"].isin(IGNORANT)
    border = table.loc[ignorant, "change"].nunique() - 0.5
    table = pd.concat([table[ignorant], table[~ignorant]])
    places = {name: place for place, name in enumerate(table["change"].unique())}
    methods = list(dict.fromkeys(table["method"]))
    figure = style.new_figure(90, layout="constrained")
    axes = figure.add_subplot()
    spacing = 0.8 / (len(methods) + 1)
    for k, method in enumerate(methods):
        part = table[table["method"] == method]
        x = part["change"].map(places) + (k - (len(methods) - 1) / 2) * spacing
        spread = np.abs(part[["ci_low", "ci_high"]].sub(part["spearman"], axis=0)).T
        axes.errorbar(
            x,
            part["spearman"],
            yerr=spread.to_numpy(),
            fmt=CONTROL_MARKERS.get(method, "o"),
            markersize=4,
            elinewidth=0.8,
            color=style.METHOD_COLOURS.get(method, style.NEUTRAL),
            label=method_name(method),
        )
    axes.plot(
        [-0.5, border],
        [sane_below, sane_below],
        color=style.INK,
        linewidth=0.9,
        linestyle="--",
        label="randomised networks should stay below",
    )
    axes.axhline(0, color=style.INK, linewidth=0.6)
    axes.axvline(border, color=style.LIGHT, linewidth=0.8)
    axes.set_xlim(-0.5, len(places) - 0.5)
    axes.set_xticks(list(places.values()), list(places), rotation=30, ha="right")
    axes.set_ylabel("Spearman's rho with the unchanged network's map")
    axes.set_ylim(-1, 1.05)
    axes.grid(axis="y")
    figure.legend(loc="outside upper center", ncols=3)
    return figure
