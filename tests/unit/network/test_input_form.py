"""Another image is brought into the form of the training images, or refused."""

import nibabel as nib
import numpy as np
import pytest

from voxplain.errors import GridMismatchError
from voxplain.image.downsample import downsample_file
from voxplain.image.grid import Grid
from voxplain.image.intensity import normalise
from voxplain.network.input_form import ModelInput
from voxplain.preparation import template
from voxplain.preparation.resample import MNI152

SHAPE = (18, 22, 18)


def form(**prepared):
    affine = MNI152.coarsen(SHAPE).affine.tolist()
    return ModelInput(SHAPE, "brain_mean", affine, space="MNI152", **prepared)


def save(path, data, grid):
    nib.save(nib.Nifti1Image(data.astype(np.float32), grid.affine), path)
    return path


def test_a_head_is_cut_out_as_those_of_the_run_were(tmp_path):
    grid = MNI152.coarsen((45, 54, 45))
    head = np.random.default_rng(0).uniform(50, 99, grid.shape)
    inside = template.mask_on(grid)
    image = save(tmp_path / "head.nii", head, grid)
    brain = save(tmp_path / "brain.nii", head * inside, grid)
    found, _ = form(brain_mask="template").read(image)
    expected, _, _ = downsample_file(brain, SHAPE)
    np.testing.assert_allclose(found, normalise(expected[None], "brain_mean")[0], rtol=1e-5)
    whole, _ = form().read(image)
    assert (whole > 0).all()
    given = save(tmp_path / "mask.nii", np.ones(grid.shape), grid)
    own, _ = form(brain_mask="template").read(image, given)
    np.testing.assert_array_equal(own, whole)  # a mask that is given comes first


def test_another_field_of_view_is_registered_as_those_of_the_run_were(tmp_path):
    """The template's brain in a tight box: the same world, other voxels."""
    brain, own = template.brain()
    held = np.argwhere(brain > 0)
    low, high = held.min(axis=0), held.max(axis=0) + 1
    affine = own.affine.copy()
    affine[:3, 3] = own.world(low)
    tight = brain[tuple(map(slice, low, high))]
    image = save(tmp_path / "tight.nii", tight, Grid(tight.shape, affine))
    found, grid = form(registration="conform").read(image)
    assert grid.matches(MNI152.coarsen(SHAPE))
    inside = template.mask_on(grid)
    assert np.corrcoef(found.ravel() > 0.5, inside.ravel())[0, 1] > 0.9
    with pytest.raises(GridMismatchError, match=r"resample it to their grid \(MNI152\)"):
        form().read(image)
    with pytest.raises(GridMismatchError, match="by its own transform, as the run did with each"):
        form(registration="transforms").read(image)
