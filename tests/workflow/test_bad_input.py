"""Bad input: one clear error before anything is trained."""

import gzip
import json
import re

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from support.workflow import TINY, Workflow
from voxplain.run.files import read_table

pytestmark = pytest.mark.slow

SHAPE = (24, 28, 24)


@pytest.fixture
def study(tmp_path):
    """A small study on disk: 8 brains of noise, a table, and its workflow."""
    rng = np.random.default_rng(0)
    root = tmp_path / "study"
    root.mkdir()
    rows = []
    for k in range(8):
        name = f"sub-{k:02d}"
        data = rng.uniform(1, 100, SHAPE).astype(np.float32)
        nib.save(nib.Nifti1Image(data, np.diag([7.0, 7, 7, 1])), root / f"{name}.nii.gz")
        rows.append({"participant_id": name, "path": f"{name}.nii.gz", "sex": "FM"[k % 2]})
    table = pd.DataFrame(rows)
    config = TINY | {
        "run": "bad",
        "cohort_root": str(root),
        "cohort": {"layout": "table", "space": "native"},
    }
    return root, table, config


def run(study_table, root, config, tmp_path):
    study_table.to_csv(root / "participants.tsv", sep="\t", index=False)
    workflow = Workflow(tmp_path, config)
    return workflow("results/bad/cnn/fold-01/model.pt")


def save(root, name, data):
    nib.save(nib.Nifti1Image(data.astype(np.float32), np.diag([7.0, 7, 7, 1])), root / name)


def assert_stopped(output, folder):
    assert output.returncode != 0
    assert "Traceback" not in output.stdout
    assert not list((folder / "results").rglob("model.pt"))


def test_every_bad_file_is_told_at_once(study, tmp_path):
    root, table, config = study
    (root / "sub-00.nii.gz").unlink()
    (root / "sub-01.nii.gz").write_bytes(gzip.compress(b"hello" * 1000))
    save(root, "sub-02.nii.gz", np.ones((*SHAPE, 2)))
    save(root, "sub-03.nii.gz", np.ones((24, 28, 20)))  # another grid, and no brain
    cut = root / "sub-04.nii.gz"
    cut.write_bytes(cut.read_bytes()[:-2000])
    table.loc[6, "participant_id"] = "sub-05"
    table.loc[7, "sex"] = "X"
    output = run(table, root, config, tmp_path)
    assert_stopped(output, tmp_path)
    for culprit, words in (
        ("sub-00", "check the path"),
        ("sub-01", "NIfTI"),
        ("sub-02", "extract the volume you mean"),
        ("sub-03", "repair it"),
        ("sub-03", "register the images"),
        ("sub-04", "download it again"),
        ("sub-05", "keep one row"),
        ("sub-07", "correct it"),
    ):
        assert re.search(f"^  - {culprit}: .*{words}", output.stdout, re.M), culprit
    named = re.search(r"cohort\.exclude: (\[.*\])", output.stdout)[1]
    assert sorted(json.loads(named)) == [f"sub-{k:02d}" for k in range(5)]


def truncated_gzip(root, table, config):
    path = root / "sub-03.nii.gz"
    path.write_bytes(path.read_bytes()[:-2000])
    return ["sub-03"]


def one_class(root, table, config):
    table["sex"] = "F"
    return ["'M'"]


def fewer_than_folds(root, table, config):
    config["folds"] = {"n_splits": 5}
    return ["5"]


def missing_morphometry(root, table, config):
    features = pd.DataFrame({"participant_id": table["participant_id"], "volume": range(8)})
    features.drop(index=3).to_csv(root / "features.tsv", sep="\t", index=False)
    config["cohort"] = config["cohort"] | {"table": {"morphometry": "features.tsv"}}
    return ["sub-03"]


def contradictions(root, table, config):
    config["cohort"] = config["cohort"] | {"classes": {"negative": "x", "positive": "x"}}
    config["attribution"] = {"meaningful_perturbation": {"norm": "sum"}}
    return ["cohort.classes: x, x", "norm sum"]


def unknown_key(root, table, config):
    config["cnn"] = config["cnn"] | {"epoch": 3}
    return ["'epoch'"]


@pytest.mark.parametrize(
    "spoil",
    [
        truncated_gzip,
        one_class,
        fewer_than_folds,
        missing_morphometry,
        contradictions,
        unknown_key,
    ],
)
def test_bad_input_is_named_and_nothing_is_trained(spoil, study, tmp_path):
    root, table, config = study
    culprits = spoil(root, table, config)
    output = run(table, root, config, tmp_path)
    assert_stopped(output, tmp_path)
    for culprit in culprits:
        assert culprit in output.stdout


def test_what_is_wrong_inside_images_is_told_once_and_mended_alone(study, tmp_path):
    """Of both batches in one list; a mended file, and who is dropped, repeat no other's batch."""
    root, table, config = study
    blot = np.ones(SHAPE)
    blot[3, 4, 5] = np.nan
    save(root, "sub-03.nii.gz", blot)
    path = root / "sub-05.nii.gz"
    content = path.read_bytes()
    save(root, path.name, np.full(SHAPE, np.inf))
    save(root, "sub-06.nii.gz", np.full(SHAPE, 5))
    table.to_csv(root / "participants.tsv", sep="\t", index=False)
    results = tmp_path / "results/bad"
    batches = [results / f"volumes/batches/batch-{k:02d}_quality.tsv" for k in range(2)]

    def ask(**changes):
        settings = {"cohort": config["cohort"] | changes.pop("cohort", {})}
        return Workflow(tmp_path, config | settings | changes)("results/bad/folds/folds.tsv")

    output = ask().stdout
    assert "3 of 8 images" in output
    assert 'cohort.exclude: ["sub-03", "sub-05", "sub-06"]' in output
    assert not (results / "folds").exists()
    read = [path.stat().st_mtime_ns for path in batches]
    path.write_bytes(content)
    drop = {"on_missing": "drop"}
    output = ask(cohort=drop, folds={"n_splits": 4}).stdout
    assert re.search("class 0 has 3 .* 4 folds", output)
    again = [path.stat().st_mtime_ns for path in batches]
    assert (again[0] == read[0], again[1] > read[1]) == (True, True)
    output = ask(cohort=drop)
    assert output.returncode == 0, output.stdout[-4000:]
    assert [path.stat().st_mtime_ns for path in batches] == again
    kept = [f"sub-{k:02d}" for k in range(8) if k not in (3, 6)]
    assert read_table(results / "folds/folds.tsv")["participant_id"].tolist() == kept
    assert np.load(results / "volumes/volumes.npy").shape == (6, 22, 26, 22)
    left_out = read_table(results / "cohort/left_out.tsv").set_index("participant_id")["reason"]
    assert "1 NaN or infinite voxels" in left_out["sub-03"]
    assert "no brain" in left_out["sub-06"]


def test_a_good_study_trains(study, tmp_path):
    root, table, config = study
    output = run(table, root, config, tmp_path)
    assert output.returncode == 0, output.stdout[-4000:]
