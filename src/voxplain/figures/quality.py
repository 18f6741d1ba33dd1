"""Quality control: the cohort's mean brain and the images least similar to it."""

import io
import textwrap
from collections.abc import Sequence

import nibabel as nib
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from voxplain.figures import style

AXES = ("sagittal", "coronal", "axial")
MOST_SUSPECTS = 7
_STRIP = 96  # pixels; the largest height of a strip, which keeps the page of a large cohort small


def _middle_slices(volume: np.ndarray, affine: np.ndarray) -> list[tuple[np.ndarray, float, float]]:
    """Middle sagittal, coronal and axial slice, left on the left.

    Each with its height/width ratio and the position of its middle along the axis across it, mm.
    """
    image = nib.as_closest_canonical(nib.Nifti1Image(volume.astype(np.float32), affine))
    data = image.get_fdata(dtype=np.float32)
    sizes = nib.affines.voxel_sizes(image.affine)
    slices = []
    for axis in range(3):
        width, height = [other for other in range(3) if other != axis]
        level = data.shape[axis] // 2
        place = style.across(data.shape, axis, level, image.affine)
        slices.append((np.take(data, level, axis=axis).T, sizes[height] / sizes[width], place))
    return slices


def middle(shape: Sequence[int], affine: np.ndarray) -> dict[str, float]:
    """Return the positions of the middle slices of a volume: x_mm, y_mm, z_mm.

    Parameters
    ----------
    shape : sequence of int
    affine : (4, 4) array
        Voxel to world, mm.
    """
    planes = _middle_slices(np.zeros(shape, np.float32), affine)
    return {f"{axis}_mm": place for axis, (*_, place) in zip("xyz", planes, strict=True)}


def _white(volume: np.ndarray) -> float:
    """Value to show as white: the 99th percentile of what is not background."""
    return float(np.quantile(volume[volume > 0], 0.99)) if (volume > 0).any() else 1.0


def slices_png(volume: np.ndarray, affine: np.ndarray) -> bytes:
    """Draw the middle slices of one participant side by side, as a small grey PNG.

    Parameters
    ----------
    volume : (X, Y, Z) array
        A participant's image.
    affine : (4, 4) array
        Voxel to world, mm; it decides where left is.
    """
    planes = [plane[::-1] for plane, *_ in _middle_slices(volume, affine)]
    height = max(plane.shape[0] for plane in planes)
    padded = [np.pad(plane, ((0, height - len(plane)), (0, 1))) for plane in planes]
    strip = np.concatenate(padded, axis=1)[:: max(1, -(-height // _STRIP))]
    strip = strip[:, :: max(1, -(-height // _STRIP))]
    grey = np.clip(strip / _white(volume), 0, 1) * 255
    buffer = io.BytesIO()
    Image.fromarray(grey.astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


@style.styled
def quality_montage(
    mean: np.ndarray,
    affine: np.ndarray,
    suspects: Sequence[tuple[str, np.ndarray, float, str]],
) -> Figure:
    """Draw middle slices of the cohort mean and of the least typical participants.

    Parameters
    ----------
    mean : (X, Y, Z) array
        The cohort's mean T1.
    affine : (4, 4) array
        Voxel to world, mm; it decides where left is.
    suspects : sequence of (participant_id, (X, Y, Z) array, correlation, reason)
        The images to show, least typical first, with their correlation with the cohort mean and
        why they are outliers (empty if they are not). At most `MOST_SUSPECTS` are drawn.
    """
    columns = [("cohort mean", mean)]
    for name, volume, r, reason in suspects[:MOST_SUSPECTS]:
        why = textwrap.shorten(reason.partition(" (")[0], 22, placeholder=" ...")
        columns.append((f"{name}\nr = {r:.2f}\n{why}".strip(), volume))
    figure = style.new_figure(66, layout="constrained")
    panels = figure.subplots(3, max(len(columns), 4), squeeze=False)
    for axes in panels.flat:
        axes.axis("off")
    for column, (title, volume) in enumerate(columns):
        top = _white(volume)
        for row, (plane, ratio, place) in enumerate(_middle_slices(volume, affine)):
            axes = panels[row, column]
            axes.imshow(plane, cmap="gray", vmin=0, vmax=top, origin="lower", aspect=ratio)
            if AXES[row] != "sagittal":
                style.mark_sides(axes, 0.02)
            if column == 0:  # the same in all columns
                axes.set_axis_on()
                axes.set(xticks=[], yticks=[])
                axes.spines[:].set_visible(False)
                axes.set_ylabel(style.position("xyz"[row], place), fontsize=7)
        panels[0, column].set_title(title, fontsize=7, loc="center")
    return figure
