"""`voxplain verify`: what has changed since the run wrote its manifest."""

from itertools import pairwise

from typer.testing import CliRunner

from voxplain.cli import app
from voxplain.run.manifest import write_manifest
from voxplain.run.paths import RunPaths


def verify(folder):
    done = CliRunner().invoke(app, ["verify", str(folder)])
    return done.exit_code, done.output.split()


def test_changed_missing_and_unlisted_files_are_named(tmp_path):
    for name in ("a.tsv", "b.tsv", "c.tsv"):
        (tmp_path / name).write_text(name)
    write_manifest(tmp_path / RunPaths("x").manifest.rpartition("/")[2])
    assert verify(tmp_path)[0] == 0
    (tmp_path / "new.tsv").write_text("")
    assert verify(tmp_path)[0] == 0
    (tmp_path / "a.tsv").write_text("other")
    (tmp_path / "b.tsv").unlink()
    status, output = verify(tmp_path)
    assert status == 1
    words = list(pairwise(output))
    assert ("changed", "a.tsv") in words
    assert ("missing", "b.tsv") in words
    assert ("unlisted", "new.tsv") in words


def test_a_run_without_manifest_is_told_so(tmp_path):
    status, output = verify(tmp_path)
    assert status == 1
    assert "Error:" in output
