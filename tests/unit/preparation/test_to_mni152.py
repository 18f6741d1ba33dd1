"""A participant from file to the grid in MNI152, with the record of it."""

import hashlib

import nibabel as nib
import numpy as np
import pytest

from voxplain.errors import TransformError
from voxplain.preparation import template
from voxplain.preparation.settings import RegistrationSettings
from voxplain.preparation.to_mni152 import register

SHAPE = (22, 26, 22)


@pytest.fixture
def native(tmp_path):
    """The template's brain 12 mm too far left and 10 mm too high, a FLIRT matrix, and masks."""
    brain, grid = template.brain_mask()
    affine = grid.affine.copy()
    affine[:3, 3] += (-12, 0, 10)
    nib.save(nib.Nifti1Image(brain * np.float32(100), affine), tmp_path / "a.nii.gz")
    nib.save(nib.Nifti1Image(brain.astype(np.uint8), grid.affine), tmp_path / "reference.nii.gz")
    np.savetxt(tmp_path / "a.mat", np.eye(4))  # both are the same voxels
    return tmp_path


def run(folder, image="a.nii.gz", transform="a.mat", **settings):
    chosen = {"method": "transforms", "reference": str(folder / "reference.nii.gz")} | settings
    files = str(folder / image), None, str(folder / transform)
    return register("sub-1", *files, SHAPE, RegistrationSettings(**chosen), "MNI152NLin6Asym", 0)


def test_the_record_says_how(native):
    done = run(native)
    origin = done.origin
    assert origin["Space"] == "MNI152NLin6Asym"
    assert origin["TransformKind"] == "FLIRT matrix"
    assert origin["TransformSHA256"] == hashlib.sha256((native / "a.mat").read_bytes()).hexdigest()
    assert origin["TemplateCoverage"] > 0.99
    true_ml = np.asarray(nib.load(native / "a.nii.gz").dataobj).astype(bool).sum() * 8 / 1000
    assert done.statistics.foreground_ml == pytest.approx(true_ml)  # before registration


def test_another_transform_is_refused(native):
    far = np.eye(4)
    far[1, 3] = 60
    np.savetxt(native / "a.mat", far)
    with pytest.raises(TransformError, match="sub-1: after registration the image covers"):
        run(native)


def test_heads_are_not_registered(native):
    head = nib.Nifti1Image(np.ones((90, 100, 90), np.float32), np.diag([2.0, 2, 2, 1]))
    nib.save(head, native / "head.nii.gz")
    with pytest.raises(TransformError, match="sub-1: 6480 ml of the image are not zero"):
        run(native, image="head.nii.gz", method="antspy")


def test_conforming_keeps_the_place(native):
    done = run(native, image="reference.nii.gz", method="conform")
    assert done.origin["TransformKind"] == "identity"
    assert done.origin["TemplateCoverage"] > 0.99
