"""The page's slice viewer: volumes packed small, and what the script needs to place them."""

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import matplotlib as mpl
import numpy as np

from voxplain.atlas.labels import Atlas, resample_labels
from voxplain.figures.attention import SCALED, UNITS
from voxplain.figures.style import SEQUENTIAL
from voxplain.image.grid import Grid
from voxplain.names import method_name

LEVELS = 255
WHITE_AT = 0.99  # quantile of the brain's voxels that is drawn white, as in the figures


@dataclass(frozen=True)
class Layer:
    """One map that can be laid over the brain.

    Attributes
    ----------
    choice : tuple of str
        The value of each selector that shows this map.
    volume : (X, Y, Z) array
        Non-negative values.
    scale : float
        Value at the upper end of the colour bar; shared by maps that are to be compared.
    unit : str
        Name of the values, shown at the colour bar.
    """

    choice: tuple[str, ...]
    volume: np.ndarray
    scale: float
    unit: str


@dataclass(frozen=True)
class Viewer:
    """A block of the page: three cuts through a map on the brain, one crosshair.

    `selectors` are (label, values) in the order of the layers' choices; `data` is what viewer.js
    reads, ready for JSON.
    """

    identifier: str
    caption: str
    selectors: list[tuple[str, list[str]]]
    data: dict[str, Any]
    kind: str = field(default="viewer", init=False)


def packed(array: np.ndarray) -> str:
    """Compress an array's bytes (C order, little-endian) and write them as text."""
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return base64.b64encode(zlib.compress(little.tobytes(), 9)).decode("ascii")


def quantised(volume: np.ndarray, top: float) -> np.ndarray:
    """Round values in [0, top] to 256 levels, uint8; larger ones become the highest level.

    Parameters
    ----------
    volume : array
        Non-negative values.
    top : float
        The value of the highest level.
    """
    if top <= 0:
        return np.zeros(volume.shape, np.uint8)
    return np.rint(np.clip(volume / top, 0, 1) * LEVELS).astype(np.uint8)


def viewer(
    identifier: str,
    caption: str,
    underlay: np.ndarray,
    brain: np.ndarray,
    grid: Grid,
    selectors: Sequence[str],
    layers: Sequence[Layer],
    atlases: Sequence[Atlas],
) -> Viewer:
    """Pack a brain, its maps and the names of its regions for the page.

    A map is kept in 256 levels up to its own maximum, so the viewer shows a value to within
    1/510 of that maximum. A region is that of the atlas voxel nearest to a voxel's centre.

    Parameters
    ----------
    identifier, caption : str
        Element id, and the sentence below the viewer.
    underlay, brain : (X, Y, Z) arrays
        Image under the maps, and the boolean mask that is searched for the highest voxel.
    grid : Grid
        Grid of all volumes, axes near right, anterior and superior.
    selectors : sequence of str
        Labels of the drop-down lists.
    layers : sequence of Layer
        The first one is shown first.
    atlases : sequence of Atlas
        Each on its own grid, in the space of `grid`; empty for images in native space.
    """
    choices = zip(*(layer.choice for layer in layers), strict=True)
    values = [list(dict.fromkeys(column)) for column in choices]
    colours = mpl.colormaps[SEQUENTIAL](np.arange(LEVELS + 1), bytes=True)[:, :3]
    inside = underlay[brain]
    white = float(np.quantile(inside, WHITE_AT)) if inside.size else float(underlay.max())
    data = {
        "shape": list(grid.shape),
        "affine": grid.affine.tolist(),
        "sizes": grid.voxel_sizes.tolist(),
        "colours": packed(colours),
        "underlay": packed(quantised(underlay, white)),
        "brain": packed(brain.astype(np.uint8)),
        "layers": {
            "|".join(str(v.index(c)) for v, c in zip(values, layer.choice, strict=True)): {
                "top": float(layer.volume.max()),
                "scale": layer.scale,
                "unit": layer.unit,
                "data": packed(quantised(layer.volume, float(layer.volume.max()))),
            }
            for layer in layers
        },
        "atlases": [_atlas(atlas, grid) for atlas in atlases],
    }
    return Viewer(identifier, caption, list(zip(selectors, values, strict=True)), data)


def group_viewer(
    mean: np.ndarray,
    brain: np.ndarray,
    grid: Grid,
    maps: Mapping[tuple[str, str], np.ndarray],
    class_names: tuple[str, str],
    atlases: Sequence[Atlas],
) -> Viewer:
    """Make the viewer of a run's group maps on the cohort's mean image.

    Parameters
    ----------
    mean, brain : (X, Y, Z) arrays
        The cohort's mean image and its boolean brain mask.
    grid : Grid
    maps : mapping of (method, fold) to (3, X, Y, Z) array
        Mean map of class 0, of class 1, and the conjoined map; the three share a scale. The fold
        may be any name.
    class_names : (str, str)
    atlases : sequence of Atlas
    """
    groups = (("both classes", 2), (class_names[0], 0), (class_names[1], 1))
    layers = [
        Layer(
            (method_name(method), group, fold),
            volumes[index],
            float(volumes.max()),
            UNITS.get(method, SCALED),
        )
        for (method, fold), volumes in maps.items()
        for group, index in groups
    ]
    caption = (
        "Group maps on the cohort's mean image. A click moves the crosshair, and so do the sliders "
        "below the cuts. L is the participant's left. Voxels below the threshold show the image "
        "alone; the region is the one nearest to the voxel's centre."
    )
    selectors = ("Method", "Mean over", "Maps of")
    return viewer("viewer-group", caption, mean, brain, grid, selectors, layers, atlases)


def _atlas(atlas: Atlas, grid: Grid) -> dict[str, Any]:
    """Regions on the viewer's grid as positions in a list of names; 0 is no region."""
    labels = resample_labels(atlas, grid)
    position = np.searchsorted(atlas.table["value"], labels) + 1
    regions = np.where(labels > 0, position, 0).astype(np.uint16)
    return {
        "name": atlas.name,
        "names": ["–", *atlas.table["name"].astype(str)],
        "data": packed(regions),
    }
