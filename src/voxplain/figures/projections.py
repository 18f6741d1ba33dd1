"""A method's whole group map: in a glass brain and on the cortical surface."""

import os
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from nibabel import Nifti1Image

from voxplain.figures import style
from voxplain.figures.attention import FLOOR, SCALED, UNITS, peak
from voxplain.names import method_name

MESH = "fsaverage5"  # comes with nilearn: nothing is fetched
VIEWS = (("left", "lateral"), ("left", "medial"), ("right", "medial"), ("right", "lateral"))
ROW_MM = 58.0
PERCENTILES = (50, 90, 95, 99)


@style.styled
def projections(maps: Mapping[str, np.ndarray], affine: np.ndarray) -> Figure:
    """Draw each method's conjoined map as maximum projections and on the inflated cortex.

    Parameters
    ----------
    maps : mapping of method to (X, Y, Z) array
        Conjoined maps in MNI152 space.
    affine : (4, 4) array
        Voxel to world, mm.

    Returns
    -------
    matplotlib.figure.Figure
        One row per method; values below a fifth of the maximum are not drawn.
    """
    figure = style.new_figure(ROW_MM * len(maps))
    height = 1 / len(maps)
    for row, (method, volume) in enumerate(maps.items()):
        bottom = 1 - (row + 1) * height
        figure.text(
            0.01, bottom + 0.9 * height, method_name(method), fontweight="bold", fontsize=8.5
        )
        top = float(volume.max())
        if top == 0:
            figure.text(0.01, bottom + 0.5 * height, "The map is zero everywhere.")
            continue
        image = Nifti1Image(volume.astype(np.float32), affine)
        _glass(figure, (0.0, bottom + 0.46 * height, 0.86, 0.42 * height), image, top)
        _surfaces(figure, bottom, height, image, top)
        axes = figure.add_axes((0.89, bottom + 0.15 * height, 0.014, 0.7 * height))
        style.colour_bar(figure, top, UNITS.get(method, SCALED), FLOOR * top, cax=axes)
    return figure


def projections_data(
    maps: Mapping[str, np.ndarray],
    affine: np.ndarray,
    brain: np.ndarray,
    images: Mapping[str, str | os.PathLike],
) -> pd.DataFrame:
    """Tabulate what `projections` draws, and from which files.

    Parameters
    ----------
    maps, affine
        As there.
    brain : (X, Y, Z) bool array
    images : mapping of method to path
        NIfTI file of its map.

    Returns
    -------
    pandas.DataFrame
        One row per method: method, image; x_mm, y_mm, z_mm and peak (value) inside the brain;
        maximum (brightest colour) and drawn_from (first colour) of the whole box; percentiles
        p50, p90, p95, p99 inside the brain.
    """
    rows = []
    for method, volume in maps.items():
        place = zip(("x_mm", "y_mm", "z_mm"), peak(volume, brain, affine), strict=True)
        inside, top = volume[brain], float(volume.max())
        row = {"method": method, "image": os.fspath(images[method]), **dict(place)}
        row |= {"peak": float(inside.max()), "maximum": top, "drawn_from": FLOOR * top}
        row |= {f"p{share}": float(np.percentile(inside, share)) for share in PERCENTILES}
        rows.append(row)
    return pd.DataFrame(rows)


def _glass(
    figure: Figure,
    rectangle: tuple[float, float, float, float],
    image: Nifti1Image,
    top: float,
) -> None:
    """Draw maximum projections: left half, from behind, right half, from above."""
    from nilearn.plotting import plot_glass_brain  # slow: not for jobs that draw no maps

    display = plot_glass_brain(
        image,
        figure=figure,
        axes=rectangle,
        display_mode="lyrz",
        colorbar=False,
        threshold=FLOOR * top,
        vmin=0,
        vmax=top,
        cmap=style.SEQUENTIAL,
        plot_abs=False,
        annotate=False,
    )
    display.annotate(left_right=True, positions=False, size=7)
    for half in "lr":
        axes = display.axes[half].ax
        letter = half.upper()
        axes.text(0.1, 0.95, letter, fontsize=7, va="top", bbox=style.BOX, transform=axes.transAxes)


def _surfaces(figure: Figure, bottom: float, height: float, image: Nifti1Image, top: float) -> None:
    """Draw both hemispheres from outside and inside, as pixels: a surface has 20,000 facets."""
    from nilearn.datasets import load_fsaverage, load_fsaverage_data
    from nilearn.plotting import plot_surf_stat_map
    from nilearn.surface import SurfaceImage

    mesh = load_fsaverage(MESH)
    surface = SurfaceImage.from_volume(
        mesh=mesh["pial"], volume_img=image, inner_mesh=mesh["white_matter"]
    )
    grooves = load_fsaverage_data(mesh=MESH, data_type="sulcal")
    for column, (side, view) in enumerate(VIEWS):
        axes = figure.add_axes(
            (0.215 * column, bottom, 0.21, 0.46 * height), projection="3d", rasterized=True
        )
        plot_surf_stat_map(
            stat_map=surface,
            surf_mesh=mesh["inflated"],
            bg_map=grooves,
            hemi=side,
            view=view,
            engine="matplotlib",
            figure=figure,
            axes=axes,
            colorbar=False,
            threshold=FLOOR * top,
            vmin=0,
            vmax=top,
            cmap=style.SEQUENTIAL,
        )
        for artist in axes.collections:
            artist.set_rasterized(True)
        axes.set_title(f"{side}, {view}", fontsize=7, fontweight="normal", loc="center", y=-0.02)
