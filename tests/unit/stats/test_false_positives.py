"""Under a true null, p values that maps are judged by stay at their level: 500 simulations each."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import ndimage, stats

from voxplain import paper
from voxplain.atlas.labels import Atlas
from voxplain.evaluation.maps import agreement, properties
from voxplain.evaluation.maps.agreement import group_agreement
from voxplain.evaluation.maps.localisation import localisation
from voxplain.evaluation.maps.properties_table import compare_methods
from voxplain.evaluation.maps.transfer import map_correlation
from voxplain.evaluation.trust.masked_accuracy import masked_accuracy
from voxplain.evaluation.trust.over_folds import masked_accuracy_over_folds
from voxplain.image.grid import Grid
from voxplain.regions.means import RegionMeans, region_means
from voxplain.regions.morphometry_overlap import rank_correlation
from voxplain.regions.tables import enrichment, laterality, overlap_table
from voxplain.regions.weights import region_weights
from voxplain.stats import spatial_null
from voxplain.stats.over_folds import corrected_t
from voxplain.stats.spatial_null import surrogates

N, N_NULL, LEVEL = 500, 39, 0.05
MOST = stats.binom.ppf(0.999, N, LEVEL)
SHAPE = (10, 9, 10)
PLACES = np.indices(SHAPE) - (np.array(SHAPE)[:, None, None, None] - 1) / 2
BRAIN = (PLACES**2).sum(axis=0) < 4**2
TRUTH = BRAIN & (PLACES[0] > 0) & (PLACES[1] < 1)
NAMES = [
    "IPL_L_6_1",
    "IPL_R_6_1",
    "PhG_L_6_1",
    "PhG_R_6_1",
    "Left Corticospinal Tract",
    "Right Corticospinal Tract",
    "Net_L_1",
    "Net_R_1",
]


def atlas():
    """Eight octants of the brain, four pairs of sides."""
    octant = sum((PLACES[axis] > 0) * 2**k for k, axis in enumerate((0, 1, 2)))
    labels = np.where(BRAIN, octant + 1, 0).astype(np.int32)
    table = pd.DataFrame({"value": range(1, 9), "name": NAMES})
    return Atlas("octants", labels, Grid(SHAPE, np.eye(4)), table)


def random_map(rng, sigma=1.3):
    field = ndimage.gaussian_filter(rng.standard_normal(SHAPE), sigma)
    return np.where(BRAIN, np.exp(3 * field / field.std() / 2), 0)


@pytest.fixture(scope="module", autouse=True)
def drawn_once():
    """All tests of one map draw the same random maps; here they are drawn once for all of them."""
    drawn = {}
    draw = spatial_null.surrogate_values

    def once(reference, brain_mask, n, seed):
        key = reference.tobytes(), n, seed
        if key not in drawn:
            drawn.clear()
            drawn[key] = draw(reference, brain_mask, n, seed)
        return drawn[key]

    with pytest.MonkeyPatch.context() as patch:
        for module in (spatial_null, agreement):
            patch.setattr(module, "surrogate_values", once)
        yield


@pytest.fixture(scope="module")
def spatial():
    """Every p value of a map that is judged against smooth random maps."""
    rng, octants = np.random.default_rng(0), atlas()
    weights = region_weights(octants, octants.grid)
    networks = {name: name for name in ("IPL*", "PhG*", "*Corticospinal*", "Net*")}
    rows = []
    for seed in range(N):
        volume, other = random_map(rng), random_map(rng)
        null = surrogates(volume, BRAIN, N_NULL, seed)
        means = region_means(volume, octants, weights, surrogates=null)
        actual = localisation(volume, TRUTH, BRAIN, null)
        regions = overlap_table(means)
        inside = np.stack([volume[BRAIN], other[BRAIN]])
        agreed = group_agreement({"a": other, "b": volume}, BRAIN, (0.1,), N_NULL, seed)
        importance = rng.gamma(1, size=8)
        rows.append(
            {
                "AUC of the planted regions": actual["p_auc"],
                "average precision": actual["p_ap"],
                "one region": regions["p_null"][regions["value"] == 1].iloc[0],
                "any region, FDR": regions["q_fdr"].min(),
                "any region, family-wise": regions["p_fwe"].min(),
                "laterality": laterality({"octants": means}, paper.LATERALITY)["p_null"][0],
                "one network": enrichment(means, networks)["p_null"][0],
                "any network, FDR": enrichment(means, networks)["q_fdr"].min(),
                "structures": rank_correlation(importance, means.observed, means.surrogates)[
                    "p_null"
                ],
                "edges": properties.edge_null(volume, other, BRAIN, null)["p_null"],
                "agreement of folds": properties.agreement_of_folds(inside, null[:, BRAIN])[
                    "p_null"
                ],
                "agreement of methods": agreed["p_null"][0],
                "agreement of methods, slices": agreed["p_null"][1],
                "another cohort's map": map_correlation(other, volume, BRAIN, N_NULL, seed)["p"],
            }
        )
    return pd.DataFrame(rows)


@pytest.mark.slow
def test_smooth_random_maps_hold_their_level(spatial):
    hits = (spatial <= LEVEL).sum()
    assert (hits <= MOST).all(), hits


N_FOLDS, N_PEOPLE, N_VOXELS = 10, 100, 64
FOLD = np.repeat(np.arange(N_FOLDS), N_PEOPLE // N_FOLDS)
PAIRS = (("IPL_L_6_1", "IPL_R_6_1"), ("PhG_L_6_1", "PhG_R_6_1"))


def networks(rng):
    """Maps of linear networks, (folds, voxels): class differences in their training participants.

    Nothing tells the classes apart, so what the folds' maps have in common is the cohort's.
    """
    people = rng.standard_normal((N_PEOPLE, N_VOXELS)) * np.tile([-1, 1], N_PEOPLE // 2)[:, None]
    return np.abs([people[fold != FOLD].mean(axis=0) for fold in range(N_FOLDS)])


def overlaps(a, b):
    """Dice of each fold's eight highest voxels, and what chance gives."""
    top = [volume >= np.sort(volume, axis=1)[:, [-8]] for volume in (a, b)]
    dice = (top[0] & top[1]).sum(axis=1) / 8
    rows = pd.DataFrame({"fold": range(N_FOLDS), "dice": dice, "random": 8 / N_VOXELS})
    rows = rows.assign(method_a="a", method_b="b", area=0.125, chance=0.125, other=np.nan)
    return agreement.participant_agreement(rows)["p_null"][0]


@pytest.mark.slow
def test_what_a_cohort_has_by_chance_in_all_folds_is_no_finding():
    rng, rows = np.random.default_rng(2), []
    names = [name for pair in PAIRS for name in pair] + [f"Net_{k}" for k in range(12)]
    table = pd.DataFrame({"value": range(1, 17), "name": names})
    for _ in range(N):
        maps, other = networks(rng), networks(rng)
        folds = maps.reshape(N_FOLDS, 16, 4).mean(axis=2).T
        null = np.array([rng.permutation(maps.mean(axis=0)) for _ in range(N_NULL)])
        null = null.reshape(N_NULL, 16, 4).mean(axis=2).T
        view = np.ones(16), np.ones(16)
        means = RegionMeans(table, *view, folds.mean(axis=1), folds, null)
        regions = overlap_table(means)
        side = laterality({"octants": means}, paper.LATERALITY).iloc[0]
        network = enrichment(means, {"one": "Net_?", "all": "*"}).iloc[0]
        sparsity = {"a": properties.gini(maps), "b": properties.gini(other)}
        scores = maps[:, :4].sum(axis=1) / maps.sum(axis=1) - 1 / 16
        rows.append(
            {
                "one region": regions["p_folds"][regions["value"] == 1].iloc[0] <= LEVEL,
                "any region, FDR": regions["q_folds"].min() <= LEVEL,
                "any region survives": regions["survives"].any(),
                "laterality": side["p_folds"] <= LEVEL,
                "laterality, interval": not side["index_low"] <= 0 <= side["index_high"],
                "network, interval": not network["enrichment_low"]
                <= 1
                <= network["enrichment_high"],
                "sparsest": compare_methods(sparsity)["p_highest"][0] <= LEVEL,
                "agreement of methods": overlaps(maps, other) <= LEVEL,
                "corrected t": corrected_t(scores)[3] <= LEVEL,
            }
        )
    hits = pd.DataFrame(rows).sum()
    assert hits.pop("corrected t") > 3 * MOST  # why the resampled t-test is not used for maps
    assert (hits <= MOST).all(), hits


class Readout(torch.nn.Module):
    """Calls a class by the sum of the image times a pattern."""

    def __init__(self, pattern):
        super().__init__()
        self.pattern = torch.nn.Parameter(torch.from_numpy(pattern.astype(np.float32)))

    def forward(self, x):
        evidence = (x[:, 0] * self.pattern).sum((1, 2, 3))
        return torch.stack([-evidence, evidence], 1)


@pytest.mark.slow
def test_a_mask_that_knows_nothing_of_the_network_is_rarely_beyond_random_masks():
    rng, hits = np.random.default_rng(1), 0
    labels = np.tile([0, 1], 15)
    sign = (2 * labels - 1)[:, None, None, None]
    for seed in range(N):
        pattern, mask = random_map(rng) - random_map(rng), random_map(rng)
        noise = rng.standard_normal((len(labels), *SHAPE))
        images = (0.05 * sign * pattern + noise).astype(np.float32)
        masks = {"conjoined": (mask / mask.max()).astype(np.float32)}
        table = masked_accuracy(Readout(pattern), images, labels, masks, BRAIN, 19, seed)
        table = table.assign(fold="01", method="meaningful_perturbation")
        table = masked_accuracy_over_folds(table, {"conjoined": "conjoined"})
        hits += table["p_random"].min() <= LEVEL
    assert hits <= MOST
