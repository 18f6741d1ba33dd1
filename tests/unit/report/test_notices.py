import numpy as np
import pandas as pd
import pytest

from support.page_context import accuracy, bare_results, config
from voxplain.report.answer import class_names
from voxplain.report.notices import notices

NEGATIVE, POSITIVE = class_names(config())


def people_of(families, ages=(30.0, 31.0, 30.0, 31.0)):
    return pd.DataFrame(
        {
            "family_id": pd.array(families, dtype="string"),
            "class_name": np.repeat([NEGATIVE, POSITIVE], 2),
            "age": ages,
            "tiv": 1400.0,
        }
    )


@pytest.mark.parametrize(
    ("changes", "people", "words"),
    [
        ({"attribution__model": "all"}, None, "In-sample"),
        ({"cohort__space": "native"}, None, "not registered to MNI152"),
        (
            {"cohort__space": "native", "registration__method": "antspy"},
            None,
            "registered to MNI152NLin2009aSym by an affine by ANTsPy",
        ),
        ({"cohort__layout": "table"}, people_of([pd.NA] * 4), "Families are not controlled"),
        (
            {"folds__groups": "none"},
            people_of(["f1", "f1", "f2", pd.NA]),
            "split between training and test sets (folds.groups: none, the paper's folds): 2 of 4 ",
        ),
        ({"cohort__synthetic__null_cohort": True}, None, "no effect planted"),
        (
            {"cohort__layout": "table"},
            people_of(["f1"] * 4, (30.0, 31.0, 35.0, 36.0)),
            f"{POSITIVE} are older by 7.07",
        ),
        (
            {"cohort__layout": "table"},
            people_of(["f1"] * 4, (35.0, 36.0, 30.0, 31.0)),
            f"{NEGATIVE} are older by 7.07",
        ),
        ({}, None, "grid 30×36×30 instead of 58×70×58"),
    ],
)
def test_notices(changes, people, words):
    results = bare_results(config=config(**changes), participants=people)
    assert any(words in notice.text for notice in notices(results))


def test_nobody_is_warned_of_families_that_are_not_divided():
    alone = people_of(["f1", "f2", pd.NA, pd.NA])
    for groups, people in (("none", alone), ("family", people_of(["f1"] * 4))):
        results = bare_results(config=config(folds__groups=groups), participants=people)
        assert not any("split between" in notice.text for notice in notices(results))


def test_known_families_and_full_size_raise_no_warning():
    settings = config(
        volumes__shape=[58, 70, 58],
        cnn__channels=[32, 64, 128],
        attribution__meaningful_perturbation__draws=10,
        attribution__meaningful_perturbation__iterations=300,
    )
    people = people_of(["f1", "f1", "f2", "f2"])
    texts = [n.text for n in notices(bare_results(config=settings, participants=people))]
    assert not any(
        word in text for text in texts for word in ("Famil", "Smaller", "Age", "Head size")
    )


def head_size_notice(sizes, evidence):
    people = people_of(["f1"] * 4).assign(tiv=sizes)
    rows = accuracy()
    rows.loc[rows["model"] == "head_size", "evidence"] = evidence
    results = bare_results(participants=people, accuracy=rows)
    shown = [notice for notice in notices(results) if "Head size is confounded" in notice.text]
    assert {notice.level for notice in shown} <= {"warn"}
    return " ".join(notice.text for notice in shown)


def test_head_sizes_that_differ_between_the_classes_are_told():
    # Means 1400 and 1500, both variances 2 * 50**2: d = 100 / 70.71 = 1.41
    text = head_size_notice((1350.0, 1450.0, 1450.0, 1550.0), evidence=True)
    assert f"{POSITIVE} have larger heads by 1.41 standard deviations" in text
    assert "alone predicts the class with an accuracy of 0.61 (95 % CI 0.50 to 0.70" in text
    text = head_size_notice((1450.0, 1550.0, 1350.0, 1450.0), evidence=False)
    assert f"{NEGATIVE} have larger heads by 1.41" in text
    assert "alone predicts" not in text


@pytest.mark.parametrize("sizes", [(1350.0, 1450.0, 1355.0, 1455.0), (float("nan"),) * 4])
def test_like_or_unknown_head_sizes_are_no_confound(sizes):
    assert head_size_notice(sizes, evidence=True) == ""
