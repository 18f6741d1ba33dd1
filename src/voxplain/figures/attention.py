"""Figures 2a to 2c: one attribution method's group maps on the cohort's mean brain."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from nibabel import Nifti1Image

from voxplain.figures import style
from voxplain.names import method_name

UNITS = {"meaningful_perturbation": "1 − mask"}
SCALED = "share of each map's maximum"
# Below this share of the maximum the underlay shows through
FLOOR = 0.2


def peak(volume: np.ndarray, brain: np.ndarray, affine: np.ndarray) -> tuple[float, float, float]:
    """World coordinates (mm) of the largest value inside the brain.

    A map that is zero everywhere has no peak; the voxel at the brain's centre of mass is used, so
    that cuts show a brain.

    Parameters
    ----------
    volume, brain : (X, Y, Z) arrays
        Map and boolean brain mask.
    affine : (4, 4) array
        Voxel to world, mm.
    """
    x, y, z = affine[:3, :3] @ peak_voxel(volume, brain) + affine[:3, 3]
    return float(x), float(y), float(z)


def peak_voxel(volume: np.ndarray, brain: np.ndarray) -> np.ndarray:
    """Return the indices, (3,) int, of the voxel at the `peak`.

    Parameters
    ----------
    volume, brain : (X, Y, Z) arrays
        Map and boolean brain mask.
    """
    inside = np.where(brain, volume, 0.0)
    if inside.max() > 0:
        return np.array(np.unravel_index(np.argmax(inside), inside.shape))
    return np.rint(np.argwhere(brain).mean(axis=0)).astype(int)


def _cuts(
    figure: Figure,
    rectangle: tuple[float, float, float, float],
    volume: np.ndarray,
    underlay: np.ndarray,
    brain: np.ndarray,
    affine: np.ndarray,
    coordinates: tuple[float, float, float],
    scale: float,
    level: float,
    size: float,
) -> None:
    """Draw three orthogonal cuts of one map into a rectangle of the figure."""
    from nilearn.plotting.displays import OrthoSlicer  # slow: not for jobs that draw no maps

    anatomy = Nifti1Image(underlay.astype(np.float32), affine)
    display = OrthoSlicer.init_with_figure(
        anatomy, cut_coords=coordinates, figure=figure, axes=rectangle, black_bg=False
    )
    inside = underlay[brain]
    display.add_overlay(
        anatomy, threshold=None, cmap="gray", vmin=0, vmax=np.quantile(inside, 0.99)
    )
    image = Nifti1Image(volume.astype(np.float32), affine)
    if volume.max() > 0:
        display.add_overlay(
            image,
            threshold=FLOOR * scale,
            cmap=style.SEQUENTIAL,
            vmin=0,
            vmax=scale,
            transparency=0.85,
        )
    if (volume >= level).any():
        display.add_contours(image, levels=[level], colors=[style.OUTLINE], linewidths=0.9)
    display.annotate(left_right=True, positions=False, size=size)
    for axis, cut in display.axes.items():
        text = style.position(axis, cut.coord)
        cut.ax.text(
            0, 0, text, fontsize=size, va="bottom", bbox=style.BOX, transform=cut.ax.transAxes
        )


@style.styled
def attention(
    maps: np.ndarray,
    affine: np.ndarray,
    underlay: np.ndarray,
    brain: np.ndarray,
    method: str,
    class_names: tuple[str, str],
    threshold: float,
) -> Figure:
    """Draw a method's conjoined map and the two class maps in three cuts each (Kan 2020, Fig. 2).

    The cuts go through the conjoined map's peak inside the brain. L and R come from the affine, and
    the participant's left is on the left. Values outside the brain are drawn, too: a network that
    looks there is a finding. An outline marks the threshold.

    Parameters
    ----------
    maps : (3, X, Y, Z) array
        Mean map of class 0, of class 1, and the conjoined map.
    affine : (4, 4) array
        Voxel to world, mm.
    underlay : (X, Y, Z) array
        The cohort's mean T1.
    brain : (X, Y, Z) bool array
        The cohort's brain mask.
    method : str
        ``meaningful_perturbation``, ``guided_backprop`` or ``grad_cam``.
    class_names : (str, str)
        Names of the negative and the positive class.
    threshold : float
        Level of the outline, on the maps' scale (the paper's .65, .04 and .65).
    """
    conjoined = maps[2]
    coordinates = peak(conjoined, brain, affine)
    scale = float(maps.max()) or 1.0
    figure = style.new_figure(118)
    # width, height and place of each panel as shares of the figure
    panels = [
        ((0.01, 0.42, 0.85, 0.48), conjoined, 8, f"{method_name(method)}: both classes"),
        ((0.01, 0.06, 0.46, 0.26), maps[0], 6, class_names[0]),
        ((0.52, 0.06, 0.46, 0.26), maps[1], 6, class_names[1]),
    ]
    for rectangle, volume, size, title in panels:
        _cuts(
            figure, rectangle, volume, underlay, brain, affine, coordinates, scale, threshold, size
        )
        left, bottom, _, height = rectangle
        title += "" if volume.any() else ": zero everywhere"
        figure.text(left, bottom + height + 0.025, title, fontweight="bold", fontsize=8.5)
    figure.text(0.01, 0.965, _statement(conjoined, brain, threshold), fontsize=7.5, color=style.INK)
    place = figure.add_axes((0.885, 0.44, 0.018, 0.44))
    bar = style.colour_bar(figure, scale, UNITS.get(method, SCALED), FLOOR * scale, cax=place)
    if threshold <= scale:
        bar.add_lines([threshold], [style.OUTLINE], [1.2], erase=False)
    return figure


def attention_data(
    maps: np.ndarray,
    affine: np.ndarray,
    underlay: np.ndarray,
    brain: np.ndarray,
    method: str,
    class_names: tuple[str, str],
    threshold: float,
) -> pd.DataFrame:
    """Return the voxels of `attention`'s three cuts.

    Parameters
    ----------
    maps, affine, underlay, brain, method, class_names, threshold
        As there.

    Returns
    -------
    pandas.DataFrame
        One row per voxel of a cut, numbers to five decimals: axis (``x``, ``y`` or ``z``, to which
        the cut is orthogonal), the voxel's x_mm, y_mm, z_mm and in_brain; its value in each image,
        in columns called after the NIfTI files (``mean`` of ``volumes``, and ``NAME_mean`` of
        ``attribution/METHOD/group``). The same in each row: method, threshold (outline), drawn_from
        (colours), and of the conjoined map above_threshold (share of the brain) and outside (share
        of the map's sum).
    """
    names = [f"{name}_mean" for name in (*class_names, "conjoined")]
    images = dict(zip(names, maps, strict=True)) | {"mean": underlay}
    cuts = []
    for axis, level in enumerate(peak_voxel(maps[2], brain)):
        voxels = np.moveaxis(np.indices(brain.shape), axis + 1, 1)[:, level].reshape(3, -1)
        places = (affine[:3, :3] @ voxels).T + affine[:3, 3]
        cut = pd.DataFrame(places, columns=["x_mm", "y_mm", "z_mm"])
        cut.insert(0, "axis", "xyz"[axis])
        cut["in_brain"] = brain[tuple(voxels)]
        cuts.append(cut.assign(**{name: image[tuple(voxels)] for name, image in images.items()}))
    share, outside = _shares(maps[2], brain, threshold)
    same = {"method": method, "threshold": threshold, "drawn_from": FLOOR * float(maps.max())}
    same |= {"above_threshold": share, "outside": outside}
    return pd.concat(cuts, ignore_index=True).assign(**same).round(5)


def _shares(conjoined: np.ndarray, brain: np.ndarray, threshold: float) -> tuple[float, float]:
    """Share of the brain at the threshold or above, and of the map's sum outside the brain."""
    total = float(conjoined.sum())
    outside = float(conjoined[~brain].sum()) / total if total else np.nan
    return float((conjoined[brain] >= threshold).mean()), outside


def _statement(conjoined: np.ndarray, brain: np.ndarray, threshold: float) -> str:
    """Say how much of the brain the map marks, and what the outline is."""
    share, outside = _shares(conjoined, brain, threshold)
    if np.isnan(outside):
        return "The map is zero everywhere: this method marked no voxel."
    outline = (
        f"blue outline: ≥ {threshold:g} ({share:.1%} of the brain)"
        if share > 0
        else f"no voxel of the brain reaches the threshold {threshold:g}"
    )
    return f"{outline}; {outside:.0%} of the map's sum lies outside the brain"
