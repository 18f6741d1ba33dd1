"""The regions of an atlas that a map marks, with the chance level of each."""

import numpy as np
import pandas as pd

from voxplain.atlas.labels import Atlas
from voxplain.errors import AttributionError, GridMismatchError
from voxplain.evaluation.maps.overlap import top_fraction
from voxplain.image.grid import Grid
from voxplain.regions.means import region_means
from voxplain.regions.tables import FOLD_COLUMNS, overlap_table
from voxplain.regions.weights import region_weights
from voxplain.stats.spatial_null import surrogates


def regions_with_null(
    attribution: np.ndarray,
    atlas: Atlas,
    grid: Grid,
    brain: np.ndarray,
    equal_area: float,
    n_surrogates: int,
    seed: int,
) -> pd.DataFrame:
    """Rank the regions of an atlas by a map, each with its chance level (Table 2).

    Parameters
    ----------
    attribution : numpy.ndarray, shape (X, Y, Z)
        Non-negative map in MNI152.
    atlas : Atlas
        From `voxplain.load_atlas`.
    grid : Grid
        Of the map.
    brain : numpy.ndarray of bool, shape (X, Y, Z)
        Where surrogates may have values.
    equal_area : float
        Share of the brain that the map's highest voxels fill; their share of each region is its
        coverage.
    n_surrogates : int
        Number of random maps with the map's values and smoothness.
    seed : int
        Of the random maps.

    Returns
    -------
    pandas.DataFrame
        See `voxplain.regions.tables.overlap_table`, without its columns on folds.

    Raises
    ------
    AttributionError
        The map has negative or non-finite values, is zero throughout the brain or shows none of the
        atlas's regions.
    GridMismatchError
        The map and the brain mask do not have the grid's shape.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from voxplain import Grid, load_atlas, regions_with_null, write_volume
    >>> affine = np.diag([6.0, 6.0, 6.0, 1.0])
    >>> affine[:3, 3] = -33, -30, 0
    >>> grid = Grid((12, 8, 8), affine)
    >>> labels = np.ones(grid.shape, np.int16)
    >>> labels[6:] = 2
    >>> write_volume("labels.nii.gz", labels, grid)
    >>> pd.Series({1: "left", 2: "right"}).to_csv("labels.txt", sep=" ", header=False)
    >>> atlas = load_atlas("halves", "labels.nii.gz", "labels.txt")
    >>> attribution = np.random.default_rng(0).random(grid.shape) + (labels == 2)
    >>> table = regions_with_null(
    ...     attribution, atlas, grid, labels > 0, equal_area=0.1, n_surrogates=9, seed=0
    ... )
    >>> table["name"].tolist()
    ['right', 'left']
    """
    _check_map(attribution, grid, brain)
    weights = region_weights(atlas, grid)
    if not weights[1].any():
        raise AttributionError(
            f"no region of the atlas {atlas.name} lies in the map's field of view; give a map in "
            "MNI152"
        )
    binary = top_fraction(attribution, brain, equal_area).ravel().astype(float)
    null = surrogates(attribution, brain, n_surrogates, seed)
    means = region_means(attribution, atlas, weights, surrogates=null)
    return overlap_table(means, weights[0] @ binary).drop(columns=FOLD_COLUMNS)


def _check_map(attribution: np.ndarray, grid: Grid, brain: np.ndarray) -> None:
    if not attribution.shape == brain.shape == tuple(grid.shape):
        raise GridMismatchError(
            f"the map has the shape {attribution.shape}, the brain mask {brain.shape} and the grid "
            f"{tuple(grid.shape)}; bring all three onto one grid"
        )
    if not np.isfinite(attribution).all() or attribution.min() < 0:
        raise AttributionError(
            "the map has values that are negative, infinite or not a number; attribution maps are "
            "non-negative: pass the positive part"
        )
    if not attribution[brain].any():
        raise AttributionError(
            "the map is zero everywhere in the brain, so it marks no region; check the map and the "
            "brain mask"
        )
