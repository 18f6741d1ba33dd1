"""Headers that no honest brain image has are refused by their reason, before a voxel is read."""

import tracemalloc

import nibabel as nib
import numpy as np
import pytest

from voxplain.errors import ImageError
from voxplain.image import nifti
from voxplain.image.downsample import downsample_file

ROTATION = nib.eulerangles.euler2mat(0.2, -0.1, 0.3)
AFFINE = nib.affines.from_matvec(ROTATION @ np.diag([2.0, 2, 2.5]), [-9, 8, 7])


def save(path, affine=AFFINE, edit=lambda header: None, shape=(9, 8, 7)):
    data = np.random.default_rng(0).integers(1, 255, shape).astype(np.uint8)
    image = nib.Nifti1Image(data, affine)
    image.set_sform(affine, 1)
    edit(image.header)
    nib.save(image, path)
    return path


def rewrite(path, field, value):
    """Change one field of an uncompressed file's header, which nibabel would put right."""
    content = bytearray(path.read_bytes())
    header = nib.Nifti1Header(bytes(content[:348]), check=False)
    header[field] = value
    content[:348] = header.binaryblock
    path.write_bytes(content)
    return path


def refused(path, match):
    with pytest.raises(ImageError, match=match) as info:
        nifti.read_header(path, "sub-012")
    assert str(info.value).startswith(f"sub-012: {path}")


@pytest.mark.parametrize(("unit", "name"), [("meter", "metres"), ("micron", "micrometres")])
def test_wrong_units(tmp_path, unit, name):
    path = save(tmp_path / "a.nii", edit=lambda header: header.set_xyzt_units(unit))
    refused(path, f"lengths in {name}, not mm")
    refused(rewrite(path, "xyzt_units", 5), r"an unknown unit \(5\)")
    nifti.read_header(rewrite(path, "xyzt_units", 0))  # unknown: mm, as everybody takes it


@pytest.mark.parametrize("edge", [0.002, 700.0])
def test_absurd_voxel_size(tmp_path, edge):
    refused(save(tmp_path / "a.nii.gz", np.diag([edge, 1, 1, 1])), f"has voxels of {edge:.3g} x 1")


def test_sheared_affine(tmp_path):
    sheared = np.diag([2.0, 2, 2, 1])
    sheared[0, 1] = 0.3
    refused(save(tmp_path / "a.nii", sheared), r"sheared affine \(two axes at 81 degrees\)")
    nifti.read_header(save(tmp_path / "b.nii", AFFINE))  # oblique is no shear


def test_left_handed_affine_is_accepted_and_never_mirrored(tmp_path):
    """One bright voxel is found at its place in the world, whichever way the axes run."""
    for flip in (1, -1):
        affine = np.diag([flip * 2.0, 2, 2, 1])
        affine[0, 3] = -flip * 8
        data = np.zeros((9, 8, 7), np.float32)
        data[1 if flip > 0 else 7, 4, 4] = 1
        nib.save(nib.Nifti1Image(data, affine), tmp_path / "a.nii.gz")
        coarse, grid, _ = downsample_file(tmp_path / "a.nii.gz", (9, 8, 7))
        voxel = np.argwhere(coarse)[0]
        np.testing.assert_allclose(grid.world(voxel), [-6, 8, 8])
        assert grid.orientation == "RAS"


def contradict(header, qform, codes):
    header.set_sform(AFFINE, codes[0])
    header.set_qform(qform, codes[1])


def test_qform_and_sform_that_disagree(tmp_path):
    moved = AFFINE.copy()
    moved[0, 3] += 5
    mirrored = AFFINE @ np.diag([-1.0, 1, 1, 1])
    turned = AFFINE @ np.diag([-1.0, -1, 1, 1])  # left for right without a mirror
    cases = (("a", moved, (4, 4)), ("b", mirrored, (4, 1)), ("t", turned, (2, 1)))
    for name, qform, codes in cases:
        path = save(
            tmp_path / f"{name}.nii",
            edit=lambda header, q=qform, c=codes: contradict(header, q, c),
        )
        refused(path, "two places" if name == "a" else "disagree on left and right")
    # Scanner and template are two spaces, of which the sform's is used.
    path = save(tmp_path / "c.nii", edit=lambda header: contradict(header, moved, (4, 1)))
    header = nifti.read_header(path)
    np.testing.assert_allclose(header.grid.affine, AFFINE, atol=1e-5)
    assert header.xform_code == 4


@pytest.mark.parametrize(
    ("field", "value"),
    [("dim", [0] * 8), ("dim", [9, 1, 1, 1, 1, 1, 1, 1]), ("dim", [3, 9, -8, 7, 1, 1, 1, 1])],
)
def test_impossible_axes(tmp_path, field, value):
    refused(rewrite(save(tmp_path / "a.nii"), field, value), "unusable header")


def test_an_axis_too_long_for_memory(tmp_path):
    path = rewrite(save(tmp_path / "a.nii"), "dim", [3, 20000, 20000, 3, 1, 1, 1, 1])
    refused(path, "has 20000 x 20000 x 3 voxels according to its header, more than any brain image")


def test_a_qfac_that_was_not_filled_in_counts_as_one(tmp_path):
    path = save(tmp_path / "a.nii", edit=lambda header: contradict(header, AFFINE, (1, 1)))
    expected = nifti.read_header(path).grid
    content = bytearray(path.read_bytes())
    content[76:80] = bytes(4)  # pixdim[0]
    path.write_bytes(content)
    assert nifti.read_header(path).grid.matches(expected)


@pytest.mark.parametrize("offset", [-9.0, 0.0, 1e30, np.nan, np.inf])
def test_impossible_offset(tmp_path, offset):
    refused(rewrite(save(tmp_path / "a.nii"), "vox_offset", offset), r"voxels at byte")


def test_a_promise_of_a_million_million_voxels(tmp_path):
    """Whatever the header says, memory is that of what the file can hold."""
    path = rewrite(save(tmp_path / "a.nii"), "dim", [3, 10000, 10000, 10000, 1, 1, 1, 1])
    refused(path, r"has 1e\+12 voxels according to its header \(10000 x 10000 x 10000\)")
    path = rewrite(path, "dim", [3, 1200, 1200, 1200, 1, 1, 1, 1])
    refused(path, "truncated")
    compressed = tmp_path / "a.nii.gz"
    compressed.write_bytes(nifti.igzip.compress(path.read_bytes()))
    tracemalloc.start()
    refused(compressed, r"needs 1.73e\+03 MB according to its header, which its .* kB cannot hold")
    assert tracemalloc.get_traced_memory()[1] < 5e6
    tracemalloc.stop()


def test_a_bomb_costs_no_memory(tmp_path):
    """60 MB of zeros behind the voxels deflate to 60 kB; they are read and never held."""
    content = save(tmp_path / "a.nii").read_bytes()
    (tmp_path / "a.nii.gz").write_bytes(nifti.igzip.compress(content + bytes(60_000_000)))
    assert (tmp_path / "a.nii.gz").stat().st_size < 300_000
    tracemalloc.start()
    data, _ = nifti.read_volume(tmp_path / "a.nii.gz")
    assert tracemalloc.get_traced_memory()[1] < 10e6
    tracemalloc.stop()
    assert data.shape == (9, 8, 7)


def test_a_cut_gzip_file_shows_in_its_header_check(tmp_path):
    whole = save(tmp_path / "whole.nii.gz", shape=(30, 30, 30)).read_bytes()
    (tmp_path / "cut.nii.gz").write_bytes(whole[:-3000])
    refused(tmp_path / "cut.nii.gz", r"truncated \(read .* of 27.4 kB\)")
    # Two gzip members are one file, though its last bytes tell the length of the second alone.
    content = nifti.igzip.open(tmp_path / "whole.nii.gz").read()
    parts = nifti.igzip.compress(content[:9000]) + nifti.igzip.compress(content[9000:])
    (tmp_path / "parts.nii.gz").write_bytes(parts)
    nifti.read_header(tmp_path / "parts.nii.gz")
