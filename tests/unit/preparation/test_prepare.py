"""Preparation of one image: which steps it takes, what it keeps and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest

from voxplain.errors import ImageError
from voxplain.image.grid import Grid
from voxplain.image.nifti import read_volume, write_volume
from voxplain.preparation import template
from voxplain.preparation.prepare import prepare
from voxplain.preparation.readers import read_transform
from voxplain.preparation.settings import PreparationSettings

pytestmark = pytest.mark.slow  # each test registers a brain
ONLY_BRAIN = PreparationSettings(bias_field=False, tissues=False)
SHIFT = np.array([12.0, -8, 20])


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """The template's brain moved by `SHIFT`, alone and in a bright box, with its mask."""
    folder = tmp_path_factory.mktemp("scans")
    brain, grid = template.brain()
    values = np.pad(brain, 20)
    affine = grid.affine.copy()
    affine[:3, 3] += SHIFT - 20 * grid.voxel_sizes
    moved = Grid(values.shape, affine)
    mask = np.pad(template.brain_mask()[0], 20)
    write_volume(folder / "brain.nii.gz", values, moved)
    write_volume(folder / "mask.nii.gz", mask, moved)
    write_volume(folder / "head.nii.gz", (values + 0.5).astype(np.float32), moved)
    write_volume(folder / "mni.nii.gz", brain, grid)
    return folder


def true_mask(data, grid):
    return np.pad(template.brain_mask()[0], 20)


def refuse(data, grid):
    raise AssertionError("the brain was extracted once more")


def shift_of(prepared):
    _, grid = read_volume(prepared.image)
    return read_transform(prepared.transform, grid, None).transform.matrix()[:3, 3]


def test_a_head_is_extracted_and_a_brain_is_left_as_it_is(scans, tmp_path):
    head = prepare(scans / "head.nii.gz", tmp_path / "head", true_mask, ONLY_BRAIN, 0)
    brain = prepare(scans / "brain.nii.gz", tmp_path / "brain", refuse, ONLY_BRAIN, 0)
    assert (head.shown, head.mask_by) == ("head", "deepbet")
    assert (brain.shown, brain.mask_by) == ("brain", "zeros in the image")
    for prepared in (head, brain):
        assert prepared.brain_ml == pytest.approx(1900, abs=150)
        np.testing.assert_allclose(shift_of(prepared), SHIFT, atol=2)
        values, _ = read_volume(prepared.image)
        np.testing.assert_array_equal(values > 0, read_volume(prepared.mask)[0] > 0)


def test_a_brain_in_mni152_is_not_moved(scans, tmp_path):
    prepared = prepare(scans / "mni.nii.gz", tmp_path / "mni", refuse, ONLY_BRAIN, 0)
    assert prepared.shown == "brain in MNI152"
    np.testing.assert_array_equal(shift_of(prepared), [0, 0, 0])


def test_the_users_mask_wins(scans, tmp_path):
    prepared = prepare(
        scans / "head.nii.gz", tmp_path / "own", refuse, ONLY_BRAIN, 0, scans / "mask.nii.gz"
    )
    assert prepared.mask_by == "user"


def test_results_are_used_again_until_something_changes(scans, tmp_path):
    arguments = scans / "brain.nii.gz", tmp_path / "again"
    first = prepare(*arguments, refuse, ONLY_BRAIN, 0)
    written = (tmp_path / "again/brain.nii.gz").stat().st_mtime_ns
    assert prepare(*arguments, refuse, ONLY_BRAIN, 0) == first
    assert (tmp_path / "again/brain.nii.gz").stat().st_mtime_ns == written
    always = replace(ONLY_BRAIN, brain_extraction="always")
    assert prepare(*arguments, true_mask, always, 0).mask_by == "deepbet"


@pytest.mark.parametrize(
    ("extract", "message"),
    [
        (lambda data, grid: np.zeros(data.shape, bool), "head.nii.gz shows a brain of 0 ml"),
        (lambda data, grid: true_mask(data, grid) | (np.indices(data.shape)[0] < 2), "cuts the br"),
    ],
)
def test_a_head_without_a_whole_brain_is_refused(scans, tmp_path, extract, message):
    with pytest.raises(ImageError, match=message):
        prepare(scans / "head.nii.gz", tmp_path / "bad", extract, ONLY_BRAIN, 0)


def test_masks_of_other_images_are_refused(scans, tmp_path):
    mask, grid = read_volume(scans / "mask.nii.gz")
    write_volume(tmp_path / "mirrored.nii.gz", np.roll(mask, 40, axis=0), grid)
    arguments = scans / "brain.nii.gz", tmp_path / "bad", refuse, ONLY_BRAIN, 0
    with pytest.raises(ImageError, match=r"brain.nii.gz has tissue in only \d+% of its mask"):
        prepare(*arguments, tmp_path / "mirrored.nii.gz")
    with pytest.raises(ImageError, match="another grid than its mask"):
        write_volume(tmp_path / "coarse.nii.gz", mask[::2], Grid(mask[::2].shape, grid.affine))
        prepare(*arguments, tmp_path / "coarse.nii.gz")


def test_bias_field_and_tissues_of_a_brain_with_a_known_field(scans, tmp_path):
    """White matter is brighter than grey, which a strong field hides until it is corrected."""
    brain, grid = read_volume(scans / "brain.nii.gz")
    field = np.exp(np.linspace(-0.5, 0.5, brain.shape[0]))[:, None, None]
    write_volume(tmp_path / "biased.nii.gz", (brain * field).astype(np.float32), grid)
    settings = PreparationSettings()
    prepared = prepare(tmp_path / "biased.nii.gz", tmp_path / "out", refuse, settings, 0)
    corrected, _ = read_volume(prepared.image)
    inside = (brain > 0) & (corrected > 0)
    remaining = np.log(corrected[inside] / brain[inside])
    assert remaining.std() < 0.5 * np.broadcast_to(np.log(field), brain.shape)[inside].std()
    volumes = np.array([prepared.fluid_ml, prepared.grey_ml, prepared.white_ml])
    assert volumes.sum() == pytest.approx(prepared.brain_ml)
    assert 0.35 < prepared.grey_ml / prepared.brain_ml < 0.6
