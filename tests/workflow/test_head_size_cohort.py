"""Where head size is all that differs between the classes, the pipeline says so."""

import pandas as pd
import pytest
from scipy import stats

from support.workflow import COHORT_OF_80, STUDY_OF_80, Workflow

pytestmark = pytest.mark.slow

ALONE = {"null_cohort": True, "head_size_effect": 1.8}  # standard deviations between the classes
SEERS = ["cnn", "logistic_regression", "head_size"]  # models that learn head size


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    config = STUDY_OF_80 | {
        "run": "heads",
        "seed": 10,  # without an effect, head sizes would differ by .01 standard deviations
        "cohort": {"synthetic": COHORT_OF_80 | ALONE},
    }
    workflow = Workflow(tmp_path_factory.mktemp("heads"), config)
    done = workflow("results/heads/tables/head_size.tsv", "results/heads/tables/confounds.tsv")
    assert done.returncode == 0, done.stdout[-4000:]
    tables = workflow.path("heads", "tables")
    return {
        name: pd.read_csv(tables / f"{name}.tsv", sep="\t").set_index(key)
        for name, key in (("head_size", "model"), ("confounds", "confound"))
    }


def test_head_size_is_named_as_the_confound(lines):
    row = lines["confounds"].loc["head_size"]
    assert row["effect"] == pytest.approx(1.8, abs=0.2)
    assert row["accuracy"] > 0.75
    assert row["p_permutation"] < 0.001


@pytest.mark.parametrize("model", SEERS)
def test_raw_accuracy_is_high(lines, model):
    assert lines["head_size"].loc[model, "ci_low"] > 0.6


def test_accuracy_is_at_chance_once_head_size_is_matched(lines):
    table = lines["head_size"]
    assert (table["n_pairs"] >= 8).all()
    assert (table["d_matched"].abs() < 0.15).all()
    assert (table["p_matched"] > 0.05 / len(table)).all()
    for model in SEERS:
        row = table.loc[model]
        assert row["matched_low"] < 0.5 < row["matched_high"]
        assert row["matched_accuracy"] < row["accuracy"] - 0.1


@pytest.mark.parametrize("model", ["logistic_regression", "voxel_svm"])
def test_regressing_head_size_out_leaves_nothing(lines, model):
    row = lines["head_size"].loc[f"{model}_tiv_residual"]
    n = 80
    assert stats.binomtest(round(row["accuracy"] * n), n, alternative="greater").pvalue > 0.05
