"""Batches of a training: their participants, and their images on the device."""

import math
from collections.abc import Callable

import numpy as np
import torch

from voxplain.image.stack import Stack, parts

_SHARE_FOR_IMAGES = 0.5  # of a GPU's free memory; the rest is for the network

Images = Callable[[torch.Tensor], torch.Tensor]  # row numbers -> images (b, 1, X, Y, Z)


def images_on(device: torch.device, images: np.ndarray | Stack, batch_size: int) -> Images:
    """Return a function that gives a batch of images on the device by row numbers.

    Parameters
    ----------
    device : torch.device
        Where to put the images. On a GPU they are all kept there if they fit.
    images : (n, X, Y, Z) array or Stack
        All images.
    batch_size : int
        Images to copy at a time.

    Returns
    -------
    callable
        Row numbers (b,) to images (b, 1, X, Y, Z), float32.
    """

    def read(rows: torch.Tensor) -> torch.Tensor:
        batch = torch.from_numpy(np.asarray(images[rows.numpy()], np.float32)).unsqueeze(1)
        # From pinned memory a batch is copied while the GPU computes the one before.
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
    """Return labels as an int64 tensor on the device.

    Parameters
    ----------
    device : torch.device
        Where to put the labels.
    labels : (n,) array
        Class numbers.
    """
    return torch.from_numpy(np.ascontiguousarray(labels, np.int64)).to(device)


def batches(order: torch.Tensor, size: int) -> list[torch.Tensor]:
    """Cut an order of participants into batches.

    Parameters
    ----------
    order : (n,) tensor
        Row numbers.
    size : int
        Participants per batch. A single one left over joins the batch before, because BatchNorm
        cannot train on one.
    """
    result = list(order.split(size))
    if len(result) > 1 and len(result[-1]) == 1:
        last = result.pop()
        result[-1] = torch.cat([result[-1], last])
    return result
