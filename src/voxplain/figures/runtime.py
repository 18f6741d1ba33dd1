"""Run time of each method."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from voxplain.figures import style
from voxplain.names import method_name


@style.styled
def runtime(table: pd.DataFrame) -> Figure:
    """Draw the time per map of each method on a logarithmic axis, and its whole time as a label.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns method, seconds, maps, seconds_per_map.
    """
    places = np.arange(len(table))[::-1]
    figure = style.new_figure(22 + 9 * len(table), layout="constrained")
    axes = figure.add_subplot()
    axes.barh(places, table["seconds_per_map"], height=0.55, color=style.POSITIVE)
    for place, row in zip(places, table.itertuples(), strict=True):
        axes.annotate(
            f"{row.seconds:.3g} s for {row.maps} maps",
            (row.seconds_per_map, place),
            (4, 0),
            textcoords="offset points",
            va="center",
            fontsize=7.5,
        )
    axes.set_yticks(places, [method_name(method) for method in table["method"]])
    axes.set_xscale("log")
    low, high = table["seconds_per_map"].min(), table["seconds_per_map"].max()
    axes.set_xlim(low / 2, high * 20)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    axes.set_xlabel("seconds per map (logarithmic)")
    return figure
