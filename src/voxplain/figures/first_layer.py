"""Figure 3: the first hidden layer's features in the two classes."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from voxplain.figures import style

PANELS = (
    ("mean", "a  Mean activation per feature", "mean activation"),
    ("entropy", "b  Entropy per feature", "entropy (nat)"),
)


@style.styled
def first_layer(
    values: pd.DataFrame, class_names: tuple[str, str], significance: float = 0.05
) -> Figure:
    """Draw mean and entropy of each first-layer feature per class (Kan 2020, appendix A, Fig. 3).

    The title says that it shows the participants the network was trained on, as the paper's does.
    Bars carry 95 % confidence intervals; ``*`` marks a feature that is significantly larger in the
    positive class and ``+`` one that is larger in the negative class, after Holm's correction.

    Parameters
    ----------
    values : pandas.DataFrame
        Columns measure (``mean`` or ``entropy``), feature, class_name, value, ci_low, ci_high,
        p_holm, larger (name of the class with the larger value).
    class_names : (str, str)
        Names of the negative and the positive class.
    significance : float
        Level below which Holm's p earns a mark.
    """
    figure = style.new_figure(120, layout="constrained")
    figure.suptitle("First hidden layer: whole-cohort model, in-sample", fontsize=8.5)
    panels = figure.subplots(2, 1)
    for axes, (measure, title, label) in zip(panels, PANELS, strict=True):
        part = values[values["measure"] == measure]
        _panel(axes, part, class_names, significance)
        axes.set_title(title, pad=12)
        axes.set_ylabel(label)
    negative, positive = class_names
    panels[1].set_xlabel(
        f"feature of the first hidden layer   (* larger in {positive}, + larger in {negative}; "
        f"Holm p < {significance:g})"
    )
    handles, labels = panels[0].get_legend_handles_labels()
    panels[0].legend(
        handles, labels, ncols=2, loc="lower right", bbox_to_anchor=(1, 1.0), borderaxespad=0.2
    )
    return figure


def _panel(
    axes: Axes, part: pd.DataFrame, class_names: tuple[str, str], significance: float
) -> None:
    """Draw the paired bars of one measure, with marks above them."""
    features = sorted(part["feature"].unique())
    places = np.arange(len(features))
    colours = (style.NEGATIVE, style.POSITIVE)
    tops = np.zeros(len(features))
    for i in range(2):
        rows = part[part["class_name"] == class_names[i]].set_index("feature").loc[features]
        value = rows["value"].to_numpy(float)
        low, high = rows["ci_low"].to_numpy(float), rows["ci_high"].to_numpy(float)
        axes.bar(
            places + (i - 0.5) * 0.4,
            value,
            width=0.38,
            color=colours[i],
            yerr=np.stack([value - low, high - value]),
            error_kw={"elinewidth": 0.7, "ecolor": style.INK},
            label=class_names[i],
        )
        tops = np.maximum(tops, np.maximum(value, high))
    tests = part.drop_duplicates("feature").set_index("feature").loc[features]
    for place, top, p_holm, larger in zip(
        places, tops, tests["p_holm"], tests["larger"], strict=True
    ):
        if p_holm < significance:
            mark = "*" if larger == class_names[1] else "+"
            axes.annotate(
                mark, (place, top), (0, 1), textcoords="offset points", ha="center", va="bottom"
            )
    axes.set_xticks(places, features)
    axes.tick_params(axis="x", length=0, labelsize=6.5)
    axes.set_xlim(-0.7, len(features) - 0.3)
    axes.margins(y=0.12)
    axes.grid(axis="y")
