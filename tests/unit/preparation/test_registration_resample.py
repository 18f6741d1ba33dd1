"""Resampling into MNI152 against fields whose box means are known, and against dense sums."""

import numpy as np
import pytest

from voxplain.errors import TransformError
from voxplain.image.downsample import downsample_volume
from voxplain.image.grid import Grid
from voxplain.preparation import to_mni152
from voxplain.preparation.resample import MNI152, resample
from voxplain.preparation.transforms import Affine, Transform

SHAPE = (14, 17, 13)  # divides nothing
PSR = Grid((150, 140, 150), [[0, 0, 1.7, -120], [-1.9, 0, 0, 130], [0, 1.8, 0, -120], [0, 0, 0, 1]])


def affine(seed=0):
    matrix = np.eye(4)
    matrix[:3] += np.random.default_rng(seed).normal(0, [[0.05, 0.05, 0.05, 3]] * 3)
    return Transform("affine", (Affine(matrix),))


def test_a_linear_field_is_averaged_exactly():
    slope = np.array([0.3, -1.0, 2.0])
    data = PSR.world(np.indices(PSR.shape).reshape(3, -1).T) @ slope + 500
    transform = affine()
    coarse, grid = resample(data.reshape(PSR.shape).astype(np.float32), PSR, transform, SHAPE)
    assert grid.matches(MNI152.coarsen(SHAPE))
    # an affine takes a box's centre to the mean of where it takes the box
    centres = grid.world(np.indices(SHAPE).reshape(3, -1).T).T
    expected = (transform(centres).T @ slope + 500).reshape(SHAPE)
    inner = (slice(2, -2),) * 3
    np.testing.assert_allclose(coarse[inner], expected[inner], atol=0.01)


def test_against_a_dense_sum_in_double_precision():
    rng = np.random.default_rng(1)
    grid = Grid((40, 48, 40), [[-5, 0, 0, 97], [0, 5, 0, -130], [0, 0, 5, -80], [0, 0, 0, 1]])
    data = rng.uniform(0, 100, grid.shape)
    transform = affine(2)
    coarse, mni = resample(data.astype(np.float32), grid, transform, SHAPE)
    for index in [(7, 8, 6), (4, 12, 9), (10, 5, 3)]:
        steps = (np.arange(60) + 0.5) / 60 - 0.5
        inside = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(-1, 3)
        points = grid.voxels(transform(mni.world(np.array(index) + inside).T).T)
        low = np.floor(points).astype(int)
        total = 0.0
        for corner in np.ndindex(2, 2, 2):
            weight = np.where(corner, points - low, 1 - (points - low)).prod(1)
            total += (weight * data[tuple((low + corner).T)]).mean()
        # white noise between 0 and 100, of which 3 points per axis see less than 60 do
        assert coarse[index] == pytest.approx(total, abs=3)


def test_fine_structure_does_not_alias():
    # stripes of 1.4 mm on a 13-mm grid: single points would give 0 or 100
    corner = [[0.7, 0, 0, -90.65], [0, 7, 0, -123.5], [0, 0, 7, -69.5], [0, 0, 0, 1]]
    grid = Grid((260, 31, 26), corner)
    data = np.broadcast_to(np.arange(260)[:, None, None] % 2 * 100, grid.shape)
    coarse, _ = resample(data.astype(np.float32), grid, Transform("identity"), SHAPE)
    inner = coarse[2:-2, 2:-2, 2:-2]
    np.testing.assert_allclose(inner, 50, atol=3)


def test_the_identity_is_nearly_plain_downsampling():
    x, y, z = MNI152.world(np.indices(MNI152.shape).reshape(3, -1).T).T
    ball = 100 / (1 + np.exp((np.sqrt((x - 20) ** 2 + (y + 20) ** 2 + (z - 15) ** 2) - 45) / 4))
    ball = ball.reshape(MNI152.shape).astype(np.float32)
    expected, grid = downsample_volume(ball, MNI152, SHAPE)
    coarse, same = resample(ball, MNI152, Transform("identity"), SHAPE)
    assert grid.matches(same)
    np.testing.assert_allclose(coarse, expected, atol=0.5)


def test_overlap_tells_a_template_from_what_lies_elsewhere():
    brain = to_mni152._template_brain((36, 43, 36)).astype(np.float32)
    assert to_mni152.template_overlap(brain)["TemplateDice"] == 1  # counts of voxels
    with pytest.raises(TransformError, match=r"covers .* of the template's brain, less than 85%"):
        to_mni152.template_overlap(np.roll(brain, 6, axis=1))
