"""The tables and figures of a run."""

from pathlib import Path

import pytest

from voxplain.plan.run_plan import RunPlan
from voxplain.plan.targets import CLAIM_STUDIES, STUDY_FIGURES, STUDY_TABLES, Targets
from voxplain.run.paths import RunPaths


@pytest.fixture
def targets(configured, tmp_path, monkeypatch):
    """Return the targets of a configuration; the working directory is empty."""
    monkeypatch.chdir(tmp_path)
    return lambda **changes: Targets(RunPlan(configured(**changes)), RunPaths("demo"))


def touch(path):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).touch()


def names(paths):
    return {Path(path).stem for path in paths}


def test_a_run_has_the_tables_that_its_configuration_asks_for(targets):
    full = names(targets().tables())
    assert {"accuracy", "table2_brainnetome", "optimism", "localisation", "networks"} <= full
    native = names(targets(cohort={"space": "native"}).tables())
    regional = {name for name in full if name.startswith("table2_")}
    regional |= {"laterality", "networks", "morphometry_regions", "morphometry_overlap"}
    assert full - native == regional
    null = names(targets(cohort={"synthetic": {"null_cohort": True}}).tables())
    assert full - null == {"localisation", "localisation_controls", "localisation_regions"}


def test_studies_are_shown_once_their_results_are_there(targets):
    some = targets()
    assert not set(STUDY_TABLES) & names(some.page_tables())
    for name in (*STUDY_TABLES, "permutations_knn"):
        touch(some.paths.table(name))
    for name in STUDY_FIGURES:
        touch(some.paths.figure(name)[0])
    assert set(STUDY_TABLES) | {"permutations_knn", "claims"} <= names(some.page_tables())
    assert set(STUDY_TABLES) & names(some.claim_tables()) == set(CLAIM_STUDIES)
    assert some.figures()[-len(STUDY_FIGURES) :] == list(STUDY_FIGURES)
    assert len(some.figure_files()) == 3 * len(some.pictures()) == 3 * len(some.figures())


def test_figures_follow_the_configuration(targets):
    full = set(targets().figures())
    assert full - set(targets(cohort={"space": "native"}).figures()) == {"projections", "regions"}
    assert full - set(targets(attribution={"model": "all"}).figures()) == {"stability"}
    methods = ["grad_cam", "guided_backprop"]
    assert full - set(targets(attribution={"methods": methods}).figures()) == {"convergence"}


def test_the_papers_protocol_is_compared_when_it_is_named_or_there(targets):
    assert targets().reference_files() == []
    assert targets(kan2020_run="paper").reference_files() == [
        "results/paper/tables/claims.tsv",
        "results/paper/cohort/participants.tsv",
    ]
    touch("results/demo_kan2020/tables/claims.tsv")
    assert len(targets().reference_files()) == 2


def test_claims_know_the_rules_of_their_tables(targets):
    some = targets()
    outputs = {
        "stack_volumes": [some.paths.participants, some.paths.volumes],
        "first": [some.paths.table("table1"), "elsewhere.tsv"],
        "page": [some.paths.report],
    }
    assert some.rules_of_claims(outputs) == {"participants": "stack_volumes", "table1": "first"}


def test_tabular_models_write_a_file_of_each_kind_per_fold(targets):
    files = targets().tabular_outputs()
    assert files["knn"] == "results/demo/knn/fold-{fold}/predictions.tsv"
    assert files["parameters_knn"] == "results/demo/knn/fold-{fold}/parameters.json"
    assert {name for name in files if name.endswith("knn")} == {"knn", "parameters_knn"}
    assert {name for name in files if name.endswith("head_size")} == {"head_size"}
    assert "importances_xgboost" in files
