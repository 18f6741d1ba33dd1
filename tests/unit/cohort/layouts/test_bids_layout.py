"""BIDS: raw data, fMRIPrep and Clinica; everything unclear is told with what is there."""

import json
import re

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from voxplain.cohort import layouts as cohort
from voxplain.cohort.checks import Requirements
from voxplain.errors import CohortError, ConfigError

CLASSES = {"negative": "women", "positive": "men"}
SETTINGS = {
    "participants": "participants.tsv",
    "derivatives": None,
    "session": None,
    "entities": {},
    "brain_mask": False,
    "label": "sex",
    "negative": ["F", "f", "Female"],
    "positive": ["M", "m", "Male"],
    "family": None,
    "tiv": None,
    "age": "age",
    "site": "site",
    "morphometry": None,
}
FMRIPREP = {
    "derivatives": "derivatives/fmriprep",
    "entities": {"space": "MNI152NLin6Asym", "res": 2, "desc": "preproc"},
    "brain_mask": True,
}
ROWS = [("sub-01", "F", "30", "A"), ("sub-02", "m", "n/a", "A")]
ROWS = [*ROWS, ("sub-03", "Female", "89+", "B"), ("sub-04", "Male", "41", "n/a")]


def image(root, *names, shape=(4, 5, 6), affine=None):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        affine = np.diag([2.0, 2, 2, 1]) if affine is None else affine
        nib.save(nib.Nifti1Image(np.ones(shape, np.uint8), affine), path)


@pytest.fixture
def dataset(tmp_path):
    """A raw dataset without images."""
    described = {"Name": "A study", "BIDSVersion": "1.10.0"}
    (tmp_path / "dataset_description.json").write_text(json.dumps(described))
    lines = ["participant_id\tsex\tage\tsite", *("\t".join(row) for row in ROWS)]
    (tmp_path / "participants.tsv").write_text("\n".join(lines) + "\n")
    return tmp_path


@pytest.fixture
def raw(dataset):
    for who, *_ in ROWS:
        image(dataset, f"{who}/anat/{who}_T1w.nii.gz")
    return dataset


@pytest.fixture
def fmriprep(dataset):
    for who, *_ in ROWS:
        stem = f"derivatives/fmriprep/{who}/anat/{who}"
        mni = f"{stem}_space-MNI152NLin6Asym_res-2"
        image(dataset, f"{stem}_desc-preproc_T1w.nii.gz", f"{stem}_desc-brain_mask.nii.gz")
        image(dataset, f"{mni}_desc-preproc_T1w.nii.gz", f"{mni}_desc-brain_mask.nii.gz")
    return dataset


def check(root, exclude=(), on_missing="error", n_splits=2, **changes):
    required = Requirements(CLASSES, exclude, n_splits, on_missing=on_missing)
    return cohort.read_cohort("bids", root, SETTINGS | changes, required)


def read(root, **changes):
    return check(root, **changes).participants


def problems(root, **changes):
    with pytest.raises(CohortError) as info:
        read(root, **changes)
    return str(info.value)


def test_raw_data(raw):
    table = read(raw)
    assert table["participant_id"].tolist() == [row[0] for row in ROWS]
    assert table["class_name"].tolist() == ["women", "men", "women", "men"]
    np.testing.assert_array_equal(table["age"], [30, np.nan, 89, 41])
    assert table["site"].tolist() == ["A", "A", "B", pd.NA]
    assert table["image"][0] == str(raw / "sub-01/anat/sub-01_T1w.nii.gz")
    assert table["mask"].isna().all()


def test_uncompressed_images(dataset):
    for who, *_ in ROWS:
        image(dataset, f"{who}/anat/{who}_acq-mprage_run-1_T1w.nii")
    assert read(dataset)["image"][3].endswith("sub-04_acq-mprage_run-1_T1w.nii")


def test_fmriprep_with_its_masks(fmriprep):
    table = read(fmriprep, **FMRIPREP)
    stem = fmriprep / "derivatives/fmriprep/sub-02/anat/sub-02_space-MNI152NLin6Asym_res-2"
    assert table["image"][1] == f"{stem}_desc-preproc_T1w.nii.gz"
    assert table["mask"][1] == f"{stem}_desc-brain_mask.nii.gz"
    native = FMRIPREP | {"entities": {"space": None, "desc": "preproc"}}
    table = read(fmriprep, **native)
    assert table["image"][1].endswith("anat/sub-02_desc-preproc_T1w.nii.gz")
    assert table["mask"][1].endswith("anat/sub-02_desc-brain_mask.nii.gz")


def test_derivatives_may_lie_elsewhere(fmriprep, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "fmriprep"
    (fmriprep / "derivatives/fmriprep").rename(elsewhere)
    table = read(fmriprep, **FMRIPREP | {"derivatives": str(elsewhere)})
    assert table["image"].str.startswith(str(elsewhere)).all()


def test_brain_extracted_images_need_no_mask(dataset):
    for who, *_ in ROWS:
        image(dataset, f"derivatives/prep/{who}/anat/{who}_desc-brain_T1w.nii.gz")
    changes = {"derivatives": "derivatives/prep", "brain_mask": True}
    assert read(dataset, **changes)["mask"].isna().all()


def test_clinica(dataset):
    """t1-linear: the session's own folder, and desc before res."""
    name = "space-MNI152NLin2009cSym_desc-Crop_res-1x1x1_T1w.nii.gz"
    for who, *_ in ROWS:
        folder = f"caps/subjects/{who}/ses-M000/t1_linear"
        image(dataset, f"{folder}/{who}_ses-M000_{name}")
        image(dataset, f"{folder}/{who}_ses-M000_{name.replace('_desc-Crop', '')}")
    changes = {"derivatives": "caps/subjects", "entities": {"desc": "Crop"}}
    assert read(dataset, **changes)["image"][0].endswith(f"sub-01_ses-M000_{name}")


def test_sessions(dataset):
    for who, *_ in ROWS:
        sessions = ("baseline", "year2") if who != "sub-03" else ("year2",)
        for session in sessions:
            image(dataset, f"{who}/ses-{session}/anat/{who}_ses-{session}_T1w.nii.gz")
    first = read(dataset)["image"]
    assert first[0].endswith("ses-baseline/anat/sub-01_ses-baseline_T1w.nii.gz")
    assert first[2].endswith("ses-year2/anat/sub-03_ses-year2_T1w.nii.gz")
    assert read(dataset, session="year2")["image"].str.contains("ses-year2").all()
    message = problems(dataset, session="baseline")
    assert re.search("sub-03: .*ses-baseline.*sub-03_ses-year2_T1w", message)
    assert problems(dataset, session="ses-baseline") == message


def test_the_second_session_comes_before_the_tenth(dataset):
    for who, *_ in ROWS:
        for session in ("10", "2"):
            image(dataset, f"{who}/ses-{session}/anat/{who}_ses-{session}_T1w.nii.gz")
    assert read(dataset)["image"].str.contains("ses-2_").all()


def test_more_than_one_image_fits(raw):
    image(raw, "sub-01/anat/sub-01_rec-norm_T1w.nii.gz", "sub-02/anat/sub-02_T1w.nii")
    message = problems(raw, on_missing="drop")  # nothing lacks: someone has to choose
    assert re.search(r"sub-01: .*sub-01_T1w\.nii\.gz, sub-01_rec-norm_T1w\.nii\.gz", message)
    assert "cohort.bids.entities (rec)" in message
    assert "sub-02: 2 images" in message
    table = read(raw, entities={"rec": None}, exclude=["sub-02"], n_splits=1)
    assert table["image"][0].endswith("sub-01_T1w.nii.gz")


def test_everything_that_is_missing_in_one_message(raw):
    (raw / "sub-01/anat/sub-01_T1w.nii.gz").rename(raw / "sub-01/anat/sub-01_acq-a_b_T1w.nii.gz")
    (raw / "sub-02").rename(raw / "sub-03b")
    (raw / "sub-03/anat/sub-03_T1w.nii.gz").unlink()
    (raw / "sub-03/anat/sub-03_T1w.nii.gz").symlink_to("../.git/annex/objects/x")
    table = (raw / "participants.tsv").read_text()
    (raw / "participants.tsv").write_text(table.replace("sub-04", "04") + "SUB-03B\tF\t1\tA\n")
    (raw / "dataset_description.json").write_text('{"Name": "x"}')
    message = problems(raw)
    for part in (
        "dataset_description.json lacks Name or BIDSVersion",
        "sub-01: no T1w image fits (any entities); there is sub-01_acq-a_b_T1w.nii.gz ('b' is no",
        f"sub-02: there is no folder {raw / 'sub-02'}",
        "sub-03_T1w.nii.gz is a link without content; fetch it first (datalad get)",
        "04: BIDS writes participant_id as sub-04",
        "SUB-03B: its folder is sub-03b; BIDS tells capitals from small letters",
    ):
        assert part in message
    assert "8 problems" not in message.replace("8 problems", "", 1)


def test_those_without_images_can_be_dropped(raw):
    (raw / "sub-02/anat/sub-02_T1w.nii.gz").unlink()
    checked = check(raw, on_missing="drop", n_splits=1)
    assert checked.participants["participant_id"].tolist() == ["sub-01", "sub-03", "sub-04"]
    assert "no *_T1w.nii or .nii.gz" in checked.dropped["sub-02"]


def test_masks_that_lack_or_do_not_fit(fmriprep):
    folder = fmriprep / "derivatives/fmriprep"
    stem = "anat/{0}_space-MNI152NLin6Asym_res-2_desc-brain_mask.nii.gz"
    (folder / "sub-01" / stem.format("sub-01")).unlink()
    image(folder / "sub-02", stem.format("sub-02"), shape=(4, 5, 7))
    message = problems(fmriprep, **FMRIPREP)
    assert "sub-01_space-MNI152NLin6Asym_res-2_desc-preproc_T1w.nii.gz has no desc-brain_mask" in (
        message
    )
    assert "grid" in message
    assert len(read(fmriprep, **FMRIPREP | {"brain_mask": False})) == 4


def test_no_dataset_and_no_derivatives(tmp_path, raw):
    (raw / "dataset_description.json").unlink()
    message = problems(raw, derivatives="derivatives/smriprep")
    assert "dataset_description.json" in message
    assert "derivatives/smriprep" in message
    (raw / "dataset_description.json").write_text("{")
    assert "JSON" in problems(raw)


def test_values_of_both_classes_must_differ(raw):
    assert "'F'" in problems(raw, positive=["M", "m", "Male", "F"])


@pytest.mark.parametrize(
    ("entities", "space"),
    [({}, "native"), ({"space": None}, "native"), ({"space": "MNI152NLin6Asym"}, "MNI152")],
)
def test_space_by_the_names(entities, space):
    other = {"native": "MNI152", "MNI152": "native"}[space]
    settings = SETTINGS | {"entities": entities}
    cohort.check_facts("bids", settings, space=space, contrast="T1w")
    with pytest.raises(ConfigError, match=f"cohort.space is {other}, .* are {space}"):
        cohort.check_facts("bids", settings, space=other, contrast="T1w")
