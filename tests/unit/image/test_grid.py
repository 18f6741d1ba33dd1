import itertools

import nibabel as nib
import numpy as np
import pytest

from voxplain.errors import ImageError
from voxplain.image.grid import Grid

OBLIQUE = nib.affines.from_matvec(
    nib.eulerangles.euler2mat(0.2, -0.15, 0.1) @ np.diag([0.7, 1.1, 2.0]), [-90, -126, -72]
)


def test_coarsen_keeps_the_outer_faces():
    fine = Grid((260, 311, 260), OBLIQUE)
    coarse = fine.coarsen((58, 70, 58))
    for corner in itertools.product((0, 1), repeat=3):
        ends = [np.where(corner, size, 0) - 0.5 for size in (fine.shape, coarse.shape)]
        np.testing.assert_allclose(fine.world(ends[0]), coarse.world(ends[1]), atol=1e-9)


def test_coarsen_by_two_hand_worked():
    coarse = Grid((4, 4, 4), np.diag([1.0, 2, 3, 1])).coarsen((2, 2, 2))
    np.testing.assert_allclose(
        coarse.affine, [[2, 0, 0, 0.5], [0, 4, 0, 1], [0, 0, 6, 1.5], [0, 0, 0, 1]]
    )


@pytest.mark.parametrize("axes", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("signs", [(1, 1, 1), (-1, 1, -1), (-1, -1, -1)])
def test_to_ras_agrees_with_nibabel(axes, signs):
    linear = OBLIQUE[:3, :3][:, axes] * signs
    grid = Grid((3, 4, 5), nib.affines.from_matvec(linear, [5, -6, 7]))
    data = np.arange(60.0).reshape(3, 4, 5)
    ras, reorientation = grid.to_ras()
    expected = nib.as_closest_canonical(nib.Nifti1Image(data, grid.affine))
    np.testing.assert_array_equal(reorientation.apply(data), expected.get_fdata())
    np.testing.assert_allclose(ras.affine, expected.affine, atol=1e-12)
    assert ras.shape == expected.shape
    assert ras.orientation == "RAS"


def test_world_and_voxels_are_inverse():
    grid = Grid((3, 4, 5), OBLIQUE)
    points = np.random.default_rng(0).uniform(0, 3, (7, 3))
    np.testing.assert_allclose(grid.voxels(grid.world(points)), points, atol=1e-12)
    np.testing.assert_allclose(grid.world([0, 0, 0]), [-90, -126, -72])


def test_sizes():
    grid = Grid((3, 4, 5), OBLIQUE)
    np.testing.assert_allclose(grid.voxel_sizes, [0.7, 1.1, 2.0])
    assert grid.voxel_volume == pytest.approx(0.7 * 1.1 * 2.0)
    assert grid.n_voxels == 60


def test_matches_looks_at_the_far_corner():
    grid = Grid((101, 101, 101), np.eye(4))
    stretched = Grid((101, 101, 101), np.diag([1.001, 1, 1, 1]))  # 0.1 mm at voxel 100
    assert grid.matches(stretched, 0.11)
    assert not grid.matches(stretched, 0.09)
    assert not grid.matches(Grid((101, 101, 100), np.eye(4)), 1e9)


def test_equality_hash_and_json():
    grid = Grid((3, 4, 5), OBLIQUE)
    again = Grid.from_dict(grid.to_dict())
    assert grid == again
    assert len({grid, again, Grid((3, 4, 6), OBLIQUE)}) == 2
    assert grid != "grid"
    with pytest.raises(ValueError, match="read-only"):
        grid.affine[0, 0] = 1


@pytest.mark.parametrize(
    ("shape", "affine"),
    [
        ((2, 2), np.eye(4)),
        ((2, 2, 0), np.eye(4)),
        ((2, 2, 2), np.diag([1.0, 0, 1, 1])),
        ((2, 2, 2), np.full((4, 4), np.nan)),
        ((2, 2, 2), np.eye(3)),
        ((2, 2, 2), np.diag([1.0, 1, 1, 2])),
    ],
)
def test_impossible_grids_are_refused(shape, affine):
    with pytest.raises(ImageError):
        Grid(shape, affine)


def test_micrometre_voxels_are_not_singular():
    assert Grid((2, 2, 2), np.diag([1e-6, 1e-6, 1e-6, 1])).voxel_volume == pytest.approx(1e-18)
