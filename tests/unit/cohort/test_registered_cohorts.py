"""Masks and transforms that layouts find, and grids that may differ once images are registered."""

import re

import nibabel as nib
import numpy as np
import pytest

from voxplain.cohort import layouts as cohort
from voxplain.cohort.checks import Requirements
from voxplain.cohort.scans import find_file
from voxplain.errors import CohortError, GridMismatchError
from voxplain.preparation.settings import RegistrationSettings

CLASSES = {"negative": "women", "positive": "men"}
SETTINGS = {
    "participants": "p.tsv",
    "image": "{participant_id}.nii",
    "mask": "{participant_id}_m.nii",
    "label": "sex",
    "negative": "F",
    "positive": "M",
    "morphometry": None,
}
TRANSFORMS = {"method": "transforms", "transform": "xfm/{participant_id}_{visit}*.mat"}


@pytest.fixture
def root(tmp_path):
    (tmp_path / "xfm").mkdir()
    lines = ["participant_id\tsex\tvisit"]
    for k in range(4):
        affine = np.diag([2.0, 2, 2, 1])
        affine[0, 3] = k  # as different heads in a scanner lie
        for name in (f"s{k}.nii", f"s{k}_m.nii"):
            nib.save(nib.Nifti1Image(np.ones((5, 6, 7), np.uint8), affine), tmp_path / name)
        (tmp_path / f"xfm/s{k}_a-{k}.mat").write_text("1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n")
        lines.append(f"s{k}\t{'FM'[k % 2]}\ta")
    (tmp_path / "p.tsv").write_text("\n".join(lines) + "\n")
    return tmp_path


def check(root, registration=TRANSFORMS, **more):
    required = Requirements(CLASSES, registration=RegistrationSettings(**registration), **more)
    return cohort.read_cohort("table", root, SETTINGS, required)


def read(root, registration=TRANSFORMS, **more):
    return check(root, registration, **more).participants


def test_masks_and_transforms_are_found(root):
    people = read(root)
    assert people["mask"].tolist() == [str(root / f"s{k}_m.nii") for k in range(4)]
    assert people["transform"].tolist() == [str(root / f"xfm/s{k}_a-{k}.mat") for k in range(4)]
    assert read(root, {"method": "antspy"})["transform"].isna().all()


def test_unlike_grids_need_registration(root):
    with pytest.raises(GridMismatchError, match=r"s1: its grid .*registration\.method"):
        read(root, {"method": "none"})


def test_missing_ambiguous_and_empty_transforms_are_told_together(root):
    (root / "xfm/s0_a-0.mat").unlink()
    (root / "xfm/s1_a-again.mat").write_text("1")
    (root / "xfm/s2_a-2.mat").write_text("")
    with pytest.raises(CohortError) as told:
        read(root)
    message = str(told.value)
    assert "3 problems" in message
    assert re.search(rf"s0: .*{re.escape(f'{root}/xfm/s0_a*.mat')}", message)
    assert "s1: " in message
    assert "s2_a-2.mat" in message
    (root / "xfm/s2_a-2.mat").write_text("1")
    checked = check(root, on_missing="drop", n_splits=1)
    assert list(checked.dropped) == ["s0", "s1"]


def test_columns_that_a_transform_names_must_be_there(root):
    with pytest.raises(CohortError, match=r"'day'.*registration\.transform"):
        read(root, TRANSFORMS | {"transform": "{day}.mat"})


def test_files_unpacked_or_in_packages(tmp_path):
    assert find_file(tmp_path, "a/b.nii", ["p.zip"]) is None
    (tmp_path / "p.zip").touch()
    assert find_file(tmp_path, "a/b.nii", ["p.zip"]) == f"{tmp_path}/p.zip!/a/b.nii"
    assert find_file(tmp_path, "q.zip!/b.nii") == f"{tmp_path}/q.zip!/b.nii"
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b.nii").touch()
    assert find_file(tmp_path, "a/b.nii", ["p.zip"]) == f"{tmp_path}/a/b.nii"
