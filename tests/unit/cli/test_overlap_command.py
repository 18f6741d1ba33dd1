"""`voxplain overlap`: a map of two boxes names the regions that lie there."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from typer.testing import CliRunner

from voxplain.atlas.files import load_atlas
from voxplain.cli import app
from voxplain.image.grid import Grid
from voxplain.preparation.template import mask_on
from voxplain.regions.ranked import regions_with_null
from voxplain.run.files import read_table

AFFINE = np.array([[4.0, 0, 0, -90], [0, 4, 0, -126], [0, 0, 4, -72], [0, 0, 0, 1]])
SHAPE = (46, 55, 46)


def run(*arguments):
    return CliRunner().invoke(app, ["overlap", *map(str, arguments)], env={"COLUMNS": "120"})


@pytest.fixture
def files(tmp_path, monkeypatch):
    """An atlas of eight boxes and a map that is high in the sixth."""
    monkeypatch.chdir(tmp_path)
    labels = np.zeros(SHAPE, np.int16)
    corners = [(x, y, z) for x in (12, 26) for y in (15, 32) for z in (14, 26)]
    for value, (x, y, z) in enumerate(corners, start=1):
        labels[x : x + 8, y : y + 8, z : z + 8] = value
    nib.save(nib.Nifti1Image(labels, AFFINE), "atlas.nii.gz")
    Path("atlas.txt").write_text("".join(f"{v} region {v}\n" for v in range(1, 9)))
    volume = np.random.default_rng(0).uniform(0, 0.1, SHAPE).astype(np.float32)
    volume[labels == 6] += 1
    nib.save(nib.Nifti1Image(volume, AFFINE), "map.nii.gz")
    return volume


def test_the_table_is_the_packages(files):
    options = ("--surrogates", 20, "--seed", 3, "--out", "t.tsv", "--top", 2)
    done = run("map.nii.gz", "--atlas", "atlas.nii.gz", "--labels", "atlas.txt", *options)
    assert done.exit_code == 0, done.output
    table = read_table("t.tsv")
    grid = Grid(SHAPE, AFFINE)
    atlas = load_atlas("x", "atlas.nii.gz", "atlas.txt")
    expected = regions_with_null(files, atlas, grid, mask_on(grid), 0.1, 20, 3)
    np.testing.assert_allclose(table["score"], expected["score"])
    np.testing.assert_allclose(table["p_fwe"], expected["p_fwe"])
    assert table.loc[0, "name"] == "region 6"
    assert table.loc[0, "score"] > 0.7
    shown = [line.split()[:3] for line in done.output.splitlines() if " region " in line]
    assert shown[1:] == [
        [str(rank), "region", name.split()[1]]
        for rank, name in zip((1, 2), table["name"], strict=False)
    ]


def test_the_default_brain_is_mni152s():
    brain = mask_on(Grid(SHAPE, AFFINE))
    litres = brain.sum() * 64 / 1e6
    assert 1.6 < litres < 2.1
    x, _, _ = (np.argwhere(brain).mean(axis=0) @ AFFINE[:3, :3] + AFFINE[:3, 3]).tolist()
    assert abs(x) < 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.nii", "--atlas", "atlas.nii.gz", "--labels", "atlas.txt"], "none.nii does not"),
        (["map.nii.gz", "--atlas", "destrieux"], "lists brainnetome, mori"),
        (["map.nii.gz", "--atlas", "none.nii", "--labels", "atlas.txt"], "no file none.nii"),
        (["minus.nii", "--atlas", "atlas.nii.gz", "--labels", "atlas.txt"], "negative"),
        (["blank.nii", "--atlas", "atlas.nii.gz", "--labels", "atlas.txt"], "zero everywhere"),
    ],
)
def test_errors_of_the_input_end_in_one_message(files, arguments, message):
    nib.save(nib.Nifti1Image(-files, AFFINE), "minus.nii")
    nib.save(nib.Nifti1Image(0 * files, AFFINE), "blank.nii")
    done = run(*arguments, "--surrogates", 20)
    assert done.exit_code == 1, done.output
    assert message in " ".join(done.output.split())
    assert "Traceback" not in done.output


def two_sides(affine, names="1 insula L\n2 insula R\n"):
    labels = np.zeros(SHAPE, np.int16)
    labels[14:18, 25:30, 20:26], labels[28:32, 25:30, 20:26] = 1, 2
    nib.save(nib.Nifti1Image(labels, affine), "sides.nii.gz")
    Path("sides.txt").write_text(names)


@pytest.mark.parametrize(
    ("affine", "names", "message"),
    [
        (np.diag([-1.0, 1, 1, 1]) @ AFFINE, "1 insula L\n2 insula R\n", "header is mirrored"),
        (AFFINE, "1 insula R\n2 insula L\n", "on the other side in MNI152"),
        (np.diag([4.0, 4, 4, 1]), "1 insula\n2 cuneus\n", "inside the brain of MNI152"),
    ],
)
def test_an_atlas_in_the_wrong_place_is_refused_as_in_the_workflow(files, affine, names, message):
    two_sides(affine, names)
    done = run("map.nii.gz", "--atlas", "sides.nii.gz", "--labels", "sides.txt")
    assert done.exit_code == 1, done.output
    assert message in " ".join(done.output.split())


def test_a_corrected_name_is_said(files):
    two_sides(AFFINE, "1 insula R\n2 insula R\n")
    done = run("map.nii.gz", "--atlas", "sides.nii.gz", "--labels", "sides.txt", "--surrogates", 20)
    assert done.exit_code == 0, done.output
    assert "label 1 is insula L" in " ".join(done.output.split())
