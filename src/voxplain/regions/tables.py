"""Tables of a map's regions: Table 2 with two nulls, the sides, and functional networks.

Each number is tested twice. The spatial null asks whether a random map of the same smoothness could
have it. The test over folds asks whether networks trained on other participants would have it, too.
The first ignores how networks vary; the second ignores how few independent places a smooth map has.
"""

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from voxplain.paper import Lateral
from voxplain.regions.means import RegionMeans
from voxplain.stats.over_folds import ALPHA, jackknife_t, one_sided

FOLD_COLUMNS = ["fold_low", "fold_high", "p_folds", "q_folds", "folds_above", "survives"]


def overlap_table(means: RegionMeans, coverage: np.ndarray | None = None) -> pd.DataFrame:
    """Rank the regions of an atlas by a map (Table 2 of Kan 2020).

    Parameters
    ----------
    means : RegionMeans
    coverage : numpy.ndarray, shape (n_regions,), optional
        Share of each region in a thresholded map.

    Returns
    -------
    pandas.DataFrame
        One row per region, best first: rank, value, name, score (the region's mean over the sum of
        all regions' means, the paper's normalised score), mean, coverage, volume_ml, in_view;
        p_null (share of surrogates that score at least as high), q_fdr (Benjamini-Hochberg over
        the regions), p_fwe (family-wise, see `_max_p`); fold_low and fold_high (95 % interval of
        the score over folds), p_folds (one-sided, `jackknife_t`: that the score exceeds the
        surrogates' mean score), q_folds; folds_above (share of folds with a score above that
        mean); survives (p_fwe below .05 and folds_above 1; not q_fdr, which for a single region
        cannot fall below n_regions / (n + 1) with n surrogates).
        Regions outside the field of view come last, with missing values; an all-zero map scores 0
        everywhere.
    """
    seen = means.in_view > 0
    table = means.table.copy()
    table["mean"] = means.observed
    table["score"] = _normalised(means.observed)
    table["coverage"] = np.nan if coverage is None else np.where(seen, coverage, np.nan)
    table["volume_ml"] = means.volume_ml
    table["in_view"] = means.in_view
    table[["p_null", "q_fdr", "p_fwe", *FOLD_COLUMNS[:-1]]] = np.nan
    null = _normalised(means.surrogates)
    observed = table["score"].to_numpy()
    if null.shape[1] and seen.any():
        p = (1 + (null >= observed[:, None]).sum(axis=1)) / (null.shape[1] + 1)
        table["p_null"] = np.where(seen, p, np.nan)
        table.loc[seen, "q_fdr"] = _fdr(p[seen])
        table.loc[seen, "p_fwe"] = _max_p(observed[seen], null[seen])
        if means.folds.shape[1] > 1:
            folds, chance = _normalised(means.folds)[seen], null[seen].mean(axis=1)
            tests = _over_folds(folds, chance)
            table.loc[seen, ["fold_low", "fold_high", "p_folds"]] = tests
            table.loc[seen, "q_folds"] = _fdr(tests[:, 2])
            table.loc[seen, "folds_above"] = (folds > chance[:, None]).mean(axis=1)
    table["survives"] = (table["p_fwe"] < ALPHA) & (table["folds_above"] == 1)
    table = table.sort_values(["score", "value"], ascending=[False, True], ignore_index=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    columns = (
        "rank value name score mean coverage volume_ml in_view p_null q_fdr p_fwe fold_low "
        "fold_high p_folds q_folds folds_above survives"
    )
    return table[columns.split()]


def laterality(means: Mapping[str, RegionMeans], regions: Sequence[Lateral]) -> pd.DataFrame:
    """Compare the right and left halves of regions: ``(R - L) / (R + L)`` of their means.

    Parameters
    ----------
    means : mapping of str to RegionMeans
        By atlas.
    regions : sequence of voxplain.paper.Lateral
        Regions that no atlas has are left out.

    Returns
    -------
    pandas.DataFrame
        One row per region: region, paper (the side that it names), atlas, left and right (means),
        index, index_low and index_high (95 % interval over folds), p_folds (two-sided,
        `jackknife_t` against 0), p_null (share of surrogates whose index is at least as far from
        0).
        The index is 0 where both halves are blank.
    """
    rows = []
    for region, (atlas, atlas_means) in product(regions, means.items()):
        names = atlas_means.table["name"].tolist()
        sides = {side: region.members(names, side) for side in ("left", "right")}
        if not all(sides.values()):
            continue
        both = atlas_means.merged(sides)
        left, right = both.observed
        observed, folds, null = map(_index, (both.observed, both.folds, both.surrogates))
        _, low, high, p = jackknife_t(folds, -1, 1) if folds.size else (np.nan,) * 4
        as_far = np.count_nonzero(np.abs(null) >= abs(observed))
        rows.append(
            {
                "region": region.name,
                "paper": region.side,
                "atlas": atlas,
                "left": left,
                "right": right,
                "index": observed,
                "index_low": low,
                "index_high": high,
                "p_folds": p,
                "p_null": (as_far + 1) / (null.size + 1),
            }
        )
    columns = "region paper atlas left right index index_low index_high p_folds p_null"
    return pd.DataFrame(rows, columns=columns.split())


def _index(sides: np.ndarray) -> np.ndarray:
    left, right = sides
    total = left + right
    return (right - left) / np.where(total == 0, 1, total)


def enrichment(means: RegionMeans, networks: Mapping[str, str]) -> pd.DataFrame:
    """Compare a map's mean inside networks with its mean over the whole parcellation.

    Parameters
    ----------
    means : RegionMeans
        Of a parcellation with the networks in its region names.
    networks : mapping of str to str
        By network, the pattern of its regions' names.

    Returns
    -------
    pandas.DataFrame
        One row per network: network, enrichment (mean inside over mean of all parcels; 1 is no
        preference), enrichment_low and enrichment_high (95 % interval over folds), null_mean and
        null_p95 (surrogates), p_null (one-sided), q_fdr over the networks.
    """
    inside = means.merged({name: [pattern] for name, pattern in networks.items()})
    whole = means.merged({"all": ["*"]})

    def ratio(part: np.ndarray, total: np.ndarray) -> np.ndarray:
        return part / np.where(total == 0, np.nan, total)

    observed = ratio(inside.observed, whole.observed)
    null = ratio(inside.surrogates, whole.surrogates)
    folds = ratio(inside.folds, whole.folds)
    intervals = [jackknife_t(row, 0)[1:3] if row.size else (np.nan, np.nan) for row in folds]
    p = (1 + (~(null < observed[:, None])).sum(axis=1)) / (null.shape[1] + 1)  # a blank map: 1
    return pd.DataFrame(
        {
            "network": list(networks),
            "enrichment": observed,
            "enrichment_low": [low for low, _ in intervals],
            "enrichment_high": [high for _, high in intervals],
            "null_mean": null.mean(axis=1),
            "null_p95": np.quantile(null, 0.95, axis=1),
            "p_null": p,
            "q_fdr": _fdr(p),
        }
    )


def _over_folds(scores: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Test each region's scores (n_regions, n_folds) against chance: low, high, one-sided p."""
    rows = []
    for values, expected in zip(scores, chance, strict=True):
        mean, low, high, p = jackknife_t(values - expected, -expected, 1 - expected)
        rows.append((low + expected, high + expected, one_sided(mean, p)))
    return np.array(rows)


def _fdr(p: np.ndarray) -> np.ndarray:
    return multipletests(p, method="fdr_bh")[1]


def _normalised(means: np.ndarray) -> np.ndarray:
    """Divide region means (n_regions, ...) by their sum; a sum of zero leaves zeros."""
    total = np.nansum(means, axis=0)
    return means / np.where(total == 0, 1, total)


def _max_p(observed: np.ndarray, null: np.ndarray) -> np.ndarray:
    """Family-wise p value of every region by the maximum statistic over regions.

    A small region's mean varies more than a large one's, so raw scores would leave the maximum to
    the small regions. Each score is therefore standardised by its region's mean and standard
    deviation over the surrogates (a studentised maximum). The map itself counts as one more draw
    there, which keeps all n + 1 maps exchangeable, so that few surrogates give an exact test, too.

    Parameters
    ----------
    observed : numpy.ndarray, shape (n_regions,)
    null : numpy.ndarray, shape (n_regions, n)
        Scores of the surrogates.

    Returns
    -------
    numpy.ndarray, shape (n_regions,)
        (1 + number of surrogates with a largest standardised score of at least the region's) /
        (n + 1); 1 for a region with a constant score, which cannot be tested.
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
