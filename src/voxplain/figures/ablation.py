"""How each setting of Meaningful Perturbations changes its maps."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from voxplain.evaluation.trust.ablation import PAPER
from voxplain.figures import style

COLUMNS = 3
SCORES = {
    "auc": "AUC against the planted regions",
    "fall": "fall of the probability when the highest share is blurred",
}


def _panels(knobs: list[str], height_mm: float) -> tuple[Figure, dict[str, Axes]]:
    n_rows = -(-len(knobs) // COLUMNS)
    figure = style.new_figure(14 + height_mm * n_rows, layout="constrained")
    axes = figure.subplots(n_rows, COLUMNS, sharey=True, squeeze=False).ravel()
    for empty in axes[len(knobs) :]:
        empty.remove()
    panels = dict(zip(knobs, axes, strict=False))
    for knob, panel in panels.items():
        panel.set_title(knob)
        panel.grid(axis="y")
    return figure, panels


@style.styled
def ablation(table: pd.DataFrame, score: str) -> Figure:
    """Draw score, probability drop and replaced area over the values of each setting.

    Parameters
    ----------
    table : pandas.DataFrame
        From `voxplain.evaluation.trust.ablation.ablation_table`.
    score : str
        The column that settings are judged by: auc or fall.
    """
    knobs = [knob for knob in table["knob"].unique() if knob != PAPER]
    whole = table.loc[table["knob"] == PAPER, score].iloc[0]
    figure, panels = _panels(knobs, 48)
    for knob, axes in panels.items():
        part = table[table["knob"] == knob].reset_index(drop=True)
        axes.errorbar(
            part.index, part[score], yerr=part["score_se"], fmt="o-", markersize=4,
            color=style.POSITIVE, elinewidth=0.8, label=f"{SCORES[score]} (± standard error)",
        )  # fmt: skip
        axes.plot(part.index, part["drop"], "s--", color=style.ACCENT, markersize=3,
                  label="drop of the probability with the map's own mask")  # fmt: skip
        axes.plot(part.index, part["area"], "^:", color=style.NEGATIVE, markersize=3,
                  label="share of the image replaced")  # fmt: skip
        axes.axhline(whole, color=style.LIGHT, label="score with all settings of the paper")
        for column, line in (("own", "-"), ("paper", "--")):
            axes.axvline(
                part.index[part[column]][0], color=style.NEUTRAL, linestyle=line, linewidth=0.9,
                zorder=0, label={"own": "this run's value", "paper": "the paper's value"}[column],
            )  # fmt: skip
        axes.set_xticks(part.index, [f"{value:g}" for value in part["value"]])
        axes.set_ylim(-0.05, 1.05)
    handles, labels = next(iter(panels.values())).get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure


@style.styled
def ablation_convergence(curves: pd.DataFrame) -> Figure:
    """Draw the target's probability over the iterations, one line per value of a setting.

    Parameters
    ----------
    curves : pandas.DataFrame
        Columns knob, value, iteration, probability (mean over participants).
    """
    knobs = [knob for knob in curves["knob"].unique() if knob != PAPER]
    figure, panels = _panels(knobs, 42)
    shades = style.sequence(max(curves.groupby("knob")["value"].nunique()))
    for knob, axes in panels.items():
        lines = curves[curves["knob"] == knob].groupby("value")
        for shade, (value, line) in zip(shades, lines, strict=False):
            axes.plot(line["iteration"], line["probability"], color=shade, label=f"{value:g}")
        axes.set_ylim(0, 1.05)
        axes.legend(title_fontsize=7, ncols=2)
    figure.supxlabel("iteration", fontsize=8)
    figure.supylabel("probability of the target", fontsize=8)
    return figure
