"""Brain extraction by deepbet: two networks, one that finds the brain and one that outlines it.

Fisch et al. 2024, "deepbet: Fast brain extraction of T1-weighted MRI using Convolutional Neural
Networks", Computers in Biology and Medicine 179. The weights (MIT licence) are read from the pinned
wheel, which is never installed; what surrounds the networks is written here after the paper's
description and the released program, with the same sizes and thresholds.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy import ndimage
from torch.nn.functional import interpolate

from voxplain.errors import ImageError
from voxplain.image import archives
from voxplain.image.grid import Grid
from voxplain.run.wheels import check_member

_LOCATE = "data/models/bbox_model.pt"
_OUTLINE = "data/models/model.pt"
_SHA256 = {
    _LOCATE: "39a7b2b5f799faa1391ea97bfcdc0b9299f20d84f2316a4ff8918dc4685e40aa",
    _OUTLINE: "de8ee7c69654d0dd3935dc4a5d84571d8ecf4637a6bfc01df399c4c2bc86e0fd",
}
_COARSE, _FINE = (128, 128, 128), (256, 256, 256)  # what the two networks were trained on
_QUANTILES = (0.005, 0.995)
_MEAN, _SD = 0.449, 0.226  # of the intensities in training
_LEAST_OF_PLANE = 0.02  # share of a plane that is brain, for the plane to belong to the box
_MARGIN = 0.1  # of the box's size, on each side


@dataclass(frozen=True)
class BrainExtractor:
    """The two networks.

    Attributes
    ----------
    locate, outline : torch.nn.Module
        Images (1, 1, X, Y, Z) to background and brain (1, 2, X, Y, Z).
    device : torch.device
        Where they compute.
    """

    locate: torch.nn.Module
    outline: torch.nn.Module
    device: torch.device


def load_extractor(wheel: str | Path, device: torch.device) -> BrainExtractor:
    """Read the networks from the pinned wheel.

    Parameters
    ----------
    wheel : path_like
        The file of `voxplain.preparation.settings.EXTRACTOR`.
    device : torch.device
        Where they compute.

    Raises
    ------
    DownloadError
        The wheel has other weights, or cannot be read.
    """
    networks = {}
    for member in (_LOCATE, _OUTLINE):
        check_member(wheel, member, _SHA256[member])
        with archives.opened(archives.member_path(wheel, member)) as stream:
            networks[member] = torch.jit.load(io.BytesIO(stream.read()), device).eval()
    return BrainExtractor(networks[_LOCATE], networks[_OUTLINE], device)


@torch.no_grad()
def brain_mask(data: np.ndarray, grid: Grid, extractor: BrainExtractor) -> np.ndarray:
    """Outline the brain in a T1-weighted image of a head.

    Parameters
    ----------
    data : (X, Y, Z) float32 array
        The head, finite, in any axis orientation.
    grid : Grid
        Its grid.
    extractor : BrainExtractor
        The networks.

    Returns
    -------
    mask : (X, Y, Z) bool array
        On the image's own grid: one piece, without holes.

    Raises
    ------
    ImageError
        The networks find no brain. The message does not name the image.
    """
    _, reorientation = grid.to_ras()
    head = torch.from_numpy(np.ascontiguousarray(reorientation.apply(data), np.float32))
    head = head.to(extractor.device)
    coarse = _nearest(head, _COARSE)
    low, high = np.quantile(coarse.cpu().numpy(), _QUANTILES).tolist()
    if low >= high:
        raise ImageError("is constant, so it shows no brain; repair it")
    inside = extractor.locate(_normalised(coarse, low, high))[0, 1].cpu().numpy() > 0.5
    box = _box(_largest_piece(inside), tuple(head.shape))
    probability = extractor.outline(_normalised(_nearest(head[box], _FINE), low, high))[0, 1]
    size = [edge.stop - edge.start for edge in box]
    mask = np.zeros(head.shape, bool)
    mask[box] = _nearest(probability, size).cpu().numpy() > 0.5
    mask = ndimage.binary_fill_holes(_largest_piece(mask))
    return np.ascontiguousarray(reorientation.undo(mask))


def _nearest(volume: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
    """Resample a volume (X, Y, Z) to another size by nearest neighbours, as in training."""
    return interpolate(volume[None, None], tuple(size), mode="nearest-exact")[0, 0]


def _normalised(volume: torch.Tensor, low: float, high: float) -> torch.Tensor:
    """Return a volume (X, Y, Z) as a batch of one with the intensities of training."""
    clipped = ((volume - low) / (high - low)).clamp(0, 1)
    standardised = (clipped - clipped.mean()) / clipped.std()
    return (_SD * standardised + _MEAN)[None, None]


def _largest_piece(mask: np.ndarray) -> np.ndarray:
    """Return the largest connected piece of a mask (X, Y, Z)."""
    pieces, n_pieces = ndimage.label(mask)
    if n_pieces == 0:
        raise ImageError("shows no brain that can be found; give a T1-weighted head or a mask")
    largest: np.ndarray = pieces == np.bincount(pieces.ravel())[1:].argmax() + 1
    return largest


def _box(inside: np.ndarray, shape: Sequence[int]) -> tuple[slice, slice, slice]:
    """Return the box around a coarse brain, with a margin, in voxels of the image."""
    edges = []
    for axis, n_voxels in enumerate(shape):
        others = tuple(other for other in range(3) if other != axis)
        [planes] = np.nonzero(inside.mean(axis=others) > _LEAST_OF_PLANE)
        if not len(planes):
            raise ImageError("shows no brain that can be found; give a T1-weighted head or a mask")
        scale = n_voxels / inside.shape[axis]
        centre = round(scale * (planes[0] + planes[-1] + 1) / 2)
        size = round(scale * (planes[-1] + 1 - planes[0]) * (1 + 2 * _MARGIN))
        edges.append(slice(max(0, int(centre - size / 2)), min(n_voxels, int(centre + size / 2))))
    x, y, z = edges
    return x, y, z
