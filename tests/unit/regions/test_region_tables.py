import numpy as np
import pandas as pd
import pytest
from scipy import stats

from voxplain import paper
from voxplain.atlas.labels import Atlas
from voxplain.errors import AtlasError
from voxplain.image.grid import Grid
from voxplain.regions import tables as regions
from voxplain.regions.means import RegionMeans, region_means
from voxplain.regions.weights import region_weights

SHAPE = (6, 5, 4)


def small_atlas():
    labels = np.zeros(SHAPE, np.int32)
    labels[1:3, 1:4, 1:3] = 7
    labels[4, 2, 2] = 3
    table = pd.DataFrame({"value": [3, 7], "name": ["three", "seven"]})
    return Atlas("small", labels, Grid(SHAPE, np.eye(4)), table)


def means_of(attribution, atlas, grid=None, **maps):
    weights = region_weights(atlas, grid or atlas.grid)
    return region_means(attribution, atlas, weights, **maps)


def made(names, observed, folds, surrogates, volumes=None):
    """Region means as if they had been measured."""
    n = len(names)
    table = pd.DataFrame({"value": range(1, n + 1), "name": names})
    volumes = np.ones(n) if volumes is None else np.array(volumes, float)
    arrays = (np.array(rows, float) for rows in (observed, folds, surrogates))
    return RegionMeans(table, volumes, np.ones(n), *arrays)


def test_overlap_table_by_hand():
    atlas = small_atlas()
    attribution = np.zeros(atlas.labels.shape)
    attribution[4, 2, 2] = 0.6  # region 3: one voxel, mean .6
    attribution[1, 1:4, 1:3] = 0.4  # region 7: half of its 12 voxels, mean .2
    binary = attribution > 0.3
    shuffled = np.stack([attribution, np.zeros_like(attribution), np.full_like(attribution, 0.1)])
    coverage = region_weights(atlas, atlas.grid)[0] @ binary.ravel().astype(float)
    means = means_of(attribution, atlas, surrogates=shuffled)
    table = regions.overlap_table(means, coverage)
    assert table["rank"].tolist() == [1, 2]
    assert table["name"].tolist() == ["three", "seven"]
    np.testing.assert_allclose(table["mean"], [0.6, 0.2])
    np.testing.assert_allclose(table["score"], [0.75, 0.25])
    np.testing.assert_allclose(table["coverage"], [1, 0.5])
    np.testing.assert_allclose(table["volume_ml"], [0.001, 0.012])
    np.testing.assert_allclose(table["p_null"], [2 / 4, 3 / 4])
    np.testing.assert_allclose(table["q_fdr"], [0.75, 0.75])
    # scores of map and surrogates: three .75 .75 0 .5, seven .25 .25 0 .5; standardised, three has
    # .816 .816 -1.633 0 and seven 0 0 -1.414 1.414, so the surrogates' maxima are .816 -1.414 1.414
    np.testing.assert_allclose(table["p_fwe"], [3 / 4, 3 / 4])


def test_family_wise_p_by_hand():
    # regions' means are (0, m) over 4 surrogates; the map's own score counts as one more draw
    observed = np.array([0.5, 0.2, 0.3])
    null = np.array([[0.1, 0.2, 0.1, 0.2], [0.2, 0.1, 0.2, 0.1], [0.3, 0.3, 0.3, 0.3]])
    # first: mean .22, sd .14697, the map at 1.905, surrogates at most -.136; second: mean .16,
    # sd .04899, the map at .816 as two surrogates are; third never varies: untestable
    np.testing.assert_allclose(regions._max_p(observed, null), [1 / 5, 3 / 5, 1])


def test_small_regions_do_not_dominate_the_maximum():
    rng = np.random.default_rng(0)
    null = rng.normal([[0.1], [0.9]], [[0.05], [0.001]], (2, 99))
    # the second region lies ten of its own deviations up, far below the first one's raw noise
    p = regions._max_p(np.array([0.1, 0.91]), null)
    assert p[1] == 1 / 100
    assert p[0] > 0.5


def test_family_wise_p_is_calibrated():
    rng = np.random.default_rng(1)
    smallest = []
    for _ in range(400):
        scores = rng.gamma(0.3, size=(12, 20))
        smallest.append(regions._max_p(scores[:, 0], scores[:, 1:]).min())
    # exact: some region has p <= 1/20 in 5 % of the families
    assert np.mean(np.array(smallest) < 0.0501) == pytest.approx(0.05, abs=0.03)


def test_an_all_zero_map_gives_zeros():
    atlas = small_atlas()
    zero = np.zeros(atlas.labels.shape)
    nulls = np.stack([zero, zero])
    means = means_of(zero, atlas, surrogates=nulls, fold_maps=nulls)
    table = regions.overlap_table(means, np.zeros(2))
    assert (table[["mean", "score", "coverage"]] == 0).all(axis=None)
    assert not table["survives"].any()
    assert (table[["p_null", "q_fdr", "p_fwe"]] == 1).all(axis=None)


def test_regions_out_of_view_come_last_with_missing_values():
    grid = Grid((2, 5, 4), np.eye(4))  # sees x = 0 and 1 of region 7's x = 1 and 2, none of 3
    ones = np.ones((3, *grid.shape))
    table = regions.overlap_table(
        means_of(ones[0], small_atlas(), grid, surrogates=ones, fold_maps=ones), np.ones(2)
    )
    assert table["name"].tolist() == ["seven", "three"]
    assert table["score"].iloc[0] == pytest.approx(1)
    missing = ["mean", "score", "coverage", "p_null", "q_fdr", "p_fwe", "p_folds", "q_folds"]
    assert table[missing].iloc[1].isna().all()
    assert not table["survives"].any()


def test_folds_are_the_unit_of_inference():
    # scores sum to 1; the surrogates' mean score is .5 in both regions
    folds = [[0.7, 0.8, 0.9], [0.3, 0.2, 0.1]]
    null = [[0.4, 0.6, 0.5, 0.5], [0.6, 0.4, 0.5, 0.5]]
    table = regions.overlap_table(made(["a", "b"], [0.8, 0.2], folds, null))
    error = 0.1 * 2 / np.sqrt(3)  # jackknife of three groups
    p = stats.t.sf(0.3 / error, 2)
    np.testing.assert_allclose(table["p_folds"], [p, 1 - p])
    half = stats.t.ppf(0.975, 2) * error
    # no score is below 0 or above 1
    np.testing.assert_allclose(table["fold_low"], [0.8 - half, 0], atol=1e-12)
    np.testing.assert_allclose(table["fold_high"], [1, 0.2 + half])
    np.testing.assert_allclose(table["q_folds"], [2 * p, 1 - p])
    assert table["folds_above"].tolist() == [1, 0]


def test_a_region_survives_both_nulls_or_not_at_all():
    rng = np.random.default_rng(0)
    null = rng.uniform(0.9, 1.1, (3, 199))
    agreed = np.array([[3.0], [1.0], [1.0]]) + 0.01 * rng.standard_normal((3, 10))
    table = regions.overlap_table(made(list("abc"), [3, 1, 1], agreed, null))
    assert table["survives"].tolist() == [True, False, False]
    disputed = np.array([[9.0] + [1.0] * 9, [1.0] * 10, [1.0] * 10])  # one fold alone
    assert not regions.overlap_table(made(list("abc"), [3, 1, 1], disputed, null))["survives"].any()
    alone = regions.overlap_table(made(list("abc"), [3, 1, 1], agreed[:, :1], null))
    assert alone["p_folds"].isna().all()  # the whole-cohort model is one fold


def test_merged_regions_are_weighted_by_volume():
    means = made(["x_L_1", "x_L_2", "x_R"], [1, 4, 2], np.ones((3, 2)), np.ones((3, 5)), [2, 1, 7])
    both = means.merged({"left": ["x_L_*"], "all": ["*"]})
    np.testing.assert_allclose(both.observed, [2, (2 + 4 + 14) / 10])
    assert both.surrogates.shape == (2, 5)
    with pytest.raises(AtlasError, match="'y'"):
        means.merged({"y": ["y"]})


def test_laterality_by_hand():
    names = ["IPL_L_6_1", "IPL_R_6_1", "Left corticospinal_tract", "Right corticospinal_tract"]
    folds = [[1, 1, 1.2], [3, 3, 2.8], [1, 1, 1], [1, 1, 1]]
    null = [[1, 1, 1, 1], [1, 3, 9, 2], [1, 1, 1, 1], [1, 1, 1, 1]]
    table = regions.laterality({"a": made(names, [1, 3, 2, 2], folds, null)}, paper.LATERALITY)
    assert table["region"].tolist() == ["inferior parietal lobule", "corticospinal tract"]
    assert table["paper"].tolist() == ["right", "right"]
    assert table["index"].tolist() == pytest.approx([0.5, 0])
    # folds .5 .5 .4; surrogates 0 .5 .8 1/3: two of four as far
    half = stats.t.ppf(0.975, 2) * np.std([0.5, 0.5, 0.4], ddof=1) * 2 / np.sqrt(3)
    np.testing.assert_allclose(table["index_high"].iloc[0], 1.4 / 3 + half)
    assert table["p_null"].tolist() == [3 / 5, 1]


@pytest.mark.parametrize(
    "names",
    [
        ["Corticospinal.tract.L", "Corticospinal.tract.R"],
        ["Left corticospinal_tract", "Right corticospinal_tract"],
        ["Corticospinal tract left", "Corticospinal tract right"],
    ],
)
def test_sides_are_found_in_every_atlas(names):
    tract = next(region for region in paper.LATERALITY if "spinal" in region.name)
    names = [*names, "Superior.corona.radiata.R"]
    assert tract.members(names, "left") == names[:1]
    assert tract.members(names, "right") == names[1:2]


def test_enrichment_by_hand():
    names = ["17Networks_LH_ContA_1", "17Networks_RH_ContB_1", "17Networks_LH_VisCent_1"]
    null = [[1, 3, 1, 1], [1, 3, 1, 1], [1, 0, 1, 4]]
    means = made(names, [2, 2, 1], [[2, 2]] * 2 + [[1, 1]], null, [1, 1, 2])
    table = regions.enrichment(means, {"control": "*_Cont*", "visual": "*_Vis*"})
    # mean of all: (2 + 2 + 2) / 4
    np.testing.assert_allclose(table["enrichment"], [2 / 1.5, 1 / 1.5])
    # surrogates' ratios of control: 1, 2, 1, .4; of visual: 1, 0, 1, 1.6
    np.testing.assert_allclose(table["p_null"], [2 / 5, 4 / 5])
    np.testing.assert_allclose(table["q_fdr"], [0.8, 0.8])
    blank = made(names, [0, 0, 0], [[0, 0]] * 3, null)
    assert (regions.enrichment(blank, {"control": "*_Cont*"})["p_null"] == 1).all()
