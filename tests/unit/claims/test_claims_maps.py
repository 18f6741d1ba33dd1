import math

import numpy as np
import pandas as pd
import pytest

from support.claims_tables import accuracy, build, masked, verdicts
from voxplain import paper
from voxplain.claims.maps import conjunction_claim, masks_suffice, whole_brain_claim
from voxplain.claims.verdicts import ONE_MODEL, fold_interval
from voxplain.paper import published_regions, same_region


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
    # .59 of the paper lies in .60 +- 2.26 * .1 * sqrt(1 / 10 + 1 / 9), and so does chance
    found = verdicts(accuracy=accuracy(), masked_accuracy=masked(mask=0.6, p_random=0.05))
    title = "Accuracy on images multiplied by the men mask (the paper's men)"
    assert found[title] == "at chance"
    found = verdicts(accuracy=accuracy(), masked_accuracy=masked(mask=0.6, p_random=0.04))
    assert found[title] == "undecided"
    exact = masked(mask=0.6, random=0.5).assign(accuracy_sd=0.02)  # .59 - .5 is twice .042
    found = verdicts(accuracy=accuracy(), masked_accuracy=exact)
    assert found[title] == "reproduced"
    rows = build(masked_accuracy=masked(p_random=0.04))
    chance = rows.set_index("claim").loc[title, "chance"]
    assert chance == "0.60 for random masks of the same volume, 95 % below 0.70; p = 0.040"


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [
        ({}, "supported"),
        ({"lead": (-0.01, 0.2)}, "undecided"),
        ({"lead": (-0.2, -0.01)}, "not supported"),
        ({"p_random": 0.05}, "undecided"),
    ],
)
def test_the_conjunction_has_to_lead_both_classes_masks_fold_by_fold(numbers, verdict):
    table = masked(mask=0.6, **numbers)
    rows = build(accuracy=accuracy(), masked_accuracy=table).set_index("claim")
    row = rows.loc["The conjoined mask keeps more accuracy than the mask of either class"]
    assert row["verdict"] == verdict
    assert row["paper"] == "0.82 against 0.59 and 0.59"
    assert row["ours"] == "0.60 against 0.60 (women) and 0.60 (men)"
    table.loc[table["mask"] == "men", "lead_low"] = -0.3
    assert conjunction_claim(table, True).verdict in ("undecided", "not supported")


def roar(low, high, random=0.8):
    rows = pd.DataFrame({"share": [0.1, 0.3], "cost_low": [0.2, low], "cost_high": [0.4, high]})
    return rows.assign(method="meaningful_perturbation", accuracy=0.7, random=random)


@pytest.mark.parametrize(
    ("table", "verdict"),
    [
        (roar(-0.04, 0.05), "supported"),  # missed no more than random voxels
        (roar(0.06, 0.2), "not supported"),
        (roar(-0.1, 0.2), "undecided"),
        (roar(-0.04, 0.05, random=0.56), "undecided"),  # random voxels cost everything, too
        (None, "not tested here: snakemake roar"),
    ],
)
def test_only_retraining_tells_whether_the_whole_brain_differs(table, verdict):
    assert whole_brain_claim(table, accuracy(), True).verdict == verdict


def test_masks_suffice_by_intervals():
    exact = masked(complement=0.52).assign(accuracy_sd=0.02)  # half of the interval is .021
    assert masks_suffice(exact, 0.52) == "supported"
    assert masks_suffice(exact.assign(p_random=0.05), 0.52) == "undecided"
    assert masks_suffice(exact.assign(change_low=-0.06), 0.52) == "undecided"
    assert masks_suffice(exact.assign(change_low=-0.2, change_high=-0.06), 0.52) == "not supported"
    assert masks_suffice(exact, 0.48) == "undecided"
    assert masks_suffice(exact, 0.44) == "not supported"
    assert masks_suffice(exact.query("mask != 'conjoined'"), 0.52) is None


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
    regions = regions.assign(method="meaningful_perturbation")
    rows = build(accuracy=accuracy(), table2={"aal": regions})
    assert not rows["claim"].str.startswith("Table 2").any()


def table2(n=246, survive=3):
    first = (50, 46, 138, 200, 201)
    order = [*first, *[value for value in range(1, n + 1) if value not in first]]
    names = [f"region {i}" for i in range(n)]
    table = pd.DataFrame({"value": order, "name": names}).assign(
        method="meaningful_perturbation",
        rank=range(1, n + 1),
        survives=[k < survive for k in range(n)],
        score=0.01,
        fold_low=0.0118,
        fold_high=0.014,
        p_folds=0.01,
    )
    return table.assign(paper=paper.table2_scores("brainnetome", order, names))


def table2_rows(regions):
    rows = build(accuracy=accuracy(), table2={"brainnetome": regions})
    rows = rows[rows["claim"].str.startswith("Table 2")]
    assert len(rows) == 2
    return [row for _, row in rows.iterrows()]


def test_table2_counts_shared_regions():
    row, scores = table2_rows(table2())
    assert row["verdict"] == "supported"
    assert row["chance"] == "3 in both; 0.10 expected at random"
    assert row["uncertainty"].startswith("3 of 5 survive")
    assert row["source"] == "tables/table2_brainnetome.tsv"
    # the intervals are the same for all; of .0131 .0124 .0120 .0118 .0117 the last lies outside
    assert scores["uncertainty"].startswith("4 of 5 of the paper's scores")
    assert scores["paper"].startswith("0.0131 (3.22 times 1/n); 0.0124 (3.05")
    assert scores["ours"].startswith("region 0 0.0100 (2.46 times 1/n, rank 1 of 246); ")
    assert scores["verdict"] == "differs"
    # .0117 is .0076 from the even share: an interval of .0034 is short enough, one of .004 is not
    assert table2_rows(table2().assign(fold_low=0.0106))[1]["verdict"] == "reproduced"
    assert table2_rows(table2().assign(fold_low=0.01))[1]["verdict"] == "undecided"
    alone = table2_rows(table2().assign(fold_low=np.nan, fold_high=np.nan, p_folds=np.nan))
    assert alone[0]["uncertainty"] == "one model, no test over folds"
    assert {row["verdict"] for row in alone} == {ONE_MODEL}


def test_a_top_five_that_random_maps_reach_is_not_settled():
    assert table2_rows(table2(survive=2))[0]["verdict"] == "undecided"
    others = table2().assign(value=range(300, 546))
    assert table2_rows(others)[0]["verdict"] == "not supported"


def test_scores_of_another_number_of_regions_are_not_comparable():
    scores = table2_rows(table2(n=210))[1]
    assert scores["verdict"] == (
        "not comparable: scores sum to 1 over 210 regions here, over 246 in the paper"
    )
    assert scores["ours"].startswith("region 0 0.0100 (2.10 times 1/n, rank 1 of 210); ")
    assert scores["uncertainty"] == ""


def test_regions_of_the_paper_that_an_atlas_lacks_are_counted():
    table = table2()
    table.loc[table["paper"].idxmin(), "paper"] = np.nan
    assert table2_rows(table)[1]["ours"].endswith("; 1 of the five have no region of the same name")


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
