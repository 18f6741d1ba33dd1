import math

import numpy as np
import pandas as pd
import pytest
from claims_tables import accuracy, build, masked, verdicts

from voxplain import paper
from voxplain.paper import published_regions, same_region
from voxplain.report.claims_maps import masks_suffice
from voxplain.report.verdicts import fold_interval


def test_fold_interval_is_students_t_with_the_corrected_variance():
    row = pd.Series({"accuracy_mean": 0.8, "accuracy_sd": 0.1, "n_folds": 10})
    half = 2.2621571628 * 0.1 * math.sqrt(1 / 10 + 1 / 9)  # t(.975, 9) from a table
    assert fold_interval(row) == pytest.approx((0.8 - half, 0.8 + half))


def test_fold_interval_stays_between_zero_and_one():
    row = pd.Series({"accuracy_mean": 0.98, "accuracy_sd": 0.1, "n_folds": 10})
    low, high = fold_interval(row)
    assert low == pytest.approx(0.98 - 0.1039, abs=1e-4)
    assert high == 1
    row["accuracy_mean"] = 0.01
    assert fold_interval(row)[0] == 0


def test_a_mask_that_random_masks_reach_is_at_chance_whatever_the_paper_says():
    # .59 of the paper lies in .60 +- 2.26 * .1 * sqrt(1 / 10 + 1 / 9)
    found = verdicts(accuracy=accuracy(), masked_accuracy=masked(mask=0.6, p_random=0.05))
    title = "Accuracy on images multiplied by the men mask (the paper's men)"
    assert found[title] == "at chance"
    found = verdicts(accuracy=accuracy(), masked_accuracy=masked(mask=0.6, p_random=0.04))
    assert found[title] == "reproduced"
    rows = build(masked_accuracy=masked(p_random=0.04))
    chance = rows.set_index("claim").loc[title, "chance"]
    assert chance == "0.60 for random masks of the same volume, 95 % below 0.70; p = 0.040"


def test_the_conjunction_has_to_exceed_both_classes_masks():
    table = masked(mask=0.6)
    claim = "The conjoined mask keeps more than the mask of either class"
    assert verdicts(accuracy=accuracy(), masked_accuracy=table)[claim] == "not supported"
    table.loc[table["mask"] == "conjoined", "accuracy_mean"] = 0.75  # interval from .646
    row = build(accuracy=accuracy(), masked_accuracy=table).set_index("claim").loc[claim]
    assert row["verdict"] == "supported"
    assert row["paper"] == "0.82 against 0.59 and 0.59"
    assert row["ours"] == "0.75 against 0.60 (women) and 0.60 (men)"


def test_differences_outside_the_mask_are_whole_brain_differences():
    claim = "The classes differ over the whole brain rather than in some regions"
    # half of the interval is .104; the larger class has .52
    for complement, verdict in ((0.65, "supported"), (0.62, "not supported")):
        found = verdicts(accuracy=accuracy(), masked_accuracy=masked(complement=complement))
        assert found[claim] == verdict


def test_masks_suffice_only_beyond_both_controls():
    assert masks_suffice(masked()) is True
    assert masks_suffice(masked(p_random=0.05)) is False
    assert masks_suffice(masked(complement=0.8)) is False
    assert masks_suffice(masked().query("mask != 'conjoined'")) is None


@pytest.mark.parametrize(
    ("atlas", "first"),
    [
        ("brainnetome", "A13_R, orbital gyrus right"),
        ("Brainnetome-246", "A13_R, orbital gyrus right"),
        ("icbm", "Corticospinal tract right"),
        ("jhu48", "Corticospinal tract right"),
        ("mori", "Corticospinal tract right"),
        ("white_matter", "Corticospinal tract right"),
        ("harvard_oxford", None),
        ("aal", None),
    ],
)
def test_only_the_papers_atlases_have_published_regions(atlas, first):
    regions = published_regions(atlas)
    assert (regions[0].name if regions else None) == first


def test_an_atlas_without_a_counterpart_makes_no_claim():
    regions = pd.DataFrame({"value": [1], "name": ["a"], "rank": [1], "survives": [False]})
    rows = build(
        accuracy=accuracy(),
        table2_aal=regions.assign(method="meaningful_perturbation"),
    )
    assert not rows["claim"].str.startswith("Table 2").any()


def table2_rows(regions):
    rows = build(accuracy=accuracy(), table2_brainnetome=regions)
    rows = rows[rows["claim"].str.startswith("Table 2")]
    assert len(rows) == 2
    return [row for _, row in rows.iterrows()]


def test_table2_counts_shared_regions():
    names = [f"region {i}" for i in range(246)]
    order = [50, 46, 138, 200, 201, *[v for v in range(1, 247) if v not in (50, 46, 138, 200, 201)]]
    regions = pd.DataFrame({"value": order, "name": names}).assign(
        method="meaningful_perturbation", rank=range(1, 247), survives=[True] * 3 + [False] * 243
    )
    regions = regions.assign(score=0.01, fold_low=0.0118, fold_high=0.014, p_folds=0.01)
    regions["paper"] = paper.table2_scores("brainnetome", order, names)
    row, scores = table2_rows(regions)
    assert row["verdict"] == "supported"
    assert row["chance"] == "3 shared; 0.10 expected"
    assert row["uncertainty"].startswith("3 of 5 survive")
    assert row["source"] == "tables/table2_brainnetome.tsv"
    # the intervals are the same for all; of .0131 .0124 .0120 .0118 .0117 the last lies outside
    assert scores["uncertainty"].startswith("4 of 5 of the paper's scores")
    assert scores["ours"].startswith("region 0 0.0100 (rank 1 of 246); region 1 0.0100 (rank 2")
    assert scores["verdict"] == "differs"
    assert table2_rows(regions.assign(fold_low=0.01))[1]["verdict"] == "reproduced"
    alone = table2_rows(regions.assign(fold_low=np.nan, fold_high=np.nan, p_folds=np.nan))
    assert alone[0]["uncertainty"] == "one model, no test over folds"
    assert alone[1]["verdict"] == "not testable: one model has no folds"


@pytest.mark.parametrize(
    ("index", "name", "same"),
    [
        (0, "Corticospinal.tract.R", True),
        (0, "Right Corticospinal Tract", True),
        (0, "Left Corticospinal Tract", False),
        (3, "Pontine.crossing.tract.(a.part.of.MCP)", True),
        (2, "Superior.corona.radiata.R", False),
    ],
)
def test_white_matter_regions_are_matched_by_name(index, name, same):
    region = paper.TABLE2["icbm"][index]
    assert same_region("white_matter", region, 999, name) is same
