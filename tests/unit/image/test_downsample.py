import itertools

import nibabel as nib
import numpy as np
import pytest
from scipy import ndimage

from voxplain.errors import ImageError
from voxplain.image import downsample, masked
from voxplain.image.grid import Grid
from voxplain.image.nifti import read_volume

OBLIQUE = nib.affines.from_matvec(
    nib.eulerangles.euler2mat(0.1, -0.15, 0.05) @ np.diag([0.7, 0.8, 0.9]), [-9, -12, -7]
)


def loop_average(line, n_out):
    """Box averages along the first axis, voxel by voxel in float64."""
    n_in = len(line)
    out = np.zeros((n_out, *line.shape[1:]))
    for i in range(n_out):
        low, high = i * n_in / n_out, (i + 1) * n_in / n_out
        for j in range(n_in):
            share = min(high, j + 1) - max(low, j)
            if share > 0:
                out[i] += line[j] * share / (high - low)
    return out


def box_average(data, shape):
    out = data.astype(np.float64)
    for axis, size in enumerate(shape):
        out = np.moveaxis(loop_average(np.moveaxis(out, axis, 0), size), 0, axis)
    return out


def test_hand_worked_fractions():
    np.testing.assert_allclose(
        downsample.averaging_matrix(3, 2), [[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]], atol=1e-15
    )
    np.testing.assert_allclose(downsample.averaging_matrix(260, 58).sum(axis=1), 1)
    np.testing.assert_allclose(downsample.averaging_matrix(260, 58).sum(axis=0), 58 / 260)


def test_integer_ratio_is_the_block_mean():
    data = np.random.default_rng(0).normal(500, 100, (12, 8, 6))
    coarse, _ = downsample.downsample_volume(data, Grid(data.shape, np.eye(4)), (6, 4, 2))
    blocks = data.reshape(6, 2, 4, 2, 2, 3).mean(axis=(1, 3, 5))
    np.testing.assert_allclose(coarse, blocks, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["<u1", "<i2", ">i2", "<f4", ">f8"])
@pytest.mark.parametrize("ending", ["nii", "nii.gz"])
def test_file_against_float64_blocks(tmp_path, monkeypatch, dtype, ending):
    monkeypatch.setattr(masked, "_SLAB_BYTES", 4 * 26 * 31 * 4)
    data = np.random.default_rng(1).integers(0, 250, (26, 31, 25)).astype(dtype)
    header = nib.Nifti1Header(endianness=dtype[0])
    header.set_data_dtype(np.dtype(dtype))
    header.set_slope_inter(0.5, 10)
    image = nib.Nifti1Image(data, OBLIQUE, header=header)
    image.header.set_slope_inter(0.5, 10)
    nib.save(image, tmp_path / f"a.{ending}")
    values = nib.load(tmp_path / f"a.{ending}").get_fdata()
    coarse, grid, statistics = downsample.downsample_file(tmp_path / f"a.{ending}", (6, 7, 5))
    np.testing.assert_allclose(coarse, box_average(values, (6, 7, 5)), rtol=1e-5)
    assert coarse.dtype == np.float32
    assert grid.matches(Grid(data.shape, OBLIQUE).coarsen((6, 7, 5)), 1e-4)
    assert statistics.minimum == values.min()
    assert statistics.maximum == values.max()
    voxel_ml = 0.7 * 0.8 * 0.9 / 1000
    assert statistics.foreground_ml == pytest.approx(np.count_nonzero(values) * voxel_ml)
    assert statistics.shape == (26, 31, 25)
    assert statistics.orientation == "RAS"


@pytest.mark.parametrize("axes", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("signs", [(1, 1, 1), (-1, 1, -1), (-1, -1, -1)])
def test_any_orientation_gives_the_same_ras_volume(tmp_path, axes, signs):
    ras = np.random.default_rng(2).normal(size=(13, 12, 11)).astype(np.float32)
    source = nib.Nifti1Image(ras, OBLIQUE)
    wanted = [[axes[i], signs[i]] for i in range(3)]
    turned = source.as_reoriented(np.array(wanted))
    nib.save(turned, tmp_path / "a.nii")
    downsample.downsample_nifti(tmp_path / "a.nii", tmp_path / "b.nii.gz", (5, 4, 3))
    result = nib.load(tmp_path / "b.nii.gz")
    np.testing.assert_allclose(result.get_fdata(), box_average(ras, (5, 4, 3)), atol=1e-6)
    np.testing.assert_allclose(
        result.affine, Grid(ras.shape, OBLIQUE).coarsen((5, 4, 3)).affine, atol=1e-5
    )


def test_centre_of_mass_in_the_world_is_kept(tmp_path):
    """Of an off-centre blob, to 0.01 mm, at the paper's ratio."""
    points = np.indices((130, 156, 130))
    distance = (points - np.array([50, 90, 70])[:, None, None, None]) / 12.0
    blob = np.exp(-(distance**2).sum(axis=0) / 2).astype(np.float32)
    affine = nib.affines.from_matvec(OBLIQUE[:3, :3] @ np.diag([-1, 1, 1]), [90, -126, -72])
    nib.save(nib.Nifti1Image(blob, affine), tmp_path / "a.nii.gz")
    downsample.downsample_nifti(tmp_path / "a.nii.gz", tmp_path / "b.nii.gz", (29, 35, 29))
    coarse, grid = read_volume(tmp_path / "b.nii.gz")
    fine_centre = Grid(blob.shape, affine).world(ndimage.center_of_mass(blob))
    coarse_centre = grid.world(ndimage.center_of_mass(coarse))
    assert np.linalg.norm(fine_centre - coarse_centre) < 0.01
    fine_mass = blob.sum(dtype=np.float64) * Grid(blob.shape, affine).voxel_volume
    assert coarse.sum(dtype=np.float64) * grid.voxel_volume == pytest.approx(fine_mass, rel=1e-5)


def test_promised_default_shape(tmp_path):
    nib.save(nib.Nifti1Image(np.ones((60, 72, 59), np.uint8), np.eye(4)), tmp_path / "a.nii")
    downsample.downsample_nifti(str(tmp_path / "a.nii"), str(tmp_path / "b.nii"))
    data, _ = read_volume(tmp_path / "b.nii")
    assert data.shape == (58, 70, 58)
    np.testing.assert_allclose(data, 1, rtol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nonfinite_voxels_are_counted_and_refused(tmp_path, bad):
    data = np.ones((20, 20, 20), np.float32)
    data[3, 4, 5] = data[3, 4, 19] = bad
    nib.save(nib.Nifti1Image(data, np.eye(4)), tmp_path / "T1w.nii.gz")
    message = r"sub-7: .*T1w\.nii\.gz has 2 NaN or infinite voxels of 8000"
    with pytest.raises(ImageError, match=message):
        downsample.downsample_file(tmp_path / "T1w.nii.gz", (5, 5, 5), "sub-7")


def test_source_is_never_overwritten(tmp_path):
    nib.save(nib.Nifti1Image(np.ones((5, 5, 5), np.uint8), np.eye(4)), tmp_path / "a.nii")
    with pytest.raises(ImageError, match="both source and destination"):
        downsample.downsample_nifti(tmp_path / "a.nii", tmp_path / "a.nii", (2, 2, 2))
