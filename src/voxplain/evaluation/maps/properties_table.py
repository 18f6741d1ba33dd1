"""The properties of all methods' maps, over folds, in one table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from voxplain.evaluation.maps.properties import (
    FoldProperties,
    agreement_of_folds,
    class_difference,
    edge_null,
    fold_properties,
    unit_blocks,
)
from voxplain.image.stack import Stack
from voxplain.stats.over_folds import jackknife_t, one_sided
from voxplain.stats.spatial_null import surrogates

SPARSITY = ("gini", "hoyer")


@dataclass(frozen=True)
class MethodProperties:
    """Properties of one method's maps.

    Attributes
    ----------
    folds : list of FoldProperties
        Of each fold's maps.
    edge_null : dict
        Edges of the group map (`edge_null`).
    agreement : dict or None
        Of the folds' mean maps (`agreement_of_folds`); None for one fold.
    difference : dict
        Of the classes' mean maps (`class_difference`).
    """

    folds: list[FoldProperties]
    edge_null: dict[str, float]
    agreement: dict[str, float] | None
    difference: dict[str, float]

    def over_folds(self, name: str) -> np.ndarray:
        """Return an attribute of `FoldProperties` for each fold, (n_folds,)."""
        return np.array([getattr(fold, name) for fold in self.folds])


def measure_method(
    paths: Sequence[str],
    group_map: np.ndarray,
    image: np.ndarray,
    brain_mask: np.ndarray,
    labels: np.ndarray,
    permuted: np.ndarray,
    n_null: int,
    seed: int,
) -> MethodProperties:
    """Measure the maps of one method.

    Parameters
    ----------
    paths : sequence of str
        File of each fold's maps of held-out participants.
    group_map : numpy.ndarray, shape (X, Y, Z)
        Conjoined map of all folds.
    image : numpy.ndarray, shape (X, Y, Z)
        The cohort's mean image.
    brain_mask : numpy.ndarray of bool, shape (X, Y, Z)
    labels : numpy.ndarray of int, shape (n,)
        True class of the participants of all folds, one fold after another.
    permuted : numpy.ndarray of int, shape (n_permutations, n)
        As for `class_difference`.
    n_null : int
        Number of smooth random maps.
    seed : int
    """
    folds = [fold_properties(Stack(path), image, brain_mask) for path in paths]
    random_maps = surrogates(group_map, brain_mask, n_null, seed)
    agreement = None
    if len(folds) > 1:
        means = np.stack([fold.mean for fold in folds])
        agreement = agreement_of_folds(means, random_maps[:, brain_mask])
    peaks = np.concatenate([fold.peaks for fold in folds])
    blocks = unit_blocks(Stack(*paths), peaks, brain_mask, len(permuted))
    return MethodProperties(
        folds,
        edge_null(group_map, image, brain_mask, random_maps),
        agreement,
        class_difference(blocks, labels, permuted),
    )


def properties_table(methods: Mapping[str, MethodProperties]) -> pd.DataFrame:
    """Compare the methods by every property.

    Parameters
    ----------
    methods : mapping of str to MethodProperties
        By method.

    Returns
    -------
    pandas.DataFrame
        One row per property and method: property (gini, hoyer, edges, agreement of folds, class
        difference), method; of the first three the columns of `compare_methods`, and of the others
        and of edges those of their tests.
    """
    tables = [
        compare_methods(
            {method: measured.over_folds(name) for method, measured in methods.items()}
        ).assign(property=name)
        for name in SPARSITY
    ]
    edges = {method: measured.over_folds("edges") for method, measured in methods.items()}
    compared = compare_methods(edges, -1).assign(property="edges")
    tables.append(compared.merge(_rows({name: m.edge_null for name, m in methods.items()})))
    agreement = {name: m.agreement for name, m in methods.items() if m.agreement is not None}
    tables.append(_rows(agreement).assign(property="agreement of folds"))
    differences = {name: m.difference for name, m in methods.items()}
    tables.append(_rows(differences).assign(property="class difference"))
    return pd.concat(tables, ignore_index=True)


def _rows(values: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    return pd.DataFrame.from_dict(values, orient="index").rename_axis("method").reset_index()


def compare_methods(folds: Mapping[str, np.ndarray], least: float = 0.0) -> pd.DataFrame:
    """Compare a property of the methods' maps over folds.

    Parameters
    ----------
    folds : mapping of str to numpy.ndarray, shape (n_folds,)
        The property's mean in each fold, by method.
    least : float
        Lowest value that there can be; the highest is 1. Intervals are cut there.

    Returns
    -------
    pandas.DataFrame
        One row per method: method, value, low, high (95 % interval over folds), rival (the method
        with the highest value among the others), difference to it, p_highest (the largest one-sided
        p over folds, `jackknife_t`, against every other method: small only if the method exceeds
        all of them).
    """
    means = {method: float(np.mean(values)) for method, values in folds.items()}
    rows = []
    for method, values in folds.items():
        others = [other for other in folds if other != method]
        _, low, high, _ = jackknife_t(values, least, 1)
        row: dict[str, Any] = {"method": method, "value": means[method], "low": low, "high": high}
        if others:
            rival = max(others, key=lambda other: means[other])
            tests = [jackknife_t(values - folds[other]) for other in others]
            row |= {
                "rival": rival,
                "difference": means[method] - means[rival],
                "p_highest": max(one_sided(mean, p) for mean, _, _, p in tests),
            }
        rows.append(row)
    return pd.DataFrame(rows)
