"""Grad-CAM, eq. 6 and 7 of Kan 2020 (Selvaraju et al. 2019)."""

from typing import Any

import torch

from voxplain.attribution.feature_grid import FeatureGrid, FeatureGrids
from voxplain.attribution.frozen import (
    Network,
    attribute_in_passes,
    choose_targets,
    gradient_by,
    target_scores,
)
from voxplain.attribution.layers import run_to
from voxplain.attribution.result import AttributionResult
from voxplain.errors import AttributionError

UPSAMPLING = ("paper", "receptive_field")


def grad_cam(
    model: torch.nn.Module,
    images: torch.Tensor,
    targets: torch.Tensor | None = None,
    layer: str | None = None,
    upsampling: str = "paper",
) -> AttributionResult:
    """Explain by the features of one layer, weighted by their mean gradient (Grad-CAM).

    The weight of channel k is the spatial mean of ``dy_c/dF_k`` over all three axes (eq. 6), the
    map ``relu(sum_k weight_k F_k)`` (eq. 7), interpolated trilinearly from the feature grid to the
    image's voxels.

    Parameters
    ----------
    model : torch.nn.Module
        (n, 1, D, H, W) -> (n, n_classes) logits. Evaluated in eval mode and left as it was found.
    images : torch.Tensor, (n, 1, D, H, W)
        float32 or float64, like the model. Not modified.
    targets : torch.Tensor, (n,), int64, optional
        Class to explain per image; None means the predicted class.
    layer : str, optional
        Name of a submodule with a (n, channels, d, h, w) output; of a module that is called more
        than once the last call counts. None means the last convolutional block: the output of
        the rectifier that follows the Conv3d called last, before any pooling (normalisation and
        a residual sum may come between); where none follows, that convolution's output after
        its normalisation, if it has one.
    upsampling : {"paper", "receptive_field"}
        Where the feature grid is taken to lie. "paper": it fills the whole image box
        (``align_corners=False``), which magnifies the map of a network without padding.
        "receptive_field": each feature lies at the centre of its receptive field, as the network's
        strides, kernels and paddings place it. Beyond the outermost centres the map holds its value
        to the edge of the image: without padding, those features are the ones that see it.

    Returns
    -------
    AttributionResult
        `maps` in units of the logit per feature voxel. Of `parameters`, ``feature_shape`` is the
        grid that they were interpolated from, ``jump`` the distance of its features and
        ``first_centre`` the place of its first one, both per axis in voxels (voxel 0 at 0).

    Raises
    ------
    AttributionError
        The layer is unknown, not called or not a feature map, or the logits do not depend on it;
        its place in the image cannot be derived (``upsampling="receptive_field"`` behind adaptive
        pooling, for example); or model, images and targets do not fit together.

    Notes
    -----
    float32 maps agree with float64 ones, and with themselves at another batch size, to 1e-5 of
    their norm on the paper's architecture.

    Examples
    --------
    >>> import torch
    >>> from voxplain import grad_cam
    >>> convolution = torch.nn.Conv3d(1, 4, kernel_size=3)
    >>> head = torch.nn.Linear(4 * 6 * 6 * 6, 2)
    >>> model = torch.nn.Sequential(convolution, torch.nn.ReLU(), torch.nn.Flatten(), head)
    >>> images = torch.rand(3, 1, 8, 8, 8)
    >>> result = grad_cam(model, images)
    >>> result.maps.shape
    torch.Size([3, 8, 8, 8])
    >>> result.parameters["feature_shape"]
    (6, 6, 6)
    """
    cam = ClassActivation(model, layer, upsampling)

    def explain(
        network: Network, part: torch.Tensor, part_targets: torch.Tensor | None
    ) -> tuple[torch.Tensor, ...]:
        logits, features = cam.run(network, part)
        part_targets = choose_targets(logits, part_targets)
        scores = target_scores(logits, part_targets)
        return cam.maps(scores, features, part.shape[2:]), part_targets, scores.detach()

    maps, targets, scores = attribute_in_passes(explain, model, images, targets)
    return AttributionResult(maps, targets, scores, "grad_cam", cam.parameters)


class ClassActivation:
    """Eq. 6 and 7 for the features of one layer.

    Parameters
    ----------
    model, layer, upsampling
        As for `grad_cam`.
    whole_graph : bool
        Whether the graph reaches from the features back to the images, for a second backward pass.
    """

    def __init__(
        self, model: torch.nn.Module, layer: str | None, upsampling: str, whole_graph: bool = False
    ):
        if upsampling not in UPSAMPLING:
            raise AttributionError(
                f"upsampling is {upsampling!r}; choose one of {', '.join(UPSAMPLING)}"
            )
        self._run = run_to(model, layer, start_graph=not whole_graph)
        self._whole_graph = whole_graph
        self._grid: FeatureGrid | None = None
        self.parameters: dict[str, Any] = {
            "score": "logit",
            "layer": layer or "last convolutional block",
            "upsampling": upsampling,
        }

    def run(self, network: Network, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the logits and the layer's features.

        Parameters
        ----------
        network : Network
        images : torch.Tensor, (n, 1, D, H, W)
        """
        box = images.shape[2:]
        if self.parameters["upsampling"] == "paper":
            logits, features = self._run(network, images)
            self._grid = FeatureGrid.of_the_whole_box(features.shape[2:], box)
        else:
            with FeatureGrids(images) as grids:
                logits, features = self._run(network, images)
            self._grid = grids.of(features)
        self.parameters |= {
            "feature_shape": tuple(features.shape[2:]),
            "jump": tuple(map(float, self._grid.jump)),
            "first_centre": tuple(map(float, self._grid.first)),
        }
        return logits, features

    def maps(
        self, scores: torch.Tensor, features: torch.Tensor, shape: tuple[int, ...]
    ) -> torch.Tensor:
        """Return the maps of the scores and features of one `run`.

        Parameters
        ----------
        scores : torch.Tensor, (n,)
            Logits of the targets.
        features : torch.Tensor, (n, channels, d, h, w)
        shape : tuple of int
            Of the images, (D, H, W).

        Returns
        -------
        torch.Tensor, (n, D, H, W)
        """
        if self._grid is None:
            raise ValueError("call run before maps")
        gradient = gradient_by(
            features,
            scores,
            what="the layer's output",
            remedy="name another layer, or ",
            retain_graph=self._whole_graph,
        )
        weights = gradient.mean((2, 3, 4), keepdim=True)
        cams = (weights * features.detach()).sum(1).relu()
        return self._grid.interpolate(cams, shape)
