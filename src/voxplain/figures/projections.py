"""A method's group map seen whole: through a glass brain and on the cortical surface."""

from collections.abc import Mapping

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from nibabel import Nifti1Image

from voxplain.figures import style
from voxplain.figures.attention import FLOOR, SCALED, UNITS

MESH = "fsaverage5"  # comes with nilearn: nothing is fetched
VIEWS = (("left", "lateral"), ("left", "medial"), ("right", "medial"), ("right", "lateral"))
ROW_MM = 58.0


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
            0.01, bottom + 0.9 * height, style.method_name(method), fontweight="bold", fontsize=8.5
        )
        top = float(volume.max())
        if top == 0:
            figure.text(0.01, bottom + 0.5 * height, "The map is zero everywhere.")
            continue
        image = Nifti1Image(volume.astype(np.float32), affine)
        _glass(figure, (0.0, bottom + 0.46 * height, 0.86, 0.42 * height), image, top)
        _surfaces(figure, bottom, height, image, top)
        axes = figure.add_axes((0.9, bottom + 0.15 * height, 0.014, 0.7 * height))
        bar = figure.colorbar(ScalarMappable(Normalize(0, top), style.SEQUENTIAL), cax=axes)
        bar.set_label(UNITS.get(method, SCALED))
        bar.ax.axhline(FLOOR * top, color="white", linewidth=0.8)
    return figure


def _glass(figure, rectangle, image, top):
    """Draw maximum projections, with left and right from the image's affine."""
    from nilearn.plotting import plot_glass_brain  # slow: not for jobs that draw no maps

    plot_glass_brain(
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
    )


def _surfaces(figure, bottom, height, image, top):
    """Draw both hemispheres from outside and inside, as pixels: facets by the ten thousand."""
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
        axes.set_title(f"{side}, {view}", fontsize=7, fontweight="normal", loc="center", y=0.9)
