"""One image on the run's grid, as it is and through MNI152."""

import nibabel as nib
import numpy as np
import pytest

from voxplain.cohort.coarse_images import coarse_image
from voxplain.cohort.scans import Scan
from voxplain.errors import ImageError
from voxplain.preparation import template
from voxplain.preparation.settings import RegistrationSettings

SHAPE = (22, 26, 22)


@pytest.fixture
def brain(tmp_path):
    voxels, grid = template.brain_mask()
    path = tmp_path / "brain.nii.gz"
    nib.save(nib.Nifti1Image(voxels * np.float32(100), grid.affine), path)
    return Scan(str(path))


def test_with_and_without_registration(brain, tmp_path):
    about = "MNI152NLin6Asym", 0, tmp_path
    plain = coarse_image("sub-1", brain, SHAPE, RegistrationSettings(), *about)
    conformed = coarse_image("sub-1", brain, SHAPE, RegistrationSettings("conform"), *about)
    assert plain.volume.shape == conformed.volume.shape == SHAPE
    assert plain.origin["Space"] == conformed.origin["Space"] == "MNI152NLin6Asym"
    assert "template_dice" not in plain.quality
    assert conformed.quality["template_dice"] > 0.9
    assert conformed.quality["foreground_ml"] == plain.quality["foreground_ml"]
    assert conformed.origin["Method"] == "conform"


def test_an_image_without_a_brain_is_refused(tmp_path):
    path = tmp_path / "blank.nii"
    nib.save(nib.Nifti1Image(np.zeros((44, 52, 44), np.float32), np.diag([4.0, 4, 4, 1])), path)
    with pytest.raises(ImageError, match="sub-9"):
        coarse_image("sub-9", Scan(str(path)), SHAPE, RegistrationSettings(), "native", 0, tmp_path)
