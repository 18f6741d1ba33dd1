"""The tables of one method's group map over all atlases of a run."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from voxplain import paper
from voxplain.regions.means import RegionMeans
from voxplain.regions.tables import enrichment, laterality, overlap_table


def method_tables(
    means: Mapping[str, RegionMeans],
    coverage: Mapping[str, np.ndarray],
    planted: Mapping[str, pd.Series],
    networks: Mapping[str, Mapping[str, str]],
) -> dict[str, pd.DataFrame]:
    """Make the tables of one method's group map.

    Parameters
    ----------
    means : mapping of str to RegionMeans
        By atlas; those of networks too.
    coverage : mapping of str to numpy.ndarray, shape (n_regions,)
        Share of each region in the thresholded map, by atlas that has a Table 2.
    planted : mapping of str to pandas.Series
        Where the truth is known, the planted share of each region by its value, by atlas.
    networks : mapping of str
        Patterns of the regions' names by network (`enrichment`), by atlas that has networks.

    Returns
    -------
    dict of pandas.DataFrame
        ``table2_<atlas>``, laterality and networks, those for which there is an atlas.
    """
    tables = {}
    for name, covered in coverage.items():
        table = overlap_table(means[name], covered)
        if name in planted:
            table["planted"] = table["value"].map(planted[name])
        table["paper"] = paper.table2_scores(name, table["value"], table["name"])
        tables[f"table2_{name}"] = table
    if coverage:
        tables["laterality"] = laterality(means, paper.LATERALITY)
    if networks:
        parts = {name: enrichment(means[name], patterns) for name, patterns in networks.items()}
        tables["networks"] = pd.concat([part.assign(atlas=name) for name, part in parts.items()])
    return tables
