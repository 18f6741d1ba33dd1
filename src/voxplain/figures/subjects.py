"""Maps of single participants side by side."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from voxplain.figures import style
from voxplain.figures.attention import FLOOR, peak_voxel
from voxplain.names import method_name

PER_CLASS = 3


def first_of_each_class(rows: pd.DataFrame, class_names: tuple[str, str]) -> pd.DataFrame:
    """Choose the first held-out participants of each class, in the order of the fold.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns participant_id, set, label of one fold's maps.
    class_names : (str, str)

    Returns
    -------
    pandas.DataFrame
        Columns participant_id, class_name; the index is the map's place in the fold's array.
    """
    held_out = rows[rows["set"] == "test"].reset_index(drop=True)
    chosen = held_out.groupby("label").head(PER_CLASS).sort_values("label", kind="stable")
    names = [class_names[int(label)] for label in chosen["label"]]
    return chosen[["participant_id"]].assign(class_name=names)


def peak_level(volume: np.ndarray, brain: np.ndarray) -> int:
    """Index along Z of the peak inside the brain, or of the brain's middle without a peak.

    Parameters
    ----------
    volume, brain : (X, Y, Z) arrays
        Map and boolean brain mask.
    """
    return int(peak_voxel(volume, brain)[2])


@style.styled
def subjects(
    images: np.ndarray,
    maps: Mapping[str, np.ndarray],
    people: pd.DataFrame,
    levels: Mapping[str, int],
    affine: np.ndarray,
) -> Figure:
    """Draw one axial slice of several participants' maps, one row per method.

    Every map is scaled to its own maximum. Values below a fifth of it show the image alone; if
    that leaves nothing in a slice, a text says so.

    Parameters
    ----------
    images : (n, X, Y, Z) array
        The participants' images, axes near right, anterior and superior.
    maps : mapping of method to (n, X, Y, Z) array
    people : pandas.DataFrame
        Columns participant_id, class_name, one row per participant.
    levels : mapping of method to int
        The slice that is drawn, an index along Z.
    affine : (4, 4) array
        Voxel to world, mm.
    """
    figure = style.new_figure(28 + 34 * len(maps), layout="compressed")
    names = people["participant_id"] + "\n" + people["class_name"]
    panels = figure.subplots(len(maps), len(names), squeeze=False)
    sizes = np.linalg.norm(affine[:3, :3], axis=0)
    for row, (method, volumes) in zip(panels, maps.items(), strict=True):
        level = levels[method]
        for axes, image, volume in zip(row, images, volumes, strict=True):
            _slice(axes, image[:, :, level].T, volume[:, :, level].T, float(volume.max()))
            axes.set_aspect(sizes[1] / sizes[0])
        height = style.position("z", style.across(images.shape[1:], 2, level, affine))
        row[0].set_ylabel(f"{method_name(method)}\n{height}", fontsize=7)
    for axes, name in zip(panels[0], names, strict=True):
        axes.set_title(name, fontsize=7, loc="center", fontweight="normal")
    unit = "share of the maximum of the participant's map"
    below = panels.ravel().tolist()
    style.colour_bar(figure, 1.0, unit, FLOOR, ax=below, location="bottom", shrink=0.5, aspect=50)
    return figure


def _slice(axes: Axes, image: np.ndarray, values: np.ndarray, top: float) -> None:
    """Draw a slice of a map with the maximum `top` on the image, or say why there is nothing."""
    shown = np.ma.masked_where(~_coloured(values, top), values)
    axes.imshow(image, cmap="gray", origin="lower")
    axes.imshow(shown, cmap=style.SEQUENTIAL, vmin=0, vmax=top or 1, origin="lower", alpha=0.85)
    axes.set(xticks=[], yticks=[])
    style.mark_sides(axes, 0.03)
    if not shown.count():
        axes.text(
            0.5,
            0.03,
            f"below {FLOOR:g} in this slice" if top else "zero everywhere",
            color="white",
            fontsize=6,
            ha="center",
            va="bottom",
            transform=axes.transAxes,
        )


def _coloured(values: np.ndarray, top: float) -> np.ndarray:
    """Which values of a map with the maximum `top` are drawn."""
    return values >= (FLOOR * top if top else np.inf)


def subjects_data(
    maps: Mapping[str, np.ndarray],
    people: pd.DataFrame,
    levels: Mapping[str, int],
    affine: np.ndarray,
    files: Mapping[str, str],
) -> pd.DataFrame:
    """Tabulate what `subjects` draws, and from which files.

    Parameters
    ----------
    maps, people, levels, affine
        As there; the index of `people` is the map's place in its file.
    files : mapping of method to str
        File (``.npy``) of all maps of the fold.

    Returns
    -------
    pandas.DataFrame
        One row per panel: participant_id, class_name, method, file, map (its place in the file,
        from 0), slice (index along Z) and its z_mm, maximum of the map, drawn_from (first colour),
        voxels (drawn in the slice).
    """
    rows = []
    for method, volumes in maps.items():
        level = levels[method]
        height = style.across(volumes.shape[1:], 2, level, affine)
        for person, volume in zip(people.itertuples(), volumes, strict=True):
            top = float(volume.max())
            drawn = np.count_nonzero(_coloured(volume[:, :, level], top))
            who = (person.participant_id, person.class_name, method, files[method], person.Index)
            rows.append((*who, level, height, top, FLOOR * top, drawn))
    columns = ["participant_id", "class_name", "method", "file", "map"]
    columns += ["slice", "z_mm", "maximum", "drawn_from", "voxels"]
    return pd.DataFrame(rows, columns=columns)
