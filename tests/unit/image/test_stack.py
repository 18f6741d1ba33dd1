"""Images on disk, read when asked for: the values of the whole array, the memory of a part."""

import subprocess
import sys

import numpy as np
import pytest

from voxplain.errors import ImageError
from voxplain.image.stack import Stack, mean_volume, parts, voxel_blocks
from voxplain.run.files import write_array, write_rows


@pytest.fixture
def cohort(tmp_path):
    whole = np.random.default_rng(0).random((7, 3, 4, 5)).astype(np.float32)
    paths = [tmp_path / f"{k}.npy" for k in range(3)]
    for path, part in zip(paths, np.split(whole, [2, 3]), strict=True):
        write_array(path, part)
    return whole, Stack(*paths)


@pytest.mark.parametrize(
    "rows", [0, -1, slice(1, 6), slice(None), np.array([6, 0, 3, 3]), np.array([], int)]
)
def test_it_reads_as_the_array_does(cohort, rows):
    whole, stack = cohort
    assert stack.shape == whole.shape
    assert stack[rows].dtype == whole.dtype
    np.testing.assert_array_equal(stack[rows], whole[rows])


def test_rows_can_be_taken_and_taken_from(cohort):
    whole, stack = cohort
    rows = np.array([5, 1, 4, 0])
    taken = stack.take(rows)
    np.testing.assert_array_equal(list(taken), whole[rows])
    np.testing.assert_array_equal(taken.take(slice(1, 3))[:], whole[rows][1:3])
    np.testing.assert_array_equal(taken.voxels(7, 31), whole[rows].reshape(4, -1)[:, 7:31])
    assert len(stack) == 7


def test_blocks_and_means_are_those_of_the_array(cohort):
    whole, _ = cohort
    for volumes in cohort:
        blocks = list(voxel_blocks(volumes, 25))
        assert [block.shape for block in blocks] == [(7, 25), (7, 25), (7, 10)]
        np.testing.assert_array_equal(np.concatenate(blocks, axis=1), whole.reshape(7, -1))
        # The order of a sum of seven float32 values is numpy's own affair.
        np.testing.assert_allclose(mean_volume(volumes), whole.mean(axis=0), rtol=1e-6)


def test_parts_cover_everything_once():
    assert list(parts(5, 2)) == [slice(0, 2), slice(2, 4), slice(4, 5)]
    assert list(parts(2, 0)) == [slice(0, 1), slice(1, 2)]
    assert list(parts(0, 3)) == []


def test_files_are_numpys_own(tmp_path):
    whole = np.random.default_rng(0).random((5, 2, 3))
    write_rows(tmp_path / "rows.npy", whole.shape, whole.dtype, iter(whole))
    np.save(tmp_path / "numpy.npy", whole)
    assert (tmp_path / "rows.npy").read_bytes() == (tmp_path / "numpy.npy").read_bytes()
    write_array(tmp_path / "column.npy", np.asfortranarray(whole[0]))
    np.testing.assert_array_equal(np.load(tmp_path / "column.npy"), whole[0])


def test_a_file_that_is_too_short_is_named(cohort, tmp_path):
    _, stack = cohort
    path = tmp_path / "2.npy"
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ImageError, match=r"2\.npy is shorter than its header says"):
        stack[6]


GROWTH = """
import sys
from functools import partial
from pathlib import Path
import numpy as np
import torch
from voxplain.attribution import METHODS, cohorts, controls
from voxplain.baselines import voxel_svm
from voxplain.network.checkpoints import Checkpoint
from voxplain.cohort.quality import brain_mask
from voxplain.evaluation.maps.group_maps import class_means
from voxplain.evaluation.trust.masked_accuracy import masked_accuracy
from voxplain.run.files import write_rows
from voxplain.image.intensity import normalised
from voxplain.run.logs import peak_memory_mb
from voxplain.network.cnn import CNN3D
from voxplain.image.stack import Stack, mean_volume
from voxplain.network.training import TrainingSettings, train

SHAPE = 22, 22, 22
n, folder = int(sys.argv[1]), Path(sys.argv[2])
labels = np.arange(n) % 2
build = partial(CNN3D, SHAPE, (2, 2, 2), 0.5)
batch = folder / "batch.npy"


def noise():
    rng = np.random.default_rng(0)
    return (rng.random(SHAPE, np.float32) for _ in range(n))


def work():
    write_rows(batch, (n, *SHAPE), np.float32, noise())
    raw = Stack(batch)
    brain = brain_mask(raw)
    mean_volume(raw)
    write_rows(folder / "volumes.npy", raw.shape, raw.dtype, normalised(raw, "brain_mean"))
    images = Stack(folder / "volumes.npy")
    settings = TrainingSettings(epochs=1, batch_size=16)
    kept = Checkpoint(folder / "checkpoint.pt", "test")
    held_out = images.take(np.arange(8)), labels[:8]
    cpu = torch.device("cpu")
    model, _ = train(build, images, labels, settings, 0, cpu, held_out, kept)
    results = cohorts.explain_parts(METHODS["grad_cam"], model, images, labels)
    cohorts.write_maps(results, {folder / "maps.npy": n}, images)
    group = class_means(Stack(folder / "maps.npy"), labels, True)
    masked_accuracy(model, images, labels, {"conjoined": group.conjoined}, brain, 1, 0)
    controls.group_difference(images, labels)
    voxel_svm.gram_matrix(images, 64)


# Small cohorts reach the limits, too.
cohorts.PART_VOXELS = 16 * 22**3
controls._VALUES = 2**18
voxel_svm.EXACT_TO, voxel_svm.LANDMARKS = 100, 50
torch.set_num_threads(1)
work()
print(peak_memory_mb())
"""


@pytest.mark.slow
def test_no_step_holds_the_whole_cohort(tmp_path):
    """Peak memory of a process that does them all, for 150 and for 750 images (32 MB).

    Half of what they take is left to the allocator, whose peak varies by some megabytes.
    """
    peaks = {}
    for n in (150, 750):
        command = [sys.executable, "-c", GROWTH, str(n), str(tmp_path)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        peaks[n] = float(done.stdout.splitlines()[-1])
    grown = 4 * (750 - 150) * 22**3 / 1e6
    assert peaks[750] - peaks[150] < grown / 2, peaks
