"""Fingerprints notice what changed and nothing else."""

import os

from voxplain.run.fingerprints import file_sha256, images_fingerprint


def study(tmp_path):
    (tmp_path / "a.nii.gz").write_bytes(b"one")
    (tmp_path / "b.nii.gz").write_bytes(b"two")
    (tmp_path / "participants.tsv").write_text("participant_id\tfile\n1\ta\n2\tb\n3\tmissing\n")
    return images_fingerprint(tmp_path, "participants.tsv", "{file}.nii.gz")


def test_a_replaced_image_changes_the_fingerprint(tmp_path):
    before = study(tmp_path)
    assert images_fingerprint(tmp_path, "participants.tsv", "{file}.nii.gz") == before
    stat = (tmp_path / "b.nii.gz").stat()
    (tmp_path / "b.nii.gz").write_bytes(b"new")
    os.utime(tmp_path / "b.nii.gz", ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert images_fingerprint(tmp_path, "participants.tsv", "{file}.nii.gz") != before


def test_an_unreadable_table_is_left_to_the_job_that_checks_it(tmp_path):
    study(tmp_path)
    nothing = images_fingerprint(tmp_path, "absent.tsv", "{file}")
    assert images_fingerprint(tmp_path, "participants.tsv", "{no_such_column}") == nothing


def test_sha256_of_a_known_text(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert file_sha256(tmp_path / "abc").startswith("ba7816bf8f01cfea")
