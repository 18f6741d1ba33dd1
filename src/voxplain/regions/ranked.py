"""The regions of an atlas that a map marks, with the chance level of each."""

import numpy as np
import pandas as pd

from voxplain.atlas.labels import Atlas
from voxplain.errors import AttributionError
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
        Non-negative map in the atlas's space.
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
        The map has negative or non-finite values.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from voxplain import Grid, load_atlas, regions_with_null, write_volume
    >>> grid = Grid((8, 8, 8), np.eye(4))
    >>> labels = np.zeros(grid.shape, np.int16)
    >>> labels[1:4], labels[4:7] = 1, 2
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
    if not np.isfinite(attribution).all() or attribution.min() < 0:
        raise AttributionError(
            "the map has values that are negative, infinite or not a number; attribution maps are "
            "non-negative: pass the positive part"
        )
    binary = top_fraction(attribution, brain, equal_area).ravel().astype(float)
    null = surrogates(attribution, brain, n_surrogates, seed)
    weights = region_weights(atlas, grid)
    means = region_means(attribution, atlas, weights, surrogates=null)
    return overlap_table(means, weights[0] @ binary).drop(columns=FOLD_COLUMNS)
