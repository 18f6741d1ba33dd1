"""Under a true null, p values that maps are judged by stay at their level: 500 simulations each."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import ndimage, stats

from voxplain import paper
from voxplain.atlas.labels import Atlas
from voxplain.atlas.overlap import region_weights
from voxplain.evaluation import agreement, map_properties, smooth_masks
from voxplain.evaluation.agreement import group_agreement
from voxplain.evaluation.localisation import localisation
from voxplain.evaluation.masked_accuracy import masked_accuracy
from voxplain.evaluation.over_folds import masked_accuracy_over_folds
from voxplain.evaluation.smooth_masks import surrogates
from voxplain.evaluation.transfer import map_correlation
from voxplain.grid import Grid
from voxplain.region_means import region_means
from voxplain.region_statistics import enrichment, laterality, overlap_table
from voxplain.structure_overlap import rank_correlation

N, N_NULL, LEVEL = 500, 39, 0.05
MOST = stats.binom.ppf(0.999, N, LEVEL)
SHAPE = (10, 9, 10)
PLACES = np.indices(SHAPE) - (np.array(SHAPE)[:, None, None, None] - 1) / 2
BRAIN = (PLACES**2).sum(axis=0) < 4**2
TRUTH = BRAIN & (PLACES[0] > 0) & (PLACES[1] < 1)
NAMES = [
    *("IPL_L_6_1", "IPL_R_6_1", "PhG_L_6_1", "PhG_R_6_1"),
    *("Left Corticospinal Tract", "Right Corticospinal Tract", "Net_L_1", "Net_R_1"),
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
    draw = smooth_masks.surrogate_values

    def once(reference, brain_mask, n, seed):
        key = reference.tobytes(), n, seed
        if key not in drawn:
            drawn.clear()
            drawn[key] = draw(reference, brain_mask, n, seed)
        return drawn[key]

    with pytest.MonkeyPatch.context() as patch:
        for module in (smooth_masks, agreement):
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
        one, other = random_map(rng), random_map(rng)
        null = surrogates(one, BRAIN, N_NULL, seed)
        means = region_means(one, octants, weights, surrogates=null)
        found = localisation(one, TRUTH, BRAIN, null)
        regions = overlap_table(means)
        inside = np.stack([one[BRAIN], other[BRAIN]])
        agreed = group_agreement({"a": other, "b": one}, BRAIN, (0.1,), N_NULL, seed)
        importance = rng.gamma(1, size=8)
        rows.append(
            {
                "AUC of the planted regions": found["p_auc"],
                "average precision": found["p_ap"],
                "one region": regions["p_null"][regions["value"] == 1].iloc[0],
                "any region, FDR": regions["q_fdr"].min(),
                "any region, family-wise": regions["p_fwe"].min(),
                "laterality": laterality({"octants": means}, paper.LATERALITY)["p_null"][0],
                "one network": enrichment(means, networks)["p_null"][0],
                "any network, FDR": enrichment(means, networks)["q_fdr"].min(),
                "structures": rank_correlation(importance, means.observed, means.surrogates)[
                    "p_null"
                ],
                "edges": map_properties.edge_null(one, other, BRAIN, null)["p_null"],
                "agreement of folds": map_properties.agreement_of_folds(inside, null[:, BRAIN])[
                    "p_null"
                ],
                "agreement of methods": agreed["p_null"][0],
                "agreement of methods, slices": agreed["p_null"][1],
                "another cohort's map": map_correlation(other, one, BRAIN, N_NULL, seed)["p"],
            }
        )
    return pd.DataFrame(rows)


@pytest.mark.slow
def test_smooth_random_maps_hold_their_level(spatial):
    hits = (spatial <= LEVEL).sum()
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
        folds = []
        for fold in ("01", "02"):
            own = pattern + 0.3 * rng.standard_normal(SHAPE) * BRAIN
            noise = rng.standard_normal((len(labels), *SHAPE))
            images = (0.05 * sign * pattern + noise).astype(np.float32)
            masks = {"conjoined": (mask / mask.max()).astype(np.float32)}
            table = masked_accuracy(Readout(own), images, labels, masks, BRAIN, 19, seed)
            folds.append(table.assign(fold=fold, method="meaningful_perturbation"))
        table = masked_accuracy_over_folds(pd.concat(folds), {"conjoined": "conjoined"})
        hits += table["p_random"].min() <= LEVEL
    assert hits <= MOST
