"""Products of one thread, and the number of threads afterwards."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

from voxplain.image.downsample import downsample_nifti, downsample_volume
from voxplain.image.grid import Grid
from voxplain.image.nifti import write_volume
from voxplain.run.threads import one_blas_thread

GRID = Grid((12, 10, 8), np.eye(4))


def blas_threads():
    return {row["num_threads"] for row in ThreadpoolController().select(user_api="blas").info()}


@pytest.fixture(autouse=True)
def two_threads():
    with threadpool_limits(2, user_api="blas"):
        yield


def test_the_number_before_comes_back(tmp_path):
    with one_blas_thread(), one_blas_thread():
        assert blas_threads() == {1}
    assert blas_threads() == {2}
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        _ = 1 / 0
    assert blas_threads() == {2}
    write_volume(tmp_path / "a.nii", np.ones(GRID.shape, np.float32), GRID)
    downsample_nifti(tmp_path / "a.nii", tmp_path / "b.nii", (6, 5, 4))
    assert blas_threads() == {2}


def test_calls_that_overlap_are_right_and_leave_no_limit_behind():
    volume = np.random.default_rng(0).random(GRID.shape, np.float32)
    expected, _ = downsample_volume(volume, GRID, (6, 5, 4))
    together = Barrier(4)

    def call(_):
        together.wait()
        return [downsample_volume(volume, GRID, (6, 5, 4))[0] for _ in range(20)]

    with ThreadPoolExecutor(4) as pool:
        for coarse in pool.map(call, range(4)):
            np.testing.assert_allclose(coarse, [expected] * 20, rtol=1e-6)  # sums in another order
    assert blas_threads() == {2}
