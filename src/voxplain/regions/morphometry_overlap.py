"""Whether maps mark the structures that the morphometry models rely on.

The paper says that its top regions "partially overlap with the morphometry results". Here maps and
feature importances are averaged over FreeSurfer's structures
(`voxplain.cohort.morphometry.structures`), and their ranks are correlated.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from voxplain.cohort.morphometry.structures import of_feature, of_label
from voxplain.regions.means import RegionMeans
from voxplain.stats.over_folds import against_null

# (model, column of its importances): name of the measure in the tables
MEASURES = {
    ("logistic_regression", "coefficient"): "coefficient",
    ("xgboost", "gain"): "gain",
    ("xgboost", "permutation"): "permutation",
}


def structure_importance(importances: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Average the models' feature importances over structures.

    Parameters
    ----------
    importances : mapping of str to pandas.DataFrame
        By model: columns feature, fold and the model's in `MEASURES`; one row per feature and fold.

    Returns
    -------
    pandas.DataFrame
        Indexed by structure: features (their number), coefficient (mean |coefficient| over
        features and folds), strongest (the feature with the largest mean coefficient by size),
        strongest_coefficient (its mean over folds, sign kept), same_sign (share of folds where
        that coefficient has the sign of its mean), gain and permutation (means over features and
        folds). Features of the whole brain or hemisphere belong to no structure.
    """
    parts = []
    for (model, column), name in MEASURES.items():
        if model not in importances:
            continue
        values = importances[model].pivot_table(column, "feature", "fold", sort=False)
        structure = pd.Series(values.index.map(of_feature), index=values.index, name="structure")
        parts.append(values.abs().mean(axis=1).groupby(structure).mean().rename(name))
        if name == "coefficient":
            parts = [values.index.to_series().groupby(structure).size().rename("features"), *parts]
            parts.append(_strongest(values, structure))
    return pd.concat(parts, axis=1)


def _strongest(values: pd.DataFrame, structure: pd.Series) -> pd.DataFrame:
    mean = values.mean(axis=1)
    strongest = mean.abs().groupby(structure).idxmax()
    coefficients = values.loc[strongest].set_axis(strongest.index)
    average = coefficients.mean(axis=1)
    same = np.sign(coefficients).eq(np.sign(average), axis=0).mean(axis=1)
    return pd.DataFrame(
        {"strongest": strongest, "strongest_coefficient": average, "same_sign": same}
    )


def structure_means(means: Mapping[str, RegionMeans]) -> dict[str, tuple[float, np.ndarray]]:
    """Average a map over FreeSurfer's structures, from the atlases with known labels.

    Parameters
    ----------
    means : mapping of str to RegionMeans
        By atlas.

    Returns
    -------
    dict
        (mean of the map, means of its surrogates) by structure. No structure is in two atlases.
    """
    by_structure: dict[str, tuple[float, np.ndarray]] = {}
    for atlas, regions in means.items():
        members: dict[str, list[str]] = {}
        for name, observed in zip(regions.table["name"], regions.observed, strict=True):
            structure = of_label(atlas, name)
            if structure is not None and np.isfinite(observed):
                members.setdefault(structure, []).append(name)
        merged = regions.merged(members)
        by_structure |= {
            name: (merged.observed[k], merged.surrogates[k]) for k, name in enumerate(members)
        }
    return by_structure


def rank_correlation(
    importance: np.ndarray, observed: np.ndarray, null: np.ndarray
) -> dict[str, float]:
    """Correlate importance and map over structures, and compare with smooth random maps.

    Parameters
    ----------
    importance, observed : numpy.ndarray, shape (n_structures,)
    null : numpy.ndarray, shape (n_structures, n_surrogates)

    Returns
    -------
    dict
        structures (their number), spearman, null_mean, null_p95, p_null (share of surrogates that
        correlate at least as much). Missing if importance or map is the same in all structures.
    """
    result = {"structures": len(importance), "spearman": np.nan, "null_mean": np.nan}
    result |= {"null_p95": np.nan, "p_null": np.nan}
    if len(importance) < 3 or np.ptp(importance) == 0 or np.ptp(observed) == 0:
        return result
    ranks = stats.rankdata(np.column_stack([importance, observed, null]), axis=0)
    ranks -= ranks.mean(axis=0)
    ranks /= np.linalg.norm(ranks, axis=0)
    rho = ranks[:, 0] @ ranks[:, 1:]
    return result | {"spearman": rho[0], **against_null(rho[1:], rho[0])}


def structure_overlap(
    importance: pd.DataFrame, means: Mapping[str, Mapping[str, RegionMeans]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compare every method's map with the morphometry models.

    Parameters
    ----------
    importance : pandas.DataFrame
        From `structure_importance`.
    means : mapping of str to mapping of str to RegionMeans
        By method and atlas.

    Returns
    -------
    structures : pandas.DataFrame
        One row per structure with features: the columns of `importance`, and for each method the
        mean of its map; missing if no configured atlas has the structure.
    correlations : pandas.DataFrame
        One row per method and measure of importance: method, importance, features (their number),
        mapped (number of features in structures that an atlas has) and `rank_correlation`.
    """
    table, rows = importance.copy(), []
    for method, by_atlas in means.items():
        known = structure_means(by_atlas)
        table[method] = pd.Series({name: value for name, (value, _) in known.items()}, dtype=float)
        shared = [name for name in importance.index if name in known]
        observed = np.array([known[name][0] for name in shared])
        null = np.array([known[name][1] for name in shared])
        rows += [
            {
                "method": method,
                "importance": measure,
                "features": int(importance["features"].sum()),
                "mapped": int(importance.loc[shared, "features"].sum()),
                **rank_correlation(importance.loc[shared, measure].to_numpy(), observed, null),
            }
            for measure in MEASURES.values()
            if measure in importance
        ]
    return table.rename_axis("structure").reset_index(), pd.DataFrame(rows)
