"""Similarity of the group maps of different folds' networks."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from voxplain.figures import style
from voxplain.names import method_name


def fold_correlations(
    maps: Mapping[tuple[str, str], np.ndarray], brain: np.ndarray
) -> pd.DataFrame:
    """Correlate the folds' conjoined maps of each method inside the brain.

    Parameters
    ----------
    maps : mapping of (method, fold) to (X, Y, Z) array
    brain : (X, Y, Z) bool array

    Returns
    -------
    pandas.DataFrame
        Columns method, fold_a, fold_b, correlation (Pearson; missing where a map is constant).
    """
    rows = []
    for method in dict.fromkeys(method for method, _ in maps):
        values = pd.DataFrame({fold: v[brain] for (m, fold), v in maps.items() if m == method})
        matrix = values.corr().rename_axis(index="fold_a", columns="fold_b")
        rows.append(matrix.reset_index().melt("fold_a", value_name="correlation"))
        rows[-1].insert(0, "method", method)
    return pd.concat(rows, ignore_index=True)


@style.styled
def stability(table: pd.DataFrame) -> Figure:
    """Draw one matrix of fold by fold correlations per method, colours from -1 to 1.

    Parameters
    ----------
    table : pandas.DataFrame
        As `fold_correlations` returns it.
    """
    from seaborn import heatmap  # only for jobs that draw

    methods = list(dict.fromkeys(table["method"]))
    figure = style.new_figure(66, layout="constrained")
    panels = figure.subplots(1, len(methods), squeeze=False)[0]
    for axes, method in zip(panels, methods, strict=True):
        part = table[table["method"] == method]
        matrix = part.pivot_table("correlation", "fold_a", "fold_b", dropna=False)
        heatmap(
            matrix, ax=axes, cmap=style.DIVERGING, vmin=-1, vmax=1, square=True, cbar=False,
            xticklabels=True, yticklabels=True,
        )  # fmt: skip
        axes.set_facecolor(style.NEUTRAL)  # seen where there is no correlation
        pairs = part.loc[part["fold_a"] < part["fold_b"], "correlation"]
        grey = ", grey: zero map" if matrix.isna().any(axis=None) else ""
        text = "zero maps" if pairs.isna().all() else f"mean of pairs {pairs.mean():.2f}{grey}"
        axes.set_title(f"{method_name(method)}\n{text}")
        axes.tick_params(length=0, labelsize=6, labelrotation=0)
        axes.set(xlabel="fold", ylabel="fold" if axes is panels[0] else "")
    label = "Pearson's r inside the brain"
    figure.colorbar(panels[0].collections[0], ax=panels.tolist(), label=label, shrink=0.8)
    return figure
