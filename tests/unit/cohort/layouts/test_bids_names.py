from pathlib import Path

import pytest

from voxplain.cohort.layouts.bids_names import BidsName, InvalidNameError, differing


def parse(name, raw=True):
    return BidsName.parse(Path("anat", name), raw=raw)


# Judged alike by bids-validator 1.14.7, as all names of a raw image here.
@pytest.mark.parametrize(
    ("name", "entities"),
    [
        ("sub-01_T1w.nii", {"sub": "01"}),
        ("sub-01_ses-a_acq-MPRAGE_run-2_T1w.nii.gz", {"acq": "MPRAGE", "run": "2"}),
        ("sub-01_acq-a_ce-b_rec-c_run-1_T1w.nii.gz", {"ce": "b", "rec": "c"}),
        ("sub-01_run-1_echo-1_part-mag_chunk-2_T1w.nii.gz", {"part": "mag", "chunk": "2"}),
    ],
)
def test_names_of_raw_images(name, entities):
    parsed = parse(name)
    assert parsed.suffix == "T1w"
    assert entities.items() <= parsed.entities.items()


@pytest.mark.parametrize(
    "name",
    [
        "sub-01_space-MNI152NLin2009cAsym_res-1_desc-preproc_T1w.nii.gz",  # fMRIPrep
        "sub-01_space-MNIPediatricAsym_cohort-1_desc-preproc_T1w.nii.gz",
        "sub-01_ses-M000_space-MNI152NLin2009cSym_desc-Crop_res-1x1x1_T1w.nii.gz",  # Clinica
    ],
)
def test_names_of_derivatives(name):
    with pytest.raises(InvalidNameError, match="raw images have no entity space"):
        parse(name)
    assert parse(name, raw=False).entities["space"].startswith("MNI")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("sub-01_acq-MP_RAGE_T1w.nii.gz", "'RAGE' is no entity"),
        ("sub-01_acq-MP-RAGE_T1w.nii.gz", "'acq-MP-RAGE' is no entity"),
        ("sub-01_acq-ä_T1w.nii.gz", "no entity of letters and digits"),
        ("sub-01_run-1_run-2_T1w.nii.gz", "run stands in it twice"),
        ("sub-01_scanner-A_T1w.nii.gz", "no entity scanner"),
        ("sub-01_dir-AP_T1w.nii.gz", "no entity dir"),
        ("sub-01_run-a_T1w.nii.gz", "'run-a' is no number"),
        ("sub-01__T1w.nii.gz", "'' is no entity"),
        ("sub-01_part-mag_run-1_T1w.nii.gz", "not in BIDS's order"),
        ("sub-01_run-1_acq-x_T1w.nii.gz", "not in BIDS's order"),
        ("sub-01_T1w.nii.bz2", "not .nii or .nii.gz"),
    ],
)
def test_names_that_are_none(name, reason):
    with pytest.raises(InvalidNameError, match=reason):
        parse(name)


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        ({}, True),
        ({"run": 1}, True),  # runs are numbers
        ({"acq": "1"}, False),  # labels are not
        ({"acq": "01"}, True),
        ({"space": None}, True),
        ({"acq": None}, False),
        ({"desc": "brain"}, False),
        ({"acq": "01", "run": "2"}, False),
    ],
)
def test_entities_asked_for(wanted, fits):
    assert parse("sub-01_acq-01_run-01_T1w.nii.gz").fits(wanted) is fits


def test_mask_has_the_same_entities_but_desc(tmp_path):
    stem = "sub-01_ses-a_space-MNI152NLin6Asym_res-2"
    image = parse(f"{stem}_desc-preproc_T1w.nii.gz", raw=False)
    assert image.brain_mask() is None
    for name in (f"{stem}_desc-brain_mask.nii.gz", "sub-01_ses-a_desc-brain_mask.nii.gz"):
        (tmp_path / name).touch()
    image = BidsName.parse(tmp_path / image.path.name, raw=False)
    assert image.brain_mask() == tmp_path / f"{stem}_desc-brain_mask.nii.gz"


def test_entities_that_tell_names_apart():
    names = [parse(f"sub-01_{middle}T1w.nii.gz") for middle in ("", "run-1_", "acq-x_run-1_")]
    assert differing(names) == ["acq", "run"]
    assert differing([parse("sub-01_T1w.nii"), parse("sub-01_T1w.nii.gz")]) == ["file or folder"]
