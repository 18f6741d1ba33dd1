"""Batches of a training: which participants at a time, and their images on the device."""

import math
from collections.abc import Callable

import numpy as np
import torch

from voxplain.image.stack import Stack, parts

_SHARE_FOR_IMAGES = 0.5  # of a GPU's free memory; the rest is the network's

Images = Callable[[torch.Tensor], torch.Tensor]  # row numbers -> images (b, 1, X, Y, Z)


def images_on(device: torch.device, images: np.ndarray | Stack, batch_size: int) -> Images:
    """Return what gives images (n, 1, X, Y, Z) on the device by their row numbers."""

    def read(rows: torch.Tensor) -> torch.Tensor:
        batch = torch.from_numpy(np.asarray(images[rows.numpy()], np.float32)).unsqueeze(1)
        # From pinned memory the next batch is copied while the GPU computes this one.
        return batch.pin_memory().to(device, non_blocking=True) if on_gpu else batch

    on_gpu = device.type == "cuda"
    size = 4 * math.prod(images.shape)
    if not on_gpu or size > _SHARE_FOR_IMAGES * torch.cuda.mem_get_info(device)[0]:
        return read
    whole = torch.empty((len(images), 1, *images.shape[1:]), device=device)
    for part in parts(len(images), batch_size):
        whole[part] = read(torch.arange(part.start, part.stop))
    return lambda rows: whole[rows.to(device)]


def labels_on(device: torch.device, labels: np.ndarray) -> torch.Tensor:
    """Return labels (n,) int64 on the device."""
    return torch.from_numpy(np.ascontiguousarray(labels, np.int64)).to(device)


def batches(order: torch.Tensor, size: int) -> list[torch.Tensor]:
    """Cut an order into batches; a last batch of one joins its neighbour, for BatchNorm's sake."""
    found = list(order.split(size))
    if len(found) > 1 and len(found[-1]) == 1:
        last = found.pop()
        found[-1] = torch.cat([found[-1], last])
    return found
