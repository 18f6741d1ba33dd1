"""The studies that are asked for by name, on the tiny cohort."""

import json
import shutil

import pandas as pd
import pytest

from support.workflow import copy_of
from voxplain.stats.family_blocks import family_codes

pytestmark = pytest.mark.slow


TARGETS = ("seeds", "shuffled", "ablation", "learning", "grids", "roar", "paper_maps")
FIGURES = ("ablation", "ablation_convergence", "learning", "grids")


@pytest.fixture(scope="module")
def studies(finished, tmp_path_factory):
    """The tiny run with every study of its own cohort."""
    workflow = copy_of(finished, tmp_path_factory.mktemp("studies"))
    done = workflow(*TARGETS)
    assert done.returncode == 0, done.stdout[-8000:]
    return workflow


def table(workflow, name):
    return pd.read_csv(workflow.path("tiny", "tables", f"{name}.tsv"), sep="\t")


def accuracy_of(workflow):
    return table(workflow, "accuracy").set_index("model")["accuracy"]


def participants(path):
    return pd.read_csv(path, sep="\t", dtype={"family_id": str})


@pytest.mark.parametrize("name", FIGURES)
def test_a_study_draws_its_figures(studies, name):
    for ending in ("png", "svg", "tsv"):
        assert studies.path("tiny", "figures", f"{name}.{ending}").is_file()


def test_the_network_is_trained_from_other_seeds_on_other_folds_and_other_labels(studies):
    seeds, shuffled = (table(studies, name) for name in ("seeds", "shuffled"))
    assert seeds["changed"].tolist() == ["seeds", "folds"]
    assert (seeds["n_runs"] == 2).all()
    assert seeds["accuracy_mean"].between(seeds["accuracy_low"], seeds["accuracy_high"]).all()
    assert shuffled["labels"].tolist() == ["true", "shuffled 01"]
    reruns = studies.path("tiny", "evaluation", "retraining")
    models = [json.loads(path.read_text()) for path in reruns.glob("*/cnn/fold-*/metrics.json")]
    assert len({model["seed"] for model in models}) == 3 * 2
    # other folds are other folds; families keep their mix of labels, in the fold they were in
    split = json.loads((reruns / "folds_01" / "folds" / "split-01.json").read_text())
    first_split = json.loads(studies.path("tiny", "folds", "split-01.json").read_text())
    assert set(split["test"]) != set(first_split["test"])
    before = participants(studies.path("tiny", "cohort", "participants.tsv"))
    after = participants(reruns / "shuffled_01" / "cohort" / "participants.tsv")
    assert (before["label"] != after["label"]).any()
    fold = pd.read_csv(studies.path("tiny", "folds", "folds.tsv"), sep="\t", dtype=str)["fold"]
    mixes = []
    for people in (before, after):
        people = people.assign(family=family_codes(people), fold=fold)
        mix = people.groupby(["fold", "family"])["label"].agg(["size", "sum"]).reset_index("fold")
        mixes.append(sorted(map(tuple, mix.to_numpy(str))))
    assert mixes[0] == mixes[1]


def test_one_setting_of_meaningful_perturbations_moves_at_a_time(studies):
    rows = table(studies, "ablation")
    assert rows["knob"].tolist() == ["sigma_m", "sigma_m", "sigma_m", "paper"]
    # 0 is listed, 1 is the run's own, and 10 voxels of 58 are 3.79 of 22
    assert rows["value"].tolist()[:3] == [0, 1, 3.79]
    assert rows["own"].tolist() == [False, True, False, False]
    assert rows["paper"].tolist() == [False, False, True, True]
    assert (rows["participants"] == 4).all()
    shares = ["area", "converged", "auc", "drop", "fall"]
    assert rows[shares].abs().le(1).all(axis=None)
    assert rows.groupby("knob")["behind"].min()["sigma_m"] == 0


def test_models_learn_from_fewer_participants(studies):
    rows = table(studies, "learning")
    models = ["voxel_svm", "logistic_regression", "xgboost", "head_size"]
    assert rows["model"].tolist() == [model for model in models for _ in range(2)]
    assert rows["share"].tolist() == [0.5, 1.0] * 4
    assert rows["n_train"].tolist() == [6, 12] * 4  # of 24 in two folds
    whole = rows[rows["share"] == 1].set_index("model")["accuracy"]
    assert (whole == accuracy_of(studies)[whole.index]).all()


def test_network_and_svm_are_compared_over_grids(studies):
    rows = table(studies, "grids")
    assert rows["grid"].tolist() == ["22x26x22", "24x28x24"]  # coarsest first
    assert rows["own"].tolist() == [True, False]
    for model in ("cnn", "voxel_svm"):
        assert rows.loc[0, f"{model}_accuracy"] == accuracy_of(studies)[model]
    assert rows["lead_low"].le(rows["lead"]).all()
    assert rows["gain"].isna().tolist() == [True, False]


def test_the_network_is_trained_again_without_what_a_method_marks(studies):
    rows = table(studies, "roar")
    assert len(rows) == 3
    assert (rows["n_folds"] == 2).all()
    assert rows[["intact", "accuracy", "random"]].abs().le(1).all(axis=None)
    assert (rows["random"] - rows["accuracy"] - rows["cost"]).abs().max() < 1e-9


def test_maps_made_the_papers_way_stand_beside_the_runs_own(studies):
    rows = table(studies, "paper_maps")
    assert rows["changed"].value_counts().to_dict() == {
        "one network of everybody": 3,
        "features stretched to the box": 1,
    }
    assert rows[["spearman", "auc", "auc_own"]].abs().le(1).all(axis=None)


@pytest.fixture(scope="module")
def elsewhere(studies):
    """The same run under another name, its images said to be others."""
    other = studies.path("elsewhere")
    shutil.copytree(studies.path("tiny"), other)
    people = other / "cohort" / "participants.tsv"
    people.write_text(people.read_text().replace("results/tiny/", "results/elsewhere/"))
    record = other / "provenance.json"
    manifest = json.loads(record.read_text())
    digests = {name: digest[::-1] for name, digest in manifest["images_sha256"].items()}
    record.write_text(json.dumps(manifest | {"images_sha256": digests}))
    return other


def test_another_runs_models_and_maps_are_tried_on_this_cohort(studies, elsewhere):
    done = studies("external", "compare", config=("other_run=elsewhere",))
    assert done.returncode == 0, done.stdout[-8000:]
    accuracy, maps = (table(studies, name) for name in ("external", "external_maps"))
    of_run = accuracy_of(studies)
    applied = accuracy[accuracy["trained_on"] != accuracy["tested_on"]]
    assert applied["model"].tolist() == ["cnn", *of_run.index]  # the network twice
    assert (applied["trained_on"] == "elsewhere").all()
    for run in ("tiny", "elsewhere"):
        held_out = accuracy[accuracy["tested_on"].eq(run) & accuracy["trained_on"].eq(run)]
        assert held_out["accuracy"].tolist() == of_run.tolist()
    assert (accuracy["n"] == 24).all()
    assert len(maps) == 3 * 3
    same = maps[(maps["maps_a"] == "tiny's models on tiny") & maps["maps_b"].str.endswith("where")]
    gradients = same[same["method"] != "meaningful_perturbation"]  # whose masks are blank here
    assert gradients["spearman"].tolist() == pytest.approx([1] * 2)  # it is the same run
    text = studies.path("tiny", "comparison.html").read_text()
    assert "tiny and elsewhere" in text
    assert "src=" not in text.replace('src="data:', "")


def test_external_validation_wants_another_run_and_other_people(studies, elsewhere):
    refused = studies("external")
    assert "other_run is null" in refused.stdout
    refused = studies("external", config=("other_run=nowhere",))
    assert "'nowhere'" in refused.stdout
    studies.path("tiny", "tables", "external.tsv").unlink(missing_ok=True)
    shutil.copy(studies.path("tiny", "provenance.json"), elsewhere)  # copies of this run's images
    refused = studies("results/tiny/tables/external.tsv", config=("other_run=elsewhere",))
    assert refused.returncode
    assert "24 of 24 images" in refused.stdout
