"""ANTs itself: its transforms read as it applies them, and registration finds a known affine."""

import os

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from voxplain.image.grid import Grid
from voxplain.preparation import antspy, template
from voxplain.preparation.readers import read_transform
from voxplain.preparation.transforms import Affine, Transform

os.environ["ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"] = "1"  # read when ITK is loaded
ants = pytest.importorskip("ants", reason="ANTsPy is not installed (requirements-ants.txt)")
pytestmark = pytest.mark.slow

LPS = np.array([[-1.0], [-1], [1]])
# MNI152 to a native head: turned, smaller, moved
TRUTH = np.array(
    [[0.93, 0.06, 0.02, 4], [-0.05, 0.9, -0.15, -9], [0.01, 0.16, 0.94, 6], [0, 0, 0, 1]]
)
NATIVE = Grid((90, 75, 90), [[0, 0, 2.2, -95], [-2.5, 0, 0, 100], [0, 2.4, 0, -95], [0, 0, 0, 1]])


def native_brain():
    """The template as a left-handed image in a space of its own."""
    brain, grid = template.brain()
    world = NATIVE.world(np.indices(NATIVE.shape).reshape(3, -1).T).T
    there = Affine(np.linalg.inv(TRUTH))(world)
    return ndimage.map_coordinates(brain, grid.voxels(there.T).T, order=1).reshape(NATIVE.shape)


def ants_points(points, path):
    table = pd.DataFrame((points * LPS).T, columns=list("xyz"))
    moved = ants.apply_transforms_to_points(3, table, [str(path)])
    return moved[["x", "y", "z"]].to_numpy().T * LPS


def test_composites_and_affines_as_ants_applies_them(tmp_path):
    fixed = ants.resample_image(antspy._image(*template.brain()), (5, 5, 5))
    actual = ants.registration(
        fixed=fixed,
        moving=antspy._image(native_brain(), NATIVE),
        type_of_transform="SyN",
        outprefix=f"{tmp_path}/",
        reg_iterations=(10, 5),
        aff_iterations=(50, 20),
        aff_shrink_factors=(4, 2),
        aff_smoothing_sigmas=(2, 1),
        write_composite_transform=True,
    )
    points = np.random.default_rng(0).uniform(-50, 50, (3, 100))
    composite = read_transform(actual["fwdtransforms"], NATIVE)
    assert composite.transform.kind == "ITK composite: affine, displacement field"
    theirs = ants_points(points, actual["fwdtransforms"])
    np.testing.assert_allclose(composite.transform(points), theirs, atol=1e-3)
    affine = ants.create_ants_transform(
        transform_type="AffineTransform", matrix=TRUTH[:3, :3], translation=[1, 2, 3],
        center=[4, 5, 6],
    )  # fmt: skip
    for name in ("a.mat", "a.txt"):
        ants.write_transform(affine, str(tmp_path / name))
        ours = read_transform(str(tmp_path / name), NATIVE).transform(points)
        np.testing.assert_allclose(ours, ants_points(points, tmp_path / name), atol=1e-4)


def test_registration_finds_a_known_affine_and_repeats_its_bits(tmp_path, monkeypatch):
    brain = native_brain()
    monkeypatch.setattr("tempfile.tempdir", "/dev/null")  # nothing can be written there
    first, second = (antspy.register(brain, NATIVE, 3, tmp_path) for _ in range(2))
    assert not list(tmp_path.iterdir())
    np.testing.assert_array_equal(first.matrix(), second.matrix())
    inside = np.argwhere(template.brain_mask()[0])[::997]
    points = template.brain_mask()[1].world(inside).T
    distance = np.linalg.norm(first(points) - Transform("t", (Affine(TRUTH),))(points), axis=0)
    assert distance.max() < 1.0, distance.max()  # mm; voxels of 2.2 to 2.5 mm
