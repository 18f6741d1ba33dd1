"""Who was left out and why, sites, and a page with every participant."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from support.page_context import Page, bare_results
from voxplain.report import quality_page
from voxplain.report.sections.cohort import cohort

N = 205


@pytest.fixture
def quality():
    table = pd.DataFrame(
        {
            "participant_id": [f"sub-<{k}>" for k in range(N)],
            "correlation": np.linspace(0.9, 0.8, N),
            "foreground_ml": 1200.0,
            "foreground_mean": 500.0,
            "reason": "",
        }
    )
    table.loc[[4, 7], "reason"] = ["small brain", "dark"]
    return table.assign(outlier=table["reason"] != "")


@pytest.fixture
def people(quality):
    return pd.DataFrame(
        {
            "participant_id": quality["participant_id"],
            "class_name": ["cats", "dogs", "dogs", "cats", "dogs"] * (N // 5),
            "age": np.nan,
            "tiv": np.nan,
            "family_id": pd.array([pd.NA] * N, dtype="string"),
            "site": pd.array(["A", "B", pd.NA, "A", "A"] * (N // 5), dtype="string"),
        }
    )


def tables(blocks):
    return {
        block.identifier: pd.DataFrame(
            [[cell.text for cell in row] for row in block.rows], columns=block.headers
        )
        for block in blocks
        if block.kind == "table"
    }


def test_those_left_out_stand_there_with_their_reasons(people, quality):
    left_out = pd.DataFrame(
        {"participant_id": ["sub-x", "sub-y"], "reason": ["cohort.exclude", "no value in 'sex'"]}
    )
    results = bare_results(participants=people, quality=quality, left_out=left_out)
    shown = tables(cohort(results))["table-left-out"]
    assert shown.to_numpy().tolist() == left_out.to_numpy().tolist()
    texts = [
        block.text
        for block in cohort(replace(results, left_out=left_out[:0]))
        if "text" in vars(block)
    ]
    assert "No participants were excluded." in texts


def test_sites_stand_beside_each_other(people, quality):
    results = bare_results(participants=people, quality=quality)
    shown = tables(cohort(results))
    sites = shown["table-sites"].set_index("site")
    assert sites.index.tolist() == ["A", "B", "unknown"]
    assert sites["cats"].tolist() == ["82", "0", "0"]
    assert sites["outliers"].tolist() == ["1", "0", "1"]
    assert shown["table-outliers"]["reason"].tolist() == ["small brain", "dark"]
    page = cohort(replace(results, participants=people.assign(site="A")))
    assert "table-sites" not in tables(page)


def test_the_page_shows_everybody_outliers_first(quality):
    volumes = np.random.default_rng(0).uniform(size=(N, 12, 14, 12)).astype(np.float32)
    page = quality_page("demo", quality, volumes, np.eye(4))
    assert Page(page).tags.count("main") == 1
    assert "(x = 6.0 mm, y = 7.0 mm, z = 6.0 mm)" in page
    names = re.findall(r"<b>sub-&lt;(\d+)&gt;</b>", page)
    assert len(names) == N
    assert names[:3] == ["7", "4", "204"]
    assert page.index("2 to check") < page.index("<b>sub-&lt;7&gt;") < page.index("<details open>")
    assert "100 others, part 1 of 3" in page
    assert "3 others, part 3 of 3" in page
    links = re.findall(r'(?:src|href)="([^"]{0,25})', page)
    assert {link.split(",")[0] for link in links} == {
        "data:image/png;base64",
        "data:",
        "report.html",
    }
