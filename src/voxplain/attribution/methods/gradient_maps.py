"""Guided Backpropagation and Grad-CAM from one forward pass."""

import torch

from voxplain.attribution.frozen import (
    Network,
    attribute_in_passes,
    choose_targets,
    target_scores,
)
from voxplain.attribution.methods.grad_cam import ClassActivation
from voxplain.attribution.methods.guided_backprop import GuidedReLUs
from voxplain.attribution.result import AttributionResult


def gradient_maps(
    model: torch.nn.Module,
    images: torch.Tensor,
    targets: torch.Tensor | None = None,
    layer: str | None = None,
    upsampling: str = "paper",
) -> tuple[AttributionResult, AttributionResult]:
    """Return the results of `guided_backprop` and `grad_cam` from one forward pass.

    The two gradients differ wherever a ReLU lies between the layer and the logits, so there are
    two backward passes: the true one from the logits to the layer, and the guided one from the
    logits to the image.

    Parameters
    ----------
    model : torch.nn.Module
        As for `grad_cam`.
    images : torch.Tensor, (n, 1, D, H, W)
        As for `grad_cam`.
    targets : torch.Tensor, (n,), int64, optional
        As for `grad_cam`.
    layer : str, optional
        As for `grad_cam`.
    upsampling : {"paper", "receptive_field"}
        As for `grad_cam`.

    Returns
    -------
    guided : AttributionResult
        As of `guided_backprop`.
    cam : AttributionResult
        As of `grad_cam`.

    Raises
    ------
    AttributionError
        As `guided_backprop` and `grad_cam`.

    Examples
    --------
    >>> import torch
    >>> from voxplain import gradient_maps
    >>> convolution = torch.nn.Conv3d(1, 4, kernel_size=3)
    >>> head = torch.nn.Linear(4 * 6 * 6 * 6, 2)
    >>> model = torch.nn.Sequential(convolution, torch.nn.ReLU(), torch.nn.Flatten(), head)
    >>> images = torch.rand(3, 1, 8, 8, 8)
    >>> guided, cam = gradient_maps(model, images)
    >>> guided.method, cam.method
    ('guided_backprop', 'grad_cam')
    """
    cam = ClassActivation(model, layer, upsampling, whole_graph=True)

    def explain(
        network: Network, part: torch.Tensor, part_targets: torch.Tensor | None
    ) -> tuple[torch.Tensor, ...]:
        leaf = part.clone().requires_grad_()
        with GuidedReLUs() as relus:
            logits, features = cam.run(network, leaf)
            part_targets = choose_targets(logits, part_targets)
            scores = target_scores(logits, part_targets)
            cam_maps = cam.maps(scores, features, part.shape[2:])
            return relus.maps(scores, leaf), cam_maps, part_targets, scores.detach()

    columns = attribute_in_passes(explain, model, images, targets)
    guided_maps, cam_maps, targets, scores = columns
    return (
        AttributionResult(guided_maps, targets, scores, "guided_backprop", {"score": "logit"}),
        AttributionResult(cam_maps, targets, scores, "grad_cam", cam.parameters),
    )
