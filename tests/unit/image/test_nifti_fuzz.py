"""Whatever bytes a file has: a volume or an `ImageError`, at once and in little memory."""

import contextlib
import tempfile
import tracemalloc
from pathlib import Path

import nibabel as nib
import numpy as np
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from isal import igzip

from voxplain.errors import ImageError
from voxplain.image import nifti
from voxplain.image.downsample import downsample_file

SHAPE = (5, 6, 4)
FUZZ = settings(
    max_examples=150,
    deadline=2000,  # ms: no hang
    derandomize=True,  # CI must not fail by chance
    suppress_health_check=[HealthCheck.too_slow],
)


def whole_file(image_class, dtype):
    data = np.arange(np.prod(SHAPE)).reshape(SHAPE).astype(dtype)
    image = image_class(data, np.diag([2.0, 2, 2, 1]))
    return image.to_bytes()


FILES = [
    whole_file(image_class, dtype)
    for image_class in (nib.Nifti1Image, nib.Nifti2Image)
    for dtype in (np.uint8, np.int16, np.float64)
]
# Extreme values of the fields that decide how much is read and where.
NUMBERS = st.sampled_from(
    [0, 1, -1, 2, 127, 255, 32767, -32768, 2**31 - 1, 2**62, -(2**63), 0x7F800000, 0x7FC00000]
)


@st.composite
def damaged(draw):
    """A good file with some bytes or fields of its header overwritten, cut, or compressed."""
    content = bytearray(draw(st.sampled_from(FILES)))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, 560))
        value = draw(st.one_of(NUMBERS, st.integers(-(2**63), 2**63 - 1)))
        size = draw(st.sampled_from([1, 2, 4, 8]))
        content[start : start + size] = (value % 2 ** (8 * size)).to_bytes(size, "little")
    content = (
        bytes(content[: draw(st.integers(0, len(content)))]) if draw(st.booleans()) else content
    )
    if draw(st.booleans()):
        content = bytearray(igzip.compress(bytes(content)))
        for _ in range(draw(st.integers(0, 2))):
            content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
        content = content[: draw(st.integers(0, len(content)))] if draw(st.booleans()) else content
    return bytes(content)


def read_whole(content):
    """Read such a file both ways and return the most memory that was held."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "T1w.nii.gz")
        path.write_bytes(content)
        tracemalloc.start()
        with contextlib.suppress(ImageError):
            data, grid = nifti.read_volume(path, "sub-1")
            assert data.shape == grid.shape
            assert data.dtype == np.float32
        with contextlib.suppress(ImageError):
            downsample_file(path, (2, 2, 2), "sub-1")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak


@FUZZ
@given(damaged())
@example(b"")
@example(FILES[0])
@example(igzip.compress(FILES[1]))
def test_damaged_files(content):
    assert read_whole(content) < 8e6


@FUZZ
@given(st.binary(max_size=700))
def test_any_bytes(content):
    assert read_whole(content) < 8e6
    assert read_whole(igzip.compress(content)) < 8e6
