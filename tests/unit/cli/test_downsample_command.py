"""`voxplain downsample`: the package's volumes, every bad file named, nothing overwritten."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from typer.testing import CliRunner

from voxplain.cli import app
from voxplain.image.downsample import downsample_file


def run(*arguments):
    return CliRunner().invoke(app, ["downsample", *map(str, arguments)])


@pytest.fixture(autouse=True)
def images(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for name in ("a.nii.gz", "b.nii"):
        data = rng.integers(1, 200, (20, 24, 16)).astype(np.int16)
        nib.save(nib.Nifti1Image(data, np.diag([-2.0, 2, 3, 1])), name)


def test_images_are_those_of_the_package():
    done = run("a.nii.gz", "b.nii", "--shape", 5, 8, 4, "--out", "coarse")
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in Path("coarse").iterdir()) == ["a.nii.gz", "b.nii.gz"]
    for source, written in (("a.nii.gz", "a.nii.gz"), ("b.nii", "b.nii.gz")):
        volume, grid, _ = downsample_file(source, (5, 8, 4))
        image = nib.load(Path("coarse", written))
        np.testing.assert_array_equal(image.get_fdata(), volume)
        np.testing.assert_allclose(image.affine, grid.affine)


def test_every_bad_file_is_named_and_the_others_are_written():
    Path("bad.nii.gz").write_bytes(Path("a.nii.gz").read_bytes()[:-500])
    Path("empty.nii").write_bytes(b"")
    done = run("bad.nii.gz", "a.nii.gz", "empty.nii", "--shape", 5, 8, 4, "--out", "coarse")
    assert done.exit_code == 1
    assert "bad.nii.gz is truncated" in done.output
    assert "empty.nii is empty" in done.output
    assert [path.name for path in Path("coarse").iterdir()] == ["a.nii.gz"]


def test_two_images_of_one_name_are_refused():
    Path("other").mkdir()
    Path("other/a.nii").write_bytes(Path("b.nii").read_bytes())
    done = run("a.nii.gz", "other/a.nii", "--out", "coarse")
    assert done.exit_code == 1
    assert "2 of the images would be written to coarse/a.nii.gz" in done.output
    assert not Path("coarse").exists()


def test_a_folder_that_is_a_file_ends_in_one_message():
    Path("coarse").write_text("")
    done = run("a.nii.gz", "--shape", 5, 8, 4, "--out", "coarse")
    assert done.exit_code == 1
    assert "Traceback" not in done.output
    assert "coarse" in done.output


def test_a_finer_grid_is_refused():
    done = run("a.nii.gz", "--shape", 20, 25, 4, "--out", "fine")
    assert done.exit_code == 1
    assert "grid of 20 x 25 x 4 voxels is finer than the image" in done.output.replace("\n", " ")
    assert not list(Path().glob("fine/*"))


@pytest.mark.parametrize("name", ["d.nii.gz", "d.nii"])
def test_an_images_name_is_no_folder(name):
    done = run("a.nii.gz", "--shape", 5, 8, 4, "--out", name)
    assert done.exit_code == 1
    assert f"{name} is the name of an image; give a folder" in " ".join(done.output.split())
    assert not Path(name).exists()


def test_one_image_is_no_images():
    assert run("a.nii.gz", "--shape", 5, 8, 4, "--out", "one").output.startswith("1 image of 5")
    assert run("a.nii.gz", "b.nii", "--shape", 5, 8, 4, "--out", "two").output.startswith("2 im")


def test_wrong_usage_has_a_status_of_its_own():
    assert run("a.nii.gz").exit_code == 2
    assert run("a.nii.gz", "--out", "x", "--shape", 0, 4, 4).exit_code == 2
