"""Accuracy of a trained network on images that are restricted to a mask (section 4.3)."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import torch

from voxplain.image.stack import Stack, parts
from voxplain.network.training import images_per_batch, predict_logits
from voxplain.stats.spatial_null import surrogates


def masked_accuracy(
    model: torch.nn.Module,
    images: np.ndarray | Stack,
    labels: np.ndarray,
    masks: dict[str, np.ndarray],
    brain_mask: np.ndarray,
    n_random: int,
    seed: int,
) -> pd.DataFrame:
    """Score a network on images multiplied voxel by voxel with soft masks, and on the controls.

    Accuracy under a mask says little alone. The controls show what it means: the mask's
    complement in the brain, random masks of the same values and smoothness, the whole brain, and
    the untouched image.

    Parameters
    ----------
    model : torch.nn.Module
        Maps (n, 1, X, Y, Z) to logits (n, 2); used in eval mode, which is restored.
    images : numpy.ndarray or Stack of float32, shape (n, X, Y, Z)
        Held-out images as the network expects them.
    labels : numpy.ndarray of int, shape (n,)
        True class, 0 or 1.
    masks : dict of numpy.ndarray, shape (X, Y, Z)
        Group masks in [0, 1], computed without the participants in `images`.
    brain_mask : numpy.ndarray of bool, shape (X, Y, Z)
    n_random : int
        Random masks per mask.
    seed : int

    Returns
    -------
    pandas.DataFrame
        Columns mask, control (mask, complement, random, brain, none), draw, accuracy,
        balanced_accuracy, n. The rows of the whole brain and of the untouched image belong to no
        mask and bear their control's name in its place.
    """
    labels = np.asarray(labels)
    controls = list(_controls(masks, brain_mask, n_random, seed))
    predicted = []  # classes (masks, images), batch by batch: each image is read once
    for part in parts(len(images), images_per_batch(images)):
        batch = images[part]
        logits = (predict_logits(model, batch * soft) for *_, soft in controls)
        predicted.append([values.argmax(axis=1) for values in logits])
    rows = []
    for (mask, control, draw, _), predictions in zip(
        controls, np.concatenate(predicted, axis=1), strict=True
    ):
        rows.append(
            {
                "mask": mask,
                "control": control,
                "draw": draw,
                "accuracy": np.mean(predictions == labels),
                "balanced_accuracy": np.mean(
                    [np.mean(predictions[labels == c] == c) for c in np.unique(labels)]
                ),
                "n": len(labels),
            }
        )
    return pd.DataFrame(rows)


def _controls(
    masks: dict[str, np.ndarray], brain_mask: np.ndarray, n_random: int, seed: int
) -> Iterator[tuple[str, str, int, np.ndarray]]:
    """Yield name, control, draw and the float32 array (X, Y, Z) to multiply the images with."""
    yield "none", "none", 0, np.ones(brain_mask.shape, np.float32)
    yield "brain", "brain", 0, brain_mask.astype(np.float32)
    for name, mask in masks.items():
        yield name, "mask", 0, mask.astype(np.float32)
        yield name, "complement", 0, (brain_mask * (1 - mask)).astype(np.float32)
        for draw, random in enumerate(surrogates(mask, brain_mask, n_random, seed)):
            yield name, "random", draw, random
