"""Control maps, which the methods have to outperform.

A method that points no better than the plain gradient, the edges of the image or the group
difference that any voxelwise test shows adds nothing to them.
"""

import numpy as np
import torch
from scipy import ndimage

from voxplain.attribution.frozen import (
    Network,
    attribute_in_passes,
    choose_targets,
    gradient_by,
    target_scores,
)
from voxplain.attribution.result import AttributionResult
from voxplain.image.stack import Stack, voxel_blocks

_VALUES = 2**23  # of a block of voxels of all participants


def input_gradient(
    model: torch.nn.Module, images: torch.Tensor, targets: torch.Tensor | None = None
) -> AttributionResult:
    """Absolute gradient of the target's logit by the image (Simonyan et al. 2014).

    Parameters
    ----------
    model : torch.nn.Module
        (n, 1, D, H, W) -> (n, n_classes) logits. Evaluated in eval mode and left as it was found.
    images : torch.Tensor, (n, 1, D, H, W)
        float32 or float64, like the model. Not modified.
    targets : torch.Tensor, (n,), int64, optional
        Class to explain per image; None means the predicted class.

    Returns
    -------
    AttributionResult
        `maps` in logit per unit of image intensity.
    """

    def explain(
        network: Network, part: torch.Tensor, part_targets: torch.Tensor | None
    ) -> tuple[torch.Tensor, ...]:
        leaf = part.clone().requires_grad_()
        logits = network(leaf.clone())
        part_targets = choose_targets(logits, part_targets)
        scores = target_scores(logits, part_targets)
        return gradient_by(leaf, scores)[:, 0].abs(), part_targets, scores.detach()

    maps, targets, scores = attribute_in_passes(explain, model, images, targets)
    return AttributionResult(maps, targets, scores, "input_gradient", {"score": "logit"})


def edges(volume: np.ndarray) -> np.ndarray:
    """Return the magnitude of the image's spatial gradient; no network is involved.

    Parameters
    ----------
    volume : numpy.ndarray, (X, Y, Z)

    Returns
    -------
    numpy.ndarray of float32, (X, Y, Z)
        Intensity per voxel, from Gaussian derivatives of one voxel's standard deviation.
    """
    result: np.ndarray = ndimage.gaussian_gradient_magnitude(volume, 1.0, output=np.float32)
    return result


def image_edges(
    model: torch.nn.Module, images: torch.Tensor, targets: torch.Tensor
) -> AttributionResult:
    """Return the `edges` of each image, with the signature of a method; the network is not used.

    Parameters
    ----------
    model : torch.nn.Module
    images : torch.Tensor, (n, 1, D, H, W)
    targets : torch.Tensor, (n,), int64

    Returns
    -------
    AttributionResult
        `scores` are missing (NaN), because the network is not evaluated.
    """
    maps = torch.from_numpy(np.stack([edges(image) for image in images[:, 0].cpu().numpy()]))
    scores = torch.full(targets.shape, torch.nan)
    return AttributionResult(maps, targets, scores, "edges", {})


def group_difference(volumes: np.ndarray | Stack, labels: np.ndarray) -> np.ndarray:
    """Return |t| of Welch's test between the classes at every voxel.

    Parameters
    ----------
    volumes : numpy.ndarray or Stack, (n, X, Y, Z)
        Images of training participants; a stack is read a block of voxels at a time.
    labels : numpy.ndarray of int, (n,)
        Class, 0 or 1.

    Returns
    -------
    numpy.ndarray of float32, (X, Y, Z)
        0 where the images are constant.
    """
    labels = np.asarray(labels)
    t = []
    for block in voxel_blocks(volumes, _VALUES // len(volumes)):
        # Written out, because importing scipy.stats takes a job as long as the test.
        negative, positive = block[labels == 0], block[labels == 1]
        varies = (np.ptp(negative, axis=0) > 0) | (np.ptp(positive, axis=0) > 0)
        difference = positive.mean(0, dtype=np.float64) - negative.mean(0, dtype=np.float64)
        squared_errors = [
            part.var(0, ddof=1, dtype=np.float64) / len(part) for part in (negative, positive)
        ]
        error = np.sqrt(sum(squared_errors))
        ratio = np.divide(np.abs(difference), error, out=np.zeros(len(varies)), where=varies)
        t.append(ratio.astype(np.float32))
    return np.concatenate(t).reshape(volumes.shape[1:])
