"""Bad input: one clear error before anything is trained."""

import gzip

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


def save(root, name, data, affine=None):
    affine = np.diag([7.0, 7, 7, 1]) if affine is None else affine
    nib.save(nib.Nifti1Image(data.astype(np.float32), affine), root / name)


def missing_file(root, table, config):
    (root / "sub-03.nii.gz").unlink()
    return "sub-03"


def truncated_gzip(root, table, config):
    path = root / "sub-03.nii.gz"
    path.write_bytes(path.read_bytes()[:-2000])
    return "sub-03"


def not_an_image(root, table, config):
    (root / "sub-03.nii.gz").write_bytes(gzip.compress(b"hello" * 1000))
    return "sub-03"


def nan_volume(root, table, config):
    data = np.ones(SHAPE)
    data[3, 4, 5] = np.nan
    save(root, "sub-03.nii.gz", data)
    return "sub-03"


def empty_image(root, table, config):
    save(root, "sub-03.nii.gz", np.zeros(SHAPE))
    return "sub-03"


def four_dimensional(root, table, config):
    save(root, "sub-03.nii.gz", np.ones((*SHAPE, 2)))
    return "sub-03"


def mismatched_grids(root, table, config):
    save(root, "sub-03.nii.gz", np.ones((24, 28, 20)))
    return "sub-03"


def duplicate_participant(root, table, config):
    table.loc[4, "participant_id"] = "sub-03"
    return "sub-03"


def third_value(root, table, config):
    table.loc[3, "sex"] = "X"
    return "sub-03"


def one_class(root, table, config):
    table["sex"] = "F"
    return "'M'"


def fewer_than_folds(root, table, config):
    config["folds"] = {"n_splits": 5}
    return "5"


def missing_morphometry(root, table, config):
    features = pd.DataFrame({"participant_id": table["participant_id"], "volume": range(8)})
    features.drop(index=3).to_csv(root / "features.tsv", sep="\t", index=False)
    config["cohort"] = config["cohort"] | {"table": {"morphometry": "features.tsv"}}
    return "sub-03"


def equal_class_names(root, table, config):
    config["cohort"] = config["cohort"] | {"classes": {"negative": "x", "positive": "x"}}
    return "two different names"


def blank_maps(root, table, config):
    config["attribution"] = {"meaningful_perturbation": {"norm": "sum"}}
    return "norm sum"


def unknown_key(root, table, config):
    config["cnn"] = config["cnn"] | {"epoch": 3}
    return "'epoch' was unexpected"


@pytest.mark.parametrize(
    "spoil",
    [
        missing_file,
        truncated_gzip,
        not_an_image,
        nan_volume,
        empty_image,
        four_dimensional,
        mismatched_grids,
        duplicate_participant,
        third_value,
        one_class,
        fewer_than_folds,
        missing_morphometry,
        equal_class_names,
        blank_maps,
        unknown_key,
    ],
)
def test_bad_input_is_named_and_nothing_is_trained(spoil, study, tmp_path):
    root, table, config = study
    culprit = spoil(root, table, config)
    output = run(table, root, config, tmp_path)
    assert output.returncode != 0
    assert culprit in output.stdout
    assert "Traceback" not in output.stdout
    assert not list((tmp_path / "results").rglob("model.pt"))


def test_every_bad_file_is_told_at_once(study, tmp_path):
    root, table, config = study
    missing_file(root, table, config)
    (root / "sub-05.nii.gz").write_bytes(b"")
    save(root, "sub-06.nii.gz", np.full(SHAPE, np.nan))
    table.loc[1, "sex"] = "unknown"
    output = run(table, root, config, tmp_path)
    assert "participants.tsv: 4 problems" in output.stdout
    for culprit in ("sub-03", "sub-05", "sub-06", "'unknown'"):
        assert culprit in output.stdout
    assert 'cohort.exclude: ["sub-03", "sub-05", "sub-06"]' in output.stdout


def test_what_is_wrong_inside_images_is_told_once_and_mended_alone(study, tmp_path):
    """Of both batches in one list; a mended file, and who is dropped, repeat no other's batch."""
    root, table, config = study
    nan_volume(root, table, config)
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
    assert "3 of 8 images cannot be used" in output
    assert 'cohort.exclude: ["sub-03", "sub-05", "sub-06"]' in output
    assert not (results / "folds").exists()
    read = [path.stat().st_mtime_ns for path in batches]
    path.write_bytes(content)
    drop = {"on_missing": "drop"}
    output = ask(cohort=drop, folds={"n_splits": 4}).stdout
    assert "class 0 has 3 independent participants, fewer than the 4 folds asked for" in output
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
