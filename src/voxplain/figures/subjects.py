"""Maps of single participants beside each other."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from voxplain.figures import style
from voxplain.figures.attention import FLOOR, peak_voxel

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
    """Index along Z of the peak inside the brain, or of the brain's middle without a peak."""
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

    Every map is scaled to its own maximum; values below a fifth of it show the image alone.

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
    figure = style.new_figure(14 + 34 * len(maps), layout="constrained")
    names = people["participant_id"] + "\n" + people["class_name"]
    panels = figure.subplots(len(maps), len(names), squeeze=False)
    sizes = np.linalg.norm(affine[:3, :3], axis=0)
    for row, (method, volumes) in zip(panels, maps.items(), strict=True):
        level = levels[method]
        z = float(affine[2, :3] @ [*np.array(images.shape[1:3]) / 2, level] + affine[2, 3])
        for axes, image, volume, name in zip(row, images, volumes, names, strict=True):
            axes.imshow(
                image[:, :, level].T, cmap="gray", origin="lower", aspect=sizes[1] / sizes[0]
            )
            top = float(volume.max())
            shown = np.ma.masked_less(volume[:, :, level].T, FLOOR * top if top else np.inf)
            axes.imshow(
                shown, cmap=style.SEQUENTIAL, vmin=0, vmax=top or 1, origin="lower", alpha=0.85,
                aspect=sizes[1] / sizes[0],
            )  # fmt: skip
            axes.set(xticks=[], yticks=[])
            style.mark_sides(axes, 0.03)
            if axes in panels[0]:
                axes.set_title(name, fontsize=7, loc="center", fontweight="normal")
        row[0].set_ylabel(f"{style.method_name(method)}\nz = {z:.0f} mm", fontsize=7)
    return figure
