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
    masked, _ = form(brain_mask="template").read(image)
    expected, _, _ = downsample_file(brain, SHAPE)
    np.testing.assert_allclose(masked, normalise(expected[None], "brain_mean")[0], rtol=1e-5)
    whole, _ = form().read(image)
    assert (whole > 0).all()
    mask = save(tmp_path / "mask.nii", np.ones(grid.shape), grid)
    with_mask, _ = form(brain_mask="template").read(image, mask)
    np.testing.assert_allclose(with_mask, whole, rtol=1e-6)  # the image's own mask comes first


def test_another_field_of_view_is_registered_as_those_of_the_run_were(tmp_path):
    """The template's brain in a tight box: the same world, other voxels."""
    brain, template_grid = template.brain()
    inside = np.argwhere(brain > 0)
    low, high = inside.min(axis=0), inside.max(axis=0) + 1
    affine = template_grid.affine.copy()
    affine[:3, 3] = template_grid.world(low)
    tight = brain[tuple(map(slice, low, high))]
    image = save(tmp_path / "tight.nii", tight, Grid(tight.shape, affine))
    volume, grid = form(registration="conform").read(image)
    assert grid.matches(MNI152.coarsen(SHAPE))
    inside = template.mask_on(grid)
    assert np.corrcoef(volume.ravel() > 0.5, inside.ravel())[0, 1] > 0.9
    with pytest.raises(GridMismatchError, match=r"resample it to their grid \(MNI152\)"):
        form().read(image)
    with pytest.raises(GridMismatchError, match="by its own transform, as the run did for each"):
        form(registration="transforms").read(image)
