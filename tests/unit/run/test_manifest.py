"""The manifest lists a run's results; what differs from it is told."""

import os

import pytest

from voxplain.errors import CohortError
from voxplain.run.manifest import is_timed, verify, write_manifest


def results(tmp_path):
    for name in ("tables/a.tsv", "cnn/fold-01/model.pt", "cnn/fold-01/checkpoint.pt", ".lock"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"abc")
    exports = ("derivatives/README.md", "code/Snakefile", "ro-crate-metadata.json")
    for name in ("logs/page.log", "benchmarks/page.tsv", *exports):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("0")
    write_manifest(tmp_path / "manifest.tsv")
    return tmp_path


def test_the_manifest_lists_results_and_nothing_else(tmp_path):
    lines = (results(tmp_path) / "manifest.tsv").read_text().splitlines()
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2
    assert lines == [
        "path\tbytes\tsha256",
        f"cnn/fold-01/model.pt\t3\t{abc}",
        f"tables/a.tsv\t3\t{abc}",
    ]


def test_verify_tells_what_changed_is_missing_or_new(tmp_path):
    assert not any(vars(verify(results(tmp_path))).values())
    stat = (tmp_path / "tables" / "a.tsv").stat()
    (tmp_path / "tables" / "a.tsv").write_bytes(b"abd")  # same size, same time
    os.utime(tmp_path / "tables" / "a.tsv", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    (tmp_path / "cnn" / "fold-01" / "model.pt").unlink()
    (tmp_path / "tables" / "b.tsv").touch()
    assert vars(verify(tmp_path)) == {
        "changed": ["tables/a.tsv"],
        "missing": ["cnn/fold-01/model.pt"],
        "unlisted": ["tables/b.tsv"],
    }


def test_a_run_without_a_manifest_is_an_error(tmp_path):
    with pytest.raises(CohortError, match=r"manifest\.tsv does not exist"):
        verify(tmp_path)


def test_results_with_times_are_known():
    assert is_timed("attribution/grad_cam/fold-01/timing.json")
    assert not is_timed("attribution/grad_cam/fold-01/maps.npy")
    assert not is_timed("figures/fig1.png")  # coefficients, no times
