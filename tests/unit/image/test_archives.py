"""Members of zip archives are read like files, or refused with the reason."""

import gzip
import zipfile

import nibabel as nib
import numpy as np
import pytest

from voxplain.errors import ImageError
from voxplain.image import archives, nifti
from voxplain.image.downsample import downsample_file

MEMBER = "100/T1w/brain.nii.gz"


def nifti_bytes():
    data = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)
    return data, nib.Nifti1Image(data, np.diag([2.0, 2, 2, 1])).to_bytes()


def archive(tmp_path, members, compression=zipfile.ZIP_DEFLATED):
    path = tmp_path / "100_3T_Structural_preproc.zip"
    with zipfile.ZipFile(path, "w", compression) as zipped:
        for name, content in members.items():
            zipped.writestr(name, content)
    return path


def test_split_and_member_path_are_inverse(tmp_path):
    path = archives.member_path(tmp_path / "a.zip", "b/c.nii.gz")
    assert archives.split(path) == (tmp_path / "a.zip", "b/c.nii.gz")
    assert archives.split(tmp_path / "a.nii.gz") == (tmp_path / "a.nii.gz", None)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("zipped_member", [True, False])
def test_an_image_inside_an_archive_is_the_image(tmp_path, compression, zipped_member):
    data, plain = nifti_bytes()
    content = gzip.compress(plain) if zipped_member else plain
    path = archives.member_path(archive(tmp_path, {MEMBER: content}, compression), MEMBER)
    volume, grid = nifti.read_volume(path)
    np.testing.assert_array_equal(volume, data)
    coarse, _, statistics = downsample_file(path, (2, 5, 3))
    np.testing.assert_allclose(coarse, data.reshape(2, 2, 5, 3, 2).mean((1, 4)), rtol=1e-6)
    assert (grid.shape, statistics.maximum) == ((4, 5, 6), 119)
    assert archives.size(path) == len(content)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["100_3T_Structural_preproc.zip"]


def refusal(path):
    with pytest.raises(ImageError) as info:
        nifti.read_volume(path, "100")
    message = str(info.value)
    assert message.startswith(f"100: {path} ")
    return message


@pytest.mark.parametrize("member", ["../outside.nii", "/etc/passwd", "a/../../b", "a\\b", ""])
def test_members_that_point_outside(tmp_path, member):
    path = archive(tmp_path, {MEMBER: b"x", "../outside.nii": b"x", "/etc/passwd": b"x"})
    for call in (archives.opened, archives.size):
        with pytest.raises(ImageError, match="points outside its archive"):
            with_member = call(archives.member_path(path, member))
            with_member.__enter__()


def test_what_is_not_there(tmp_path):
    path = archive(tmp_path, {MEMBER: b"x"})
    other = archives.member_path(path, "100/T1w/other.nii.gz")
    assert "is not in its archive" in refusal(other)
    assert "does not exist" in refusal(archives.member_path(tmp_path / "no.zip", MEMBER))


def test_encrypted_members_are_refused(tmp_path):
    path = archive(tmp_path, {MEMBER: nifti_bytes()[1]})
    content = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # local, central header
        content[content.index(signature) + flags] |= 1
    path.write_bytes(content)
    assert "is encrypted" in refusal(archives.member_path(path, MEMBER))


def test_damaged_archives_are_told_apart(tmp_path):
    path = archive(tmp_path, {MEMBER: nifti_bytes()[1]}, zipfile.ZIP_STORED)
    content = path.read_bytes()
    path.write_bytes(content[:-40])
    assert "damaged zip archive" in refusal(archives.member_path(path, MEMBER))
    flipped = bytearray(content)
    flipped[content.index(b"PK\x01\x02") - 10] ^= 0xFF  # a voxel: only the checksum can know
    path.write_bytes(flipped)
    assert "damaged zip archive (Bad CRC-32" in refusal(archives.member_path(path, MEMBER))


def test_an_empty_member(tmp_path):
    path = archive(tmp_path, {MEMBER: b""})
    assert "is empty (0 bytes)" in refusal(archives.member_path(path, MEMBER))
