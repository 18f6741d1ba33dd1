"""The studies that are asked for by name, on the tiny cohort."""

import json
import shutil

import pandas as pd
import pytest

from voxplain.stats.family_blocks import family_codes

pytestmark = pytest.mark.slow


@pytest.fixture
def study(tiny):
    """Run targets; their tables and figures are gone afterwards, so that the page is as before."""
    made = []

    def run(targets, tables, figures=(), config=()):
        done = tiny(*targets, config=config)
        assert done.returncode == 0, done.stdout[-8000:]
        made.extend(tiny.path("tiny", "tables", f"{name}.tsv") for name in tables)
        for name in figures:
            made.extend(
                tiny.path("tiny", "figures", f"{name}.{end}") for end in ("png", "svg", "tsv")
            )
        assert all(path.exists() for path in made)
        return [pd.read_csv(path, sep="\t") for path in made[: len(tables)]]

    yield run
    for path in made:
        path.unlink()


def participants(path):
    return pd.read_csv(path, sep="\t", dtype={"family_id": str})


def test_the_network_is_trained_from_other_seeds_on_other_folds_and_other_labels(tiny, study):
    seeds, shuffled = study(["seeds", "shuffled"], ["seeds", "shuffled"])
    assert seeds["changed"].tolist() == ["seeds", "folds"]
    assert (seeds["n_runs"] == 2).all()
    assert seeds["accuracy_mean"].between(seeds["accuracy_low"], seeds["accuracy_high"]).all()
    assert shuffled["labels"].tolist() == ["true", "shuffled 01"]
    reruns = tiny.path("tiny", "evaluation", "retraining")
    models = [json.loads(path.read_text()) for path in reruns.glob("*/cnn/fold-*/metrics.json")]
    assert len({model["seed"] for model in models}) == 3 * 2
    # other folds are other folds; families keep their mix of labels, in the fold they were in
    split = json.loads((reruns / "folds_01" / "folds" / "split-01.json").read_text())
    own = json.loads(tiny.path("tiny", "folds", "split-01.json").read_text())
    assert set(split["test"]) != set(own["test"])
    before = participants(tiny.path("tiny", "cohort", "participants.tsv"))
    after = participants(reruns / "shuffled_01" / "cohort" / "participants.tsv")
    assert (before["label"] != after["label"]).any()
    fold = pd.read_csv(tiny.path("tiny", "folds", "folds.tsv"), sep="\t", dtype=str)["fold"]
    mixes = []
    for people in (before, after):
        people = people.assign(family=family_codes(people), fold=fold)
        mix = people.groupby(["fold", "family"])["label"].agg(["size", "sum"]).reset_index("fold")
        mixes.append(sorted(map(tuple, mix.to_numpy(str))))
    assert mixes[0] == mixes[1]


def test_one_setting_of_meaningful_perturbations_moves_at_a_time(study):
    (rows,) = study(["ablation"], ["ablation"], ["ablation", "ablation_convergence"])
    assert rows["knob"].tolist() == ["sigma_m", "sigma_m", "sigma_m", "paper"]
    # 0 is listed, 1 is the run's own, and 10 voxels of 58 are 3.79 of 22
    assert rows["value"].tolist()[:3] == [0, 1, 3.79]
    assert rows["own"].tolist() == [False, True, False, False]
    assert rows["paper"].tolist() == [False, False, True, True]
    assert (rows["participants"] == 4).all()
    shares = ["area", "converged", "auc", "drop", "fall"]
    assert rows[shares].abs().le(1).all(axis=None)
    assert rows.groupby("knob")["behind"].min()["sigma_m"] == 0


def test_models_learn_from_fewer_participants(tiny, study):
    (rows,) = study(["learning"], ["learning"], ["learning"])
    models = ["voxel_svm", "logistic_regression", "xgboost", "head_size"]
    assert rows["model"].tolist() == [model for model in models for _ in range(2)]
    assert rows["share"].tolist() == [0.5, 1.0] * 4
    assert rows["n_train"].tolist() == [6, 12] * 4  # of 24 in two folds
    own = pd.read_csv(tiny.path("tiny", "tables", "accuracy.tsv"), sep="\t").set_index("model")
    whole = rows[rows["share"] == 1].set_index("model")["accuracy"]
    assert (whole == own.loc[whole.index, "accuracy"]).all()


def test_network_and_svm_are_compared_over_grids(tiny, study):
    (rows,) = study(["grids"], ["grids"], ["grids"])
    assert rows["grid"].tolist() == ["22x26x22", "24x28x24"]  # coarsest first
    assert rows["own"].tolist() == [True, False]
    own = pd.read_csv(tiny.path("tiny", "tables", "accuracy.tsv"), sep="\t").set_index("model")
    for model in ("cnn", "voxel_svm"):
        assert rows.loc[0, f"{model}_accuracy"] == own.loc[model, "accuracy"]
    assert rows["lead_low"].le(rows["lead"]).all()
    assert rows["gain"].isna().tolist() == [True, False]


def test_the_network_is_trained_again_without_what_a_method_marks(study):
    (rows,) = study(["roar"], ["roar"])
    assert len(rows) == 3
    assert (rows["n_folds"] == 2).all()
    assert rows[["intact", "accuracy", "random"]].abs().le(1).all(axis=None)
    assert (rows["random"] - rows["accuracy"] - rows["cost"]).abs().max() < 1e-9


def test_maps_made_the_papers_way_stand_beside_the_runs_own(study):
    (rows,) = study(["paper_maps"], ["paper_maps"])
    assert rows["changed"].value_counts().to_dict() == {
        "one network of everybody": 3,
        "features stretched to the box": 1,
    }
    assert rows[["spearman", "auc", "auc_own"]].abs().le(1).all(axis=None)


@pytest.fixture
def elsewhere(tiny):
    """The same run under another name, its images said to be others."""
    other = tiny.path("elsewhere")
    shutil.copytree(tiny.path("tiny"), other)
    people = other / "cohort" / "participants.tsv"
    people.write_text(people.read_text().replace("results/tiny/", "results/elsewhere/"))
    record = other / "provenance.json"
    found = json.loads(record.read_text())
    digests = {name: digest[::-1] for name, digest in found["images_sha256"].items()}
    record.write_text(json.dumps(found | {"images_sha256": digests}))
    yield other
    shutil.rmtree(other)


def test_another_runs_models_and_maps_are_tried_on_this_cohort(tiny, elsewhere, study):
    config = ("other_run=elsewhere",)
    accuracy, maps = study(["external", "compare"], ["external", "external_maps"], config=config)
    own = pd.read_csv(tiny.path("tiny", "tables", "accuracy.tsv"), sep="\t").set_index("model")
    applied = accuracy[accuracy["trained_on"] != accuracy["tested_on"]]
    assert applied["model"].tolist() == ["cnn", *own.index]  # the network twice
    assert (applied["trained_on"] == "elsewhere").all()
    for run in ("tiny", "elsewhere"):
        held_out = accuracy[accuracy["tested_on"].eq(run) & accuracy["trained_on"].eq(run)]
        assert held_out["accuracy"].tolist() == own["accuracy"].tolist()
    assert (accuracy["n"] == 24).all()
    assert len(maps) == 3 * 3
    same = maps[(maps["maps_a"] == "tiny's models on tiny") & maps["maps_b"].str.endswith("where")]
    gradients = same[same["method"] != "meaningful_perturbation"]  # whose masks are blank here
    assert gradients["spearman"].tolist() == pytest.approx([1] * 2)  # it is the same run
    page = tiny.path("tiny", "comparison.html")
    text = page.read_text()
    page.unlink()
    assert "tiny and elsewhere" in text
    assert "src=" not in text.replace('src="data:', "")


def test_external_validation_wants_another_run_and_other_people(tiny, elsewhere):
    refused = tiny("external")
    assert "other_run is null; name a finished run" in refused.stdout
    refused = tiny("external", config=("other_run=nowhere",))
    assert "'nowhere' is not another finished run" in refused.stdout
    shutil.copy(tiny.path("tiny", "provenance.json"), elsewhere)  # copies of this run's images
    refused = tiny("results/tiny/tables/external.tsv", config=("other_run=elsewhere",))
    assert refused.returncode
    assert "24 of 24 images are in both runs" in refused.stdout
