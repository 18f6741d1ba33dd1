"""Label volumes in their own space, names by label value.

Neither atlases nor maps are resized to each other: both keep their grids and are related in world
space (mm), so that a flipped axis or another field of view cannot shift a region.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import ndimage

from voxplain.atlas.label_tables import read_label_table
from voxplain.errors import AtlasError, ImageError
from voxplain.image import archives
from voxplain.image.grid import Grid
from voxplain.image.nifti import read_header, read_slabs
from voxplain.image.nifti_header import Header
from voxplain.run.wheels import check_digest


@dataclass(frozen=True)
class Atlas:
    """A parcellation in its own space.

    Attributes
    ----------
    name : str
        Name of the atlas in tables and messages.
    labels : numpy.ndarray of int32 or int64, shape (X, Y, Z)
        Label value of every voxel, 0 = background.
    grid : Grid
        Grid of `labels`, voxel to world in mm.
    table : pandas.DataFrame
        Columns value and name: the regions that have voxels, sorted by value.
    absent : tuple of str
        Names in the label table that no voxel of the image carries.
    notes : tuple of str
        What the check of its place looked at and corrected.
    """

    name: str
    labels: np.ndarray
    grid: Grid
    table: pd.DataFrame
    absent: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_atlas(
    name: str, image_path: str | Path, labels_path: str | Path, sha256: str | None = None
) -> Atlas:
    """Read a label volume and the table that names its values, wherever the volume lies.

    Files that a run has not written itself are opened by `voxplain.atlas.files.load_atlas`, which
    checks their place.

    Parameters
    ----------
    name : str
        Name of the atlas in tables and messages.
    image_path : path
        3-D NIfTI volume of non-negative whole numbers. Like the table, it may be a member of an
        archive (`voxplain.image.archives`).
    labels_path : path
        Label table in one of the forms that `voxplain.atlas.label_tables` reads.
    sha256 : str, optional
        Expected digest of the image file.

    Returns
    -------
    Atlas
        Its regions are those that have voxels.

    Raises
    ------
    AtlasError
        If a file is missing or has another digest, the image cannot be read or has values that are
        not labels, a label has no name, or a value has two names.
    """
    image_path, labels_path = Path(image_path), Path(labels_path)
    missing = [
        str(path) for path in (image_path, labels_path) if not archives.split(path)[0].is_file()
    ]
    if missing:
        raise AtlasError(
            f"Atlas {name}: there is no file {' or '.join(missing)}; correct the path in the "
            "configuration"
        )
    if sha256 is not None:
        check_digest(str(image_path), image_path.read_bytes(), sha256)
    try:
        labels, grid = read_labels(image_path)
    except ImageError as error:
        raise AtlasError(f"Atlas {name}: {error}") from error
    _check_labels(labels, image_path)
    names = read_label_table(labels_path)
    values = np.unique(labels[labels != 0])
    unnamed = [int(value) for value in values if value not in names]
    if unnamed:
        raise AtlasError(
            f"Atlas {name}: {labels_path} has no name for the label values {unnamed} of "
            f"{image_path}; use the table that belongs to this image"
        )
    present = set(values.tolist())
    table = pd.DataFrame(
        {"value": values.astype(np.int64), "name": [names[int(value)] for value in values]}
    )
    absent = tuple(names[value] for value in sorted(names) if value not in present)
    return Atlas(name, labels, grid, table, absent)


def read_atlases(
    names: Sequence[str], images: Sequence[str], tables: Sequence[str]
) -> dict[str, Atlas]:
    """Read atlases that a run has checked and written, by name.

    Parameters
    ----------
    names : sequence of str
        Names of the atlases.
    images, tables : sequence of str
        Files of each atlas, as `read_atlas` takes them.
    """
    files = zip(names, images, tables, strict=True)
    return {name: read_atlas(name, image, table) for name, image, table in files}


def read_labels(path: str | Path) -> tuple[np.ndarray, Grid]:
    """Read a label volume in whole numbers: float32 would merge labels above 2^24.

    Parameters
    ----------
    path : path_like
        A ``.nii`` or ``.nii.gz`` file.

    Returns
    -------
    labels : (X, Y, Z) array of int32 or, where that is too small, int64
        Values with the file's slope and intercept applied, which may be stored as floats.
    grid : Grid
        The file's own grid.

    Raises
    ------
    ImageError
        As `read_header` and `read_slabs`; also if a value is not a whole number, or beyond 2^53.
    """
    header = read_header(path)
    [labels] = [_whole(header, slab) for slab in read_slabs(header, header.grid.shape[2])]
    fits = not labels.size or (abs(labels.min()) < 2**31 and labels.max() < 2**31)
    return labels.astype(np.int32 if fits else np.int64).T, header.grid


def _whole(header: Header, stored: np.ndarray) -> np.ndarray:
    if stored.dtype.kind in "iu" and header.slope == 1 and header.intercept == 0:
        if stored.size and stored.max() > np.iinfo(np.int64).max:
            raise header.error("has labels beyond 2^63; renumber them")
        return stored.astype(np.int64)
    values = stored.astype(np.float64) * header.slope + header.intercept
    if not (np.abs(values) < 2**53).all() or (np.rint(values) != values).any():  # or NaN
        raise header.error(
            "has values that are not whole numbers; give the label image, not a probability map"
        )
    return values.astype(np.int64)


def _check_labels(labels: np.ndarray, path: Path) -> None:
    if labels.min() < 0:
        raise AtlasError(f"{path}: label values must not be negative; the lowest is {labels.min()}")
    if not labels.any():
        raise AtlasError(f"{path}: no voxel carries a label")


def region_mask(atlas: Atlas, patterns: Sequence[str]) -> np.ndarray:
    """Mark the voxels of all regions with names that match one of the shell-style patterns.

    Parameters
    ----------
    atlas : Atlas
        The atlas.
    patterns : sequence of str
        For example ``Left Insula*``; upper and lower case differ.

    Returns
    -------
    mask : (X, Y, Z) bool array
        On the atlas's grid.

    Raises
    ------
    AtlasError
        If a pattern matches no region; the message lists similar names.
    """
    names = atlas.table["name"].tolist()
    chosen: set[str] = set()
    for pattern in patterns:
        matching = [name for name in names if fnmatchcase(name, pattern)]
        if not matching:
            near = difflib.get_close_matches(pattern.strip("*"), names, n=5, cutoff=0.4)
            raise AtlasError(
                f"Atlas {atlas.name}: no region is called {pattern!r}; similar names: {near}"
            )
        chosen.update(matching)
    values = atlas.table.loc[atlas.table["name"].isin(chosen), "value"]
    return np.isin(atlas.labels, values)


def resample_labels(atlas: Atlas, grid: Grid) -> np.ndarray:
    """Resample the labels onto another grid by the nearest voxel in world space.

    Parameters
    ----------
    atlas : Atlas
        The atlas.
    grid : Grid
        The new grid, in the atlas's space.

    Returns
    -------
    labels : (X, Y, Z) array of the labels' type
        On the new grid; 0 outside the atlas's field of view.
    """
    to_atlas = atlas.grid.from_voxels_of(grid)
    return ndimage.affine_transform(
        atlas.labels,
        to_atlas[:3, :3],
        to_atlas[:3, 3],
        output_shape=tuple(grid.shape),
        order=0,
        mode="grid-constant",
        cval=0,
    )


def on_grid(atlas: Atlas, grid: Grid) -> Atlas:
    """Return the atlas with its labels on another grid.

    Parameters
    ----------
    atlas, grid
        As for `resample_labels`.
    """
    return replace(atlas, labels=resample_labels(atlas, grid), grid=grid)
