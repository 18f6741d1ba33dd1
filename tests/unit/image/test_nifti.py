import contextlib
import errno
import gzip
import re

import nibabel as nib
import numpy as np
import pytest

from voxplain.errors import ImageError
from voxplain.image import archives, nifti
from voxplain.image.grid import Grid

AFFINE = np.array([[-2.0, 0.1, 0, 90], [0.1, 2, 0, -126], [0, 0, 2.5, -72], [0, 0, 0, 1]])


def save(path, data, affine=AFFINE, image_class=nib.Nifti1Image, **kwargs):
    image = image_class(data, affine, **kwargs)
    nib.save(image, path)
    return path


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(0, 255, (9, 8, 7)).astype(np.uint8)


@pytest.mark.parametrize("ending", ["nii", "nii.gz"])
@pytest.mark.parametrize("dtype", ["<u1", "<i2", ">i2", "<f4", ">f4", "<f8", ">f8", "<u4"])
@pytest.mark.parametrize("image_class", [nib.Nifti1Image, nib.Nifti2Image])
def test_reads_what_nibabel_reads(tmp_path, noise, ending, dtype, image_class):
    header = image_class.header_class(endianness=dtype[0])
    header.set_data_dtype(np.dtype(dtype))
    path = save(
        tmp_path / f"a.{ending}", noise.astype(dtype), header=header, image_class=image_class
    )
    data, grid = nifti.read_volume(path)
    assert data.dtype == np.float32
    np.testing.assert_array_equal(data, nib.load(path).get_fdata())
    np.testing.assert_allclose(grid.affine, AFFINE, atol=1e-6)


def test_scale_factors_are_applied(tmp_path, noise):
    image = nib.Nifti1Image(noise.astype(np.int16), AFFINE)
    image.header.set_slope_inter(0.25, -3)
    nib.save(image, tmp_path / "a.nii.gz")
    data, _ = nifti.read_volume(tmp_path / "a.nii.gz")
    np.testing.assert_allclose(data, noise * 0.25 - 3)


def test_trailing_axes_of_length_one_are_dropped(tmp_path, noise):
    path = save(tmp_path / "a.nii.gz", noise[..., None, None])
    assert nifti.read_volume(path)[0].shape == (9, 8, 7)


def test_slabs_are_the_volume_cut_along_its_last_axis(tmp_path, noise):
    header = nifti.read_header(save(tmp_path / "a.nii.gz", noise))
    slabs = [slab.copy() for slab in nifti.read_slabs(header, 3)]
    assert [len(slab) for slab in slabs] == [3, 3, 1]
    np.testing.assert_array_equal(np.concatenate(slabs).T, noise)


@pytest.mark.parametrize("keep", [0, 2, 30, 200, 0.5, -9, -4])
def test_truncated_gzip(tmp_path, noise, keep):
    whole = save(tmp_path / "whole.nii.gz", noise).read_bytes()
    path = tmp_path / "T1w.nii.gz"
    path.write_bytes(whole[: int(len(whole) * keep) if keep == 0.5 else keep])
    with pytest.raises(ImageError, match=r"sub-012: .*T1w\.nii\.gz is (truncated|empty)") as info:
        nifti.read_volume(path, "sub-012")
    assert "cohort.exclude" in str(info.value)


def test_truncation_says_how_much_was_read(tmp_path):
    data = np.random.default_rng(0).normal(size=(50, 50, 200)).astype(np.float32)
    path = save(tmp_path / "a.nii", data)
    path.write_bytes(path.read_bytes()[:1_000_000])
    with pytest.raises(ImageError, match=re.escape("truncated (read 1.0 of 2.0 MB)")):
        nifti.read_header(path)


def test_bad_checksum(tmp_path, noise):
    whole = bytearray(save(tmp_path / "a.nii.gz", noise).read_bytes())
    whole[-6] ^= 0xFF
    (tmp_path / "a.nii.gz").write_bytes(whole)
    with pytest.raises(ImageError, match="damaged gzip"):
        nifti.read_volume(tmp_path / "a.nii.gz")


def test_damaged_stream(tmp_path, noise):
    whole = bytearray(save(tmp_path / "a.nii.gz", noise).read_bytes())
    whole[12:40] = b"\xff" * 28
    (tmp_path / "a.nii.gz").write_bytes(whole)
    with pytest.raises(ImageError, match="damaged gzip"):
        nifti.read_volume(tmp_path / "a.nii.gz")


def test_missing_folder_and_text(tmp_path):
    with pytest.raises(ImageError, match=r"gone\.nii does not exist"):
        nifti.read_header(tmp_path / "gone.nii")
    with pytest.raises(ImageError, match="is a folder"):
        nifti.read_header(tmp_path)
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress(b"<html>not found</html>" * 50))
    with pytest.raises(ImageError, match="not a single-file NIfTI image"):
        nifti.read_header(tmp_path / "a.nii.gz")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (np.zeros((4, 4, 4, 2), np.float32), r"is 4-D \(4 x 4 x 4 x 2\)"),
        (np.zeros((4, 4), np.float32), "is 2-D"),
        (np.zeros((4, 4, 4), np.complex64), "complex"),
        (np.zeros((4, 4, 4), [("R", "u1"), ("G", "u1"), ("B", "u1")]), "colour"),
    ],
)
def test_what_is_not_a_volume_of_numbers(tmp_path, data, problem):
    with pytest.raises(ImageError, match=problem):
        nifti.read_header(save(tmp_path / "a.nii", data))


def test_affine_singular_or_absent(tmp_path, noise):
    image = nib.Nifti1Image(noise, None)
    image.header["sform_code"] = 1
    nib.save(image, tmp_path / "singular.nii")
    with pytest.raises(ImageError, match="singular"):
        nifti.read_header(tmp_path / "singular.nii")
    nib.save(nib.Nifti1Image(noise, None), tmp_path / "none.nii")
    with pytest.raises(ImageError, match="no orientation"):
        nifti.read_header(tmp_path / "none.nii")


def test_what_the_system_refuses_is_the_images_fault(tmp_path, noise, monkeypatch):
    path = save(tmp_path / "a.nii.gz", noise)
    opened = archives.opened

    @contextlib.contextmanager
    def forbidden(name):
        raise PermissionError(errno.EACCES, "Permission denied")
        yield

    @contextlib.contextmanager
    def broken(name):
        class Broken:
            def __getattr__(self, what):
                return getattr(stream, what)

            def read(self, count=-1):
                if stream.tell() > 2:
                    raise OSError(errno.EIO, "Input/output error")
                return stream.read(min(count, 3))

            def readinto(self, buffer):
                return stream.readinto(memoryview(buffer)[: len(self.read(len(buffer)))])

        with opened(name) as stream:
            yield Broken()

    for replacement, reason in ((forbidden, "Permission denied"), (broken, "Input/output error")):
        monkeypatch.setattr(archives, "opened", replacement)
        with pytest.raises(ImageError, match=rf"sub-1: .*a.nii.gz cannot be read \({reason}\)"):
            nifti.read_header(path, "sub-1")


@pytest.mark.parametrize("ending", ["nii", "nii.gz"])
def test_written_files_are_reproducible_and_complete(tmp_path, noise, ending):
    affine = np.diag([2.0, 2, 2.5, 1])
    first, second = tmp_path / f"a.{ending}", tmp_path / "sub" / f"b.{ending}"
    nifti.write_volume(first, noise > 9, Grid(noise.shape, affine))
    nifti.write_volume(second, noise > 9, Grid(noise.shape, affine))
    assert first.read_bytes() == second.read_bytes()
    image = nib.load(first)
    assert image.get_data_dtype() == np.uint8
    assert image.header.get_xyzt_units()[0] == "mm"
    # by way of a quaternion, which takes an eigenvector
    np.testing.assert_allclose(image.get_qform(coded=True)[0], affine, atol=1e-6)
    np.testing.assert_array_equal(image.get_sform(coded=True)[0], affine)
    np.testing.assert_array_equal(image.get_fdata(), noise > 9)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"a.{ending}", "sub"]


def test_write_refuses_other_shapes_and_endings(tmp_path, noise):
    with pytest.raises(ValueError, match="shape"):
        nifti.write_volume(tmp_path / "a.nii", noise, Grid((1, 1, 1), AFFINE))
    with pytest.raises(ValueError, match="end in"):
        nifti.write_volume(tmp_path / "a.img", noise, Grid(noise.shape, AFFINE))
