import numpy as np
import pandas as pd
import pytest

from support.claims_tables import accuracy, build
from voxplain import paper
from voxplain.claims.verdicts import ONE_MODEL
from voxplain.paper import published_regions, same_region


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
