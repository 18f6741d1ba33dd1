import pandas as pd
import pytest

from support.page_context import bare_results, config
from voxplain.claims.table import claims_table
from voxplain.report.sections.trust import faithfulness, paper_maps, properties, robustness
from voxplain.run.tables import ResultTables

CLASSES = ("women", "men")
METHODS = ("grad_cam", "guided_backprop", "meaningful_perturbation")


def table(noise, people=0.3):
    rows = [
        (method, kind, level, 6, value)
        for method, values in noise.items()
        for kind, level, value in (
            ("randomised", "linear", 0.8),
            ("randomised", "conv", 0.2),
            ("shuffled", "labels", 0.6 if method == "guided_backprop" else 0.1),
            ("noise", 0.01, values[0]),
            ("noise", 0.1, values[1]),
            ("seed", "1", values[1] / 2),
            ("other participant", None, people),
        )
    ]
    columns = ["method", "kind", "level", "participants", "spearman"]
    table = pd.DataFrame(rows, columns=columns).assign(pearson=0.1, ssim=0.1, dice=0.1)
    steady = table[table["method"] == "meaningful_perturbation"].set_index(["kind", "level"])
    lag = table.join(steady["spearman"].rename("steady"), on=["kind", "level"])
    lag = lag["steady"] - lag["spearman"]
    rho = table["spearman"]
    table = table.assign(ci_low=rho - 0.01, ci_high=rho + 0.01)
    return table.assign(lag_low=lag - 0.01, lag_high=lag + 0.01)


def accuracy():
    return pd.DataFrame(
        {"model": ["cnn"], "mean": [0.9], "sd": [0.03], "accuracy": [0.9], "ci_low": [0.85]}
        | {"ci_high": [0.95], "majority": [0.5], "p_permutation": [0.001], "evidence": [True]}
        | {"recall_negative": [0.9], "recall_positive": [0.9], "auc": [0.95], "n": [100]}
    )


def claim(robustness_table):
    tables = ResultTables(accuracy=accuracy(), robustness=robustness_table)
    rows = claims_table(tables, CLASSES, same_cohort=True)
    return rows[rows["claim"].str.contains("very sensitive")].iloc[0]


def test_the_sensitivity_claim_follows_the_noise():
    noise = {"grad_cam": (0.8, 0.3), "guided_backprop": (0.9, 0.5)}
    row = claim(table(noise | {"meaningful_perturbation": (0.95, 0.6)}))
    assert row["verdict"] == "supported"
    assert "1% noise: " in row["ours"]
    assert "10% noise: 0.30, 0.50, 0.60" in row["ours"]
    assert row["ours"].endswith("other seeds: 0.15, 0.25, 0.30")
    assert row["chance"] == "maps of two participants: 0.30, 0.30, 0.30"
    row = claim(table(noise | {"meaningful_perturbation": (0.95, 0.4)}))
    assert row["verdict"] == "not supported"
    assert claim(None)["verdict"] == "not tested here"


def test_sanity_verdicts_stand_beside_the_literature():
    settings = config(evaluation__robustness={"fold": "01"})
    noise = dict.fromkeys(METHODS, (0.9, 0.5))
    blocks = robustness(bare_results(config=settings, robustness=table(noise)))
    verdicts = blocks[2]
    text = str(verdicts)
    assert "not known" in text
    assert "fails" in text
    assert len(blocks) == 5


@pytest.mark.parametrize("section", [faithfulness, robustness])
def test_what_was_not_run_is_said(section):
    (note,) = section(bare_results())
    assert "not tested in this run" in note.text


def test_maps_made_the_papers_way_are_asked_for_by_name():
    assert "`snakemake paper_maps`" in paper_maps(bare_results())[0].text
    rows = pd.DataFrame({"method": ["grad_cam"], "changed": "x", "spearman": 0.5, "auc_own": 0.6})
    (shown,) = paper_maps(bare_results(paper_maps=rows))
    assert shown.headers[2:] == ["Spearman's rho", "AUC, this run's"]


def test_what_a_row_of_properties_is_about_stands_first():
    scores = pd.DataFrame({"method": ["grad_cam"], "value": 0.2, "property": ["gini"]})
    shown = properties(bare_results(map_properties=scores))[-2]
    assert shown.headers == ["property", "method", "value"]


@pytest.mark.parametrize(
    ("tested", "words"),
    [
        ({}, "even if the participants did not."),
        ({"p_null": 0.2}, "explain the output of one class."),
    ],
)
def test_what_a_difference_of_the_classes_maps_can_be(tested, words):
    scores = pd.DataFrame({"property": ["class difference"], "value": [0.2], **tested})
    assert properties(bare_results(map_properties=scores))[-1].caption.endswith(words)
