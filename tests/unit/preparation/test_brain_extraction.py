"""Brain extraction: what stands around the networks, and the real ones on real heads."""

from pathlib import Path

import numpy as np
import pytest
import torch

from support.places import SHARED
from voxplain.errors import DownloadError, ImageError
from voxplain.image.grid import Grid
from voxplain.image.masked import read_masked
from voxplain.image.nifti import read_volume
from voxplain.preparation.brain_extraction import BrainExtractor, brain_mask, load_extractor
from voxplain.preparation.settings import EXTRACTOR
from voxplain.run.wheels import fetch_wheel

IXI = SHARED / "ixi" / "native"
CPU = torch.device("cpu")


class BrightIsBrain(torch.nn.Module):
    """Two channels: what is darker or brighter than the mean of the training images."""

    def forward(self, x):
        return torch.cat([x < 0.449, x >= 0.449], dim=1).float()


class Nothing(torch.nn.Module):
    def forward(self, x):
        return torch.cat([torch.ones_like(x), torch.zeros_like(x)], dim=1)


BRIGHT = BrainExtractor(BrightIsBrain(), BrightIsBrain(), CPU)


def blob(shape=(40, 50, 44)):
    """A brain with a hole and a separate bright piece."""
    data = np.zeros(shape, np.float32)
    data[10:30, 12:36, 8:30] = 100
    data[18:22, 20:24, 16:20] = 0
    data[1:3, 1:3, 1:3] = 100
    expected = np.zeros(shape, bool)
    expected[10:30, 12:36, 8:30] = True
    return data, expected


@pytest.mark.parametrize(
    "affine",
    [
        np.diag([2.0, 2, 2, 1]),
        np.diag([-2.0, 2, 2, 1]),
        [[0, 0, 2, 0], [-2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 0, 1]],
    ],
)
def test_the_mask_is_one_piece_without_holes_on_the_images_own_grid(affine):
    data, expected = blob()
    mask = brain_mask(data, Grid(data.shape, np.array(affine, float)), BRIGHT)
    assert mask.shape == data.shape
    assert 2 * (mask & expected).sum() / (mask.sum() + expected.sum()) > 0.97  # nearest neighbours
    assert mask[20, 22, 18]
    assert not mask[1, 1, 1]


@pytest.mark.parametrize("data", [np.zeros((20, 20, 20)), np.full((20, 20, 20), 7.0)])
def test_constant_images_are_refused(data):
    with pytest.raises(ImageError, match="is constant"):
        brain_mask(data.astype(np.float32), Grid(data.shape, np.eye(4)), BRIGHT)


@pytest.mark.parametrize("blind", ["locate", "outline"])
def test_an_image_in_which_no_brain_is_found_is_refused(blind):
    networks = {"locate": BrightIsBrain(), "outline": BrightIsBrain()} | {blind: Nothing()}
    data, _ = blob()
    with pytest.raises(ImageError, match="no brain that can be found"):
        brain_mask(data, Grid(data.shape, np.eye(4)), BrainExtractor(**networks, device=CPU))


def test_other_weights_are_refused(tmp_path):
    (tmp_path / "other.whl").write_bytes(b"not a wheel")
    with pytest.raises(DownloadError, match="not a readable wheel"):
        load_extractor(tmp_path / "other.whl", CPU)


@pytest.mark.slow
@pytest.mark.skipif(not IXI.is_dir(), reason=f"{IXI} is not on this machine")
def test_real_heads_agree_with_their_segmentations(tmp_path):
    """DLMUSE's segmentations were made by another program; deepbet's own masks agree .98."""
    extractor = load_extractor(fetch_wheel(EXTRACTOR, tmp_path), CPU)
    for image in sorted(IXI.glob("*_T1w.nii.gz"))[::40]:
        data, grid, _ = read_masked(image)
        mask = brain_mask(data, grid, extractor)
        expected = read_volume(Path(str(image).replace("T1w", "dseg")))[0] > 0
        assert 2 * (mask & expected).sum() / (mask.sum() + expected.sum()) > 0.97
