"""Maps that explain nothing of a decision's reasons, for the methods to be measured against.

A method that points no better than the plain gradient, the image's own edges or the group
difference that any voxelwise test shows has added nothing to them.
"""

import numpy as np
import torch
from scipy import ndimage, stats

from voxplain.attribution.frozen import (
    attribute_in_passes,
    choose_targets,
    gradient_by,
    target_scores,
)
from voxplain.attribution.result import AttributionResult


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

    def explain(network, part, part_targets):
        leaf = part.clone().requires_grad_()
        logits = network(leaf.clone())
        part_targets = choose_targets(logits, part_targets)
        scores = target_scores(logits, part_targets)
        return gradient_by(leaf, scores)[:, 0].abs(), part_targets, scores

    maps, targets, scores = attribute_in_passes(explain, model, images, targets)
    return AttributionResult(maps, targets, scores, "input_gradient", {"score": "logit"})


def all_controls(
    model: torch.nn.Module,
    volumes: np.ndarray,
    labels: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    targets: torch.Tensor | None = None,
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the control maps of one fold's held-out participants.

    Parameters
    ----------
    model : torch.nn.Module
        The fold's network, in float32.
    volumes : numpy.ndarray of float32, (n, X, Y, Z)
        Images of the whole cohort; may be memory-mapped.
    labels : numpy.ndarray of int, (n,)
    train, test : numpy.ndarray of int
        Rows of the fold's participants.
    targets : torch.Tensor, (n_test,), int64, optional
        As `input_gradient` takes them.

    Returns
    -------
    maps : dict of numpy.ndarray of float32, (n_test, X, Y, Z)
        input_gradient, edges, and group_difference (the training participants', for all).
    targets : numpy.ndarray of int, (n_test,)
    """
    images = volumes[test]
    device = next(model.parameters()).device
    gradient = input_gradient(model, torch.from_numpy(images)[:, None].to(device), targets)
    difference = group_difference(volumes[train], labels[train])
    maps = {
        "input_gradient": gradient.maps.cpu().numpy(),
        "edges": edges(images),
        "group_difference": np.broadcast_to(difference, images.shape),
    }
    return maps, gradient.targets.cpu().numpy()


def edges(volumes: np.ndarray) -> np.ndarray:
    """Return the magnitude of the image's own gradient, which no network has any part in.

    Parameters
    ----------
    volumes : numpy.ndarray, (n, X, Y, Z)
        Images.

    Returns
    -------
    numpy.ndarray of float32, (n, X, Y, Z)
        Intensity per voxel, from Gaussian derivatives of one voxel's standard deviation.
    """
    return np.stack(
        [ndimage.gaussian_gradient_magnitude(one, 1.0, output=np.float32) for one in volumes]
    )


def group_difference(volumes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return |t| of Welch's test between the classes at every voxel.

    Parameters
    ----------
    volumes : numpy.ndarray, (n, X, Y, Z)
        Images of training participants.
    labels : numpy.ndarray of int, (n,)
        Class, 0 or 1.

    Returns
    -------
    numpy.ndarray of float32, (X, Y, Z)
        0 where the images are constant.
    """
    labels = np.asarray(labels)
    negative, positive = volumes[labels == 0], volumes[labels == 1]
    varies = (np.ptp(negative, axis=0) > 0) | (np.ptp(positive, axis=0) > 0)
    t = np.zeros(volumes.shape[1:], np.float32)
    test = stats.ttest_ind(positive[:, varies], negative[:, varies], equal_var=False)
    t[varies] = np.abs(test.statistic)
    return t
