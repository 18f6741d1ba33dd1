"""The style of all figures: sizes in mm, colour-blind-safe colours, reproducible files."""

import functools
import os
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from voxplain.run.atomic import atomic_path
from voxplain.run.files import write_table

MM = 1 / 25.4
WIDTH_MM = 180.0  # two journal columns
DPI = 200

# Okabe and Ito's palette: distinct with every common colour-vision deficiency
NEGATIVE = "#E69F00"
POSITIVE = "#0072B2"
ACCENT = "#009E73"
WARNING = "#D55E00"
NEUTRAL = "#7F7F7F"
INK = "#333333"  # lines and text that are not data
LIGHT = "#C8C8C8"
OUTLINE = "#56B4E9"
SEQUENTIAL = "inferno"
BOX = {"boxstyle": "square,pad=0.1", "color": "white"}  # behind letters on a slice
DIVERGING = "PuOr"  # for values with a sign; orange is negative, as in the palette

METHOD_COLOURS = {
    "meaningful_perturbation": POSITIVE,
    "guided_backprop": NEGATIVE,
    "grad_cam": ACCENT,
    "integrated_gradients": "#CC79A7",
    "smooth_grad": OUTLINE,
    "occlusion": WARNING,
}

RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # ships with matplotlib: no machine lacks it
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.linewidth": 0.4,
    "grid.color": "#E4E4E4",
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "path",  # glyphs travel inside the file: the same look in every viewer
    "svg.hashsalt": "voxplain",  # element ids that do not change from run to run
}


def styled(function: Callable[..., Figure]) -> Callable[..., Figure]:
    """Run a figure function in the shared style; matplotlib's settings stay as they were."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Figure:
        with mpl.rc_context(RC):
            return function(*args, **kwargs)

    return wrapper


def new_figure(height_mm: float, width_mm: float = WIDTH_MM, **options: Any) -> Figure:
    """Make an empty figure.

    Parameters
    ----------
    height_mm, width_mm : float
    **options
        For `matplotlib.figure.Figure`.
    """
    return Figure(figsize=(width_mm * MM, height_mm * MM), **options)


def mark_sides(axes: Axes, inset: float) -> None:
    """Write L and R into the upper corners of a slice seen with the left on the left.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    inset : float
        Distance from the corners, as a share of the axes.
    """
    for x, side, letter in ((inset, "left", "L"), (1 - inset, "right", "R")):
        axes.text(
            x, 1 - inset, letter, color="white", fontsize=6, ha=side, va="top",
            transform=axes.transAxes,
        )  # fmt: skip


def position(axis: str, millimetres: float) -> str:
    """Write the position of a slice along an axis, as the viewer does: ``z = 12.9 mm``.

    Parameters
    ----------
    axis : str
        x, y or z.
    millimetres : float
    """
    size = f"{abs(millimetres) + 1e-6:.1f}"  # halves are rounded up
    return f"{axis} = {'−' if millimetres < 0 and size != '0.0' else ''}{size} mm"


def across(shape: Sequence[int], axis: int, level: int, affine: np.ndarray) -> float:
    """Position of the middle of a slice along the axis across it, mm.

    Parameters
    ----------
    shape : sequence of int
        Of the volume.
    axis, level : int
        The slice is ``volume.take(level, axis)``.
    affine : (4, 4) array
        Voxel to world, mm.
    """
    centre = (np.array(shape) - 1) / 2
    centre[axis] = level
    return float(affine[axis, :3] @ centre + affine[axis, 3])


def colour_bar(figure: Figure, top: float, unit: str, floor: float, **place: Any) -> Colorbar:
    """Draw the colour bar of attention maps, with a white line where colours start.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    top : float
        The brightest colour's value; the darkest is 0.
    unit : str
        What the values are.
    floor : float
        Values below are not drawn.
    **place
        ``cax``, or ``ax`` and more, as `matplotlib.figure.Figure.colorbar` takes them.
    """
    bar = figure.colorbar(ScalarMappable(Normalize(0, top), SEQUENTIAL), **place)
    bar.set_label(f"{unit}\ncolours from {floor:.2g} (white line)", size=7)
    bar.add_lines([floor], ["white"], [0.8])
    bar.outline.set_linewidth(0.5)
    return bar


def folds_and_mean(
    axes: Axes, table: pd.DataFrame, x: str, y: str, colour: str, **mean: Any
) -> None:
    """Draw a thin line per fold and a thick one for their mean.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    table : pandas.DataFrame
        Columns fold, `x` and `y`; missing values are left out of the mean.
    x, y : str
        Names of columns.
    colour : str
    **mean
        Options of the mean's line for `seaborn.lineplot`.
    """
    from seaborn import lineplot  # only for jobs that draw

    line = functools.partial(lineplot, table, x=x, y=y, color=colour, ax=axes, legend=False)
    line(units="fold", estimator=None, linewidth=0.5, alpha=0.45)
    line(errorbar=None, linewidth=2, **mean)


@styled
def note(text: str, height_mm: float = 40.0) -> Figure:
    """Draw a panel that says in words why there is nothing to draw.

    Parameters
    ----------
    text : str
        One or two sentences; line breaks are kept.
    height_mm : float
        Height of the panel in mm.
    """
    figure = new_figure(height_mm)
    figure.text(0.5, 0.5, text, ha="center", va="center", fontsize=9, color=INK, wrap=True)
    return figure


def save(
    figure: Figure,
    data: pd.DataFrame,
    png: str | os.PathLike,
    svg: str | os.PathLike,
    tsv: str | os.PathLike,
) -> None:
    """Write a figure as PNG and SVG, with its data as TSV, atomically.

    The same figure gives the same bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    data : pandas.DataFrame
        The numbers that the figure shows.
    png, svg, tsv : path
        The targets; missing folders are made.
    """
    with mpl.rc_context(RC):
        with atomic_path(png) as temporary:
            figure.savefig(temporary, format="png", dpi=DPI, metadata={"Software": None})
        with atomic_path(svg) as temporary:
            figure.savefig(temporary, format="svg", dpi=DPI, metadata={"Date": None})
    write_table(tsv, data)


def sequence(n: int) -> list[tuple]:
    """Return `n` colours for ordered lines, dark to light, none too light for white paper."""
    return [mpl.colormaps[SEQUENTIAL](0.85 * k / max(1, n - 1)) for k in range(n)]
