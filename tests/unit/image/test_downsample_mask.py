"""A brain mask counts as if the image had been cut before."""

import nibabel as nib
import numpy as np
import pytest

from voxplain.errors import ImageError
from voxplain.image.downsample import downsample_file, downsample_volume
from voxplain.image.grid import Grid

SHAPE = (9, 8, 40)
AFFINE = np.array([[-2.0, 0, 0, 8], [0, 2, 0, -7], [0, 0, 1.5, 3], [0, 0, 0, 1]])


@pytest.fixture
def pair(tmp_path):
    rng = np.random.default_rng(0)
    data = rng.uniform(50, 100, SHAPE).astype(np.float32)
    mask = (rng.uniform(size=SHAPE) > 0.4).astype(np.uint8)
    data[0, 0, 0], mask[0, 0, 0] = np.nan, 0  # outside the brain nothing matters
    nib.save(nib.Nifti1Image(data, AFFINE), tmp_path / "t1.nii.gz")
    nib.save(nib.Nifti1Image(mask, AFFINE), tmp_path / "mask.nii.gz")
    return data, mask, tmp_path


def test_masked_file_is_the_masked_volume(pair):
    data, mask, folder = pair
    coarse, _, statistics = downsample_file(
        folder / "t1.nii.gz", (4, 5, 7), mask=folder / "mask.nii.gz"
    )
    cut = np.where(mask > 0, data, 0)
    expected, _ = downsample_volume(cut, Grid(SHAPE, AFFINE), (4, 5, 7))
    np.testing.assert_allclose(coarse, expected, rtol=1e-5)
    assert statistics.foreground_ml == pytest.approx(np.count_nonzero(cut) * 6 / 1000)
    assert statistics.minimum == 0
    with pytest.raises(ImageError, match="1 NaN"):
        downsample_file(folder / "t1.nii.gz", (4, 5, 7))


def test_a_mask_on_another_grid_is_refused(pair):
    _, mask, folder = pair
    for shape, affine in ((SHAPE, np.diag([2, 2, 1.5, 1])), ((9, 8, 39), AFFINE)):
        data = mask[: shape[0], : shape[1], : shape[2]]
        nib.save(nib.Nifti1Image(data, affine), folder / "other.nii.gz")
        with pytest.raises(ImageError, match=r"sub-1: .*other\.nii\.gz .* is not on the grid"):
            downsample_file(folder / "t1.nii.gz", (4, 5, 7), "sub-1", folder / "other.nii.gz")


def test_a_damaged_mask_is_noticed(pair):
    folder = pair[2]
    path = folder / "mask.nii.gz"
    path.write_bytes(path.read_bytes()[:-6])
    with pytest.raises(ImageError, match=r"mask\.nii\.gz is truncated"):
        downsample_file(folder / "t1.nii.gz", (4, 5, 7), mask=path)
