"""The DAG runs to the end, does nothing twice, and redoes only what a change touches."""

import json
import os
import re
import shutil
import signal
import subprocess
import time

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import yaml

from support.places import ROOT
from support.workflow import BIN, TINY, Workflow, copy_of, jobs

pytestmark = pytest.mark.slow

TABLES = ("table1", "table2_brainnetome", "table2_mori", "table3", "claims", "accuracy")
PREDICTION_TABLES = (
    "calibration",
    "comparisons",
    "head_size",
    "confounds",
    "optimism",
    "permutations_voxel_svm",
)
MAP_TABLES = (
    "agreement",
    "map_properties",
    "runtime",
    "laterality",
    "networks",
    "morphometry_regions",
    "morphometry_overlap",
)
FIGURES = ("agreement", "fig1", "fig2a", "fig2b", "fig2c", "fig3")


def test_everything_promised_is_there(tiny):
    for name in (*TABLES, *PREDICTION_TABLES, *MAP_TABLES):
        assert len(pd.read_csv(tiny.path("tiny", "tables", f"{name}.tsv"), sep="\t"))
    for name in FIGURES:
        assert tiny.path("tiny", "figures", f"{name}.png").read_bytes()[:4] == b"\x89PNG"
        assert "<svg" in tiny.path("tiny", "figures", f"{name}.svg").read_text()
    assert "<html" in tiny.path("tiny", "report.html").read_text()


def test_claims_name_the_tables_and_rules_that_made_them(tiny):
    table = pd.read_csv(tiny.path("tiny", "tables", "claims.tsv"), sep="\t").fillna("")
    for row in table[table["source"] != ""].itertuples():
        assert all(tiny.path("tiny", name).is_file() for name in row.source.split(", ")), row.claim
    assert set(", ".join(table["rule"]).split(", ")) >= {
        "prediction_tables",
        "masked_accuracy",
        "table3",
        "regions",
        "map_properties",
        "first_layer",
        "robustness",
    }
    assert set(table["paper_cohort"]) == {"HCP, another cohort"}


def test_every_model_writes_the_same_predictions_table(tiny):
    files = sorted(tiny.path("tiny").rglob("predictions.tsv"))
    folds = [file for file in files if file.parent.name.startswith("fold-0")]
    assert {file.parent.parent.name for file in folds} == {
        "cnn",
        "voxel_svm",
        "voxel_svm_tiv_residual",
        "xgboost",
        "knn",
        "head_size",
        "logistic_regression",
        "logistic_regression_tiv_residual",
    }
    everyone = set(pd.read_csv(tiny.path("tiny/cohort/participants.tsv"), sep="\t").participant_id)
    for model in {file.parent.parent for file in folds}:
        table = pd.concat(
            pd.read_csv(model / f"fold-{fold}" / "predictions.tsv", sep="\t")
            for fold in ("01", "02")
        )
        assert list(table) == ["participant_id", "fold", "y_true", "y_score", "y_pred"]
        assert set(table.participant_id) == everyone
        assert len(table) == len(everyone)


def test_a_second_run_does_nothing(tiny):
    again = tiny()
    assert again.returncode == 0
    assert "Nothing to be done" in again.stdout


def test_a_runs_settings_and_the_commands_on_its_page_name_it(tiny):
    settings = tiny.path("tiny", "settings.yaml")
    page = tiny.path("tiny", "report.html").read_text()
    assert "<code>snakemake truth --configfile results/tiny/settings.yaml</code>" in page
    again = subprocess.run(
        [
            *(BIN / "snakemake", "--dry-run", "--snakefile", ROOT / "Snakefile"),
            *("--workflow-profile", ROOT / "profiles" / "default", "--configfile", settings),
        ],
        cwd=tiny.folder,
        env=os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Nothing to be done" in again.stdout + again.stderr


def test_targets_of_their_own_are_shown_once_asked_for(tiny):
    done = tiny("repeats", "permutations")
    assert done.returncode == 0, done.stdout[-4000:]
    models = ("head_size", "knn", "logistic_regression", "logistic_regression_tiv_residual")
    names = ("repeats", *(f"permutations_{model}" for model in (*models, "xgboost")))
    tables = [tiny.path("tiny", "tables", f"{name}.tsv") for name in names]
    try:
        repeats, *refitted = (pd.read_csv(table, sep="\t") for table in tables)
        planned = {rule for rule, _ in jobs(tiny("--dry-run").stdout)}
    finally:
        for table in tables:
            table.unlink()
    assert {"cnn", "head_size"} & set(repeats["model"]) == {"head_size"}
    assert (repeats["n_repeats"] == 2).all()
    assert (repeats["relatives"] > 0).all()
    assert all(table.loc[0, "p_refit"] >= 1 / 20 for table in refitted)
    assert planned == {"page", "all"}


def test_a_changed_split_redoes_that_fold_only(tiny):
    path = tiny.path("tiny", "folds", "split-02.json")
    original = path.read_bytes()
    path.touch()
    assert "Nothing to be done" in tiny("--dry-run").stdout
    split = json.loads(original)
    split["train"] = split["train"][:-1]  # one participant fewer to train on
    path.write_text(json.dumps(split))
    try:
        output = tiny("--dry-run").stdout
    finally:
        path.write_bytes(original)
    planned = jobs(output)
    per_fold = [(rule, text) for rule, text in planned if "fold=" in text]
    assert {rule for rule, _ in per_fold} >= {"train_cnn", "tabular_models", "explain"}
    assert {re.search(r"fold=(\w+)", text)[1] for _, text in per_fold} == {"02"}
    assert not {"make_folds", "downsample", "gram_matrix"} & {rule for rule, _ in planned}


def test_a_participants_map_is_cut_out_of_its_folds_array(tiny):
    image = tiny.path("tiny", "attribution", "grad_cam", "participants")
    image = image / "sub-003_desc-grad_cam_map.nii.gz"
    done = tiny(str(image.relative_to(tiny.folder)))
    assert done.returncode == 0, done.stdout
    assert [rule for rule, _ in jobs(done.stdout)] == ["participant_map"]
    folds = pd.read_csv(tiny.path("tiny", "folds", "folds.tsv"), sep="\t", dtype=str)
    fold = folds.set_index("participant_id").loc["sub-003", "fold"]
    split = json.loads(tiny.path("tiny", "folds", f"split-{fold}.json").read_text())
    maps = np.load(tiny.path("tiny", "attribution", "grad_cam", f"fold-{fold}", "maps.npy"))
    written = nib.load(image)
    np.testing.assert_array_equal(written.get_fdata(), maps[split["test"].index("sub-003")])
    grid = json.loads(tiny.path("tiny", "volumes", "grid.json").read_text())
    np.testing.assert_allclose(written.affine, grid["affine"])
    image.unlink()


def test_an_unknown_participant_is_named(tiny):
    output = tiny("results/tiny/attribution/grad_cam/participants/sub-777_desc-grad_cam_map.nii.gz")
    assert output.returncode != 0
    assert "sub-777" in output.stdout


def test_a_killed_run_resumes_and_ends_in_the_same_bytes(finished, tmp_path):
    """From the volumes on, which stand already."""
    workflow = copy_of(finished, tmp_path)
    for name in ("cnn", "attribution", "tables"):
        shutil.rmtree(workflow.path("tiny", name))
    targets = [
        "results/tiny/tables/accuracy.tsv",
        "results/tiny/tables/table3.tsv",
        "results/tiny/attribution/meaningful_perturbation/group/maps.npy",
    ]
    run = subprocess.Popen(
        workflow.command(*targets),
        cwd=workflow.folder,
        env=os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    models = workflow.path("tiny", "cnn")
    # Where a fold has maps, its model is finished for good.
    while run.poll() is None and not list(workflow.path("tiny").glob("attribution/*/*/maps.npy")):
        time.sleep(0.05)
    second = workflow(*targets)
    assert second.returncode != 0
    assert f"process {run.pid}" in second.stdout
    assert run.poll() is None, "the run ended before it could be killed"
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    assert not workflow.path("tiny", "tables", "accuracy.tsv").exists()
    trained = {model: model.stat().st_mtime_ns for model in models.glob("*/model.pt")}
    done = workflow(*targets)
    assert done.returncode == 0, done.stdout[-4000:]
    for target in targets:
        assert (workflow.folder / target).read_bytes() == (finished.folder / target).read_bytes()
    kept = [model for model in trained if model.stat().st_mtime_ns == trained[model]]
    assert kept, "what was finished before the kill was computed again"


def test_a_users_own_table_runs_without_morphometry_or_head_size(tiny, tmp_path):
    """The synthetic cohort's files, read as a user's: images and a table with sex, nothing else."""
    source = tiny.path("tiny", "cohort", "source")
    table = pd.read_csv(source / "participants.tsv", sep="\t")
    table["sex"] = np.where(table["label"] == 1, 1, 2)  # 1/2 coding, 2 = female
    table["path"] = table["image"]
    kept = table[["participant_id", "sex", "path"]]
    kept.to_csv(source / "mine.tsv", sep="\t", index=False)
    config = TINY | {
        "run": "mine",
        "cohort_root": str(source),
        "attribution": TINY["attribution"] | {"methods": ["guided_backprop", "grad_cam"]},
        "cohort": {
            "layout": "table",
            "space": "native",
            "classes": {"negative": "F", "positive": "M"},
            "table": {"participants": "mine.tsv", "negative": 2, "positive": 1},
        },
    }
    mine = Workflow(tmp_path, config)
    done = mine()
    assert done.returncode == 0, done.stdout[-8000:]
    accuracy = pd.read_csv(mine.path("mine", "tables", "accuracy.tsv"), sep="\t")
    assert accuracy["model"].tolist() == ["cnn", "voxel_svm", "head_size"]
    table1 = pd.read_csv(mine.path("mine", "tables", "table1.tsv"), sep="\t")
    assert table1["status"].str.contains("no morphometry").all()
    assert not list(mine.path("mine", "tables").glob("table2_*"))  # native space: no atlas tables
    np.testing.assert_array_equal(
        np.load(mine.path("mine", "volumes", "volumes.npy")),
        np.load(tiny.path("tiny", "volumes", "volumes.npy")),
    )


@pytest.mark.parametrize("preset", ["ixi", "kan2020"])
def test_presets_are_valid(preset, tmp_path):
    """Every preset passes the schema and builds a DAG on a table cohort."""
    (tmp_path / "participants.tsv").write_text("participant_id\tsex\tage\n")
    workflow = Workflow(tmp_path, {"run": "preset", "cohort_root": str(tmp_path)})
    overlay = yaml.safe_load((ROOT / "workflow" / "presets" / f"{preset}.yaml").read_text())
    overlay.setdefault("cohort", {})["layout"] = "table"
    overlay["atlases"] = []
    workflow.configfile.write_text(
        yaml.safe_dump(overlay | {"run": "preset", "cohort_root": str(tmp_path)})
    )
    output = workflow("--dry-run")
    assert output.returncode == 0, output.stdout[-3000:]
    assert "train_cnn" in output.stdout
