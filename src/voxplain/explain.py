"""Explain one image by one trained network, without a workflow."""

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import ndimage

from voxplain.attribution import METHODS
from voxplain.attribution.cohorts import seed_setting
from voxplain.attribution.perturbation_settings import PerturbationSettings
from voxplain.errors import ConfigError
from voxplain.image.grid import Grid
from voxplain.image.nifti import read_header, write_volume
from voxplain.network.cnn import load_model, read_weights
from voxplain.network.input_form import ModelInput
from voxplain.run.files import targets_in

SEED = 42  # as config.yaml's
# Arguments of the methods that are not settings
_ARGUMENTS = {"model", "images", "targets", "progress", "checkpoint", "settings", "seed"}


@dataclass(frozen=True)
class Explained:
    """The map of an image, and the network's prediction.

    Parameters
    ----------
    map : numpy.ndarray of float32, (X, Y, Z)
        Raw attribution, non-negative, on `grid`.
    grid : Grid
        The network's grid.
    probabilities : numpy.ndarray, (n_classes,)
        Softmax of the logits.
    target : int
        The class that was explained.

    Examples
    --------
    >>> import numpy as np
    >>> from voxplain import Explained, Grid
    >>> attribution, grid = np.zeros((8, 8, 8), np.float32), Grid((8, 8, 8), np.eye(4))
    >>> explained = Explained(attribution, grid, np.array([0.2, 0.8]), target=1)
    >>> explained.probabilities[explained.target].item()
    0.8
    """

    map: np.ndarray
    grid: Grid
    probabilities: np.ndarray
    target: int


def open_network(
    path: str | os.PathLike[str],
    device: torch.device,
    source: str | None = None,
    settings: Mapping[str, Any] | None = None,
    shape: tuple[int, int, int] | None = None,
    normalisation: str | None = None,
) -> tuple[torch.nn.Module, ModelInput]:
    """Open a model file of a run, or the bare state dict of any network.

    Parameters
    ----------
    path : path_like
        Read as tensors and plain values only: no code in the file is run.
    device : torch.device
        Where to put the network.
    source : str, optional
        The network's code, ``file.py:Name`` or ``package.module:Name``; None is the paper's.
    settings : mapping, optional
        Keyword arguments of the network except shape and n_classes, for a bare state dict.
    shape : tuple of int, optional
        Shape of the network's images, for a bare state dict. A model file of a run holds it.
    normalisation : str, optional
        Normalisation of the network's images, likewise.

    Returns
    -------
    network : torch.nn.Module
        In eval mode.
    form : ModelInput
        Shape and normalisation of its images.

    Raises
    ------
    ConfigError
        The file lacks something that is not passed, or holds something that is passed, too.

    Examples
    --------
    >>> import torch
    >>> from voxplain import open_network
    >>> from voxplain.network.cnn import CNN3D
    >>> torch.save(CNN3D((8, 8, 8), channels=(2,)).state_dict(), "model.pt")
    >>> network, form = open_network(
    ...     "model.pt",
    ...     torch.device("cpu"),
    ...     settings={"channels": (2,)},
    ...     shape=(8, 8, 8),
    ...     normalisation="brain_mean",
    ... )
    >>> form.shape
    (8, 8, 8)
    """
    path = Path(path)
    weights = read_weights(path)
    if "input" in weights:
        options = {"shape": shape, "normalisation": normalisation, "settings": settings}
        twice = [name for name, value in options.items() if value]
        if twice:
            raise ConfigError(
                f"{path} holds the {' and '.join(twice)} of its network; leave out these options"
            )
        form = ModelInput.from_dict(weights["input"])
        return load_model(path, device, source)[0], form
    if "settings" in weights:
        raise ConfigError(
            f"{path} was written before model files held the form of their images; train it again"
        )
    if shape is None or normalisation is None:
        required = {"shape": shape, "normalisation": normalisation}
        absent = [name for name, value in required.items() if value is None]
        raise ConfigError(
            f"{path} is a bare state dict, which does not say what images it was trained on; give "
            f"its {' and '.join(absent)}"
        )
    width, depth, height = shape
    form = ModelInput((width, depth, height), normalisation)
    arguments = {"shape": form.shape, "n_classes": 2} | dict(settings or {})
    return load_model(path, device, source, arguments)[0], form


def method_settings(method: str) -> list[str]:
    """Return the names of a method's settings."""
    names = set(inspect.signature(METHODS[method]).parameters)
    if method == "meaningful_perturbation":
        names |= {field.name for field in fields(PerturbationSettings)}
    return sorted(names - _ARGUMENTS)


def explain_image(
    network: torch.nn.Module,
    form: ModelInput,
    image: str | os.PathLike[str],
    method: str,
    target: int | None = None,
    settings: Mapping[str, Any] | None = None,
    *,
    seed: int = SEED,
    mask: str | os.PathLike[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Explained:
    """Explain one image file as a run explains its participants.

    Parameters
    ----------
    network : torch.nn.Module
        From `open_network`.
    form : ModelInput
        From `open_network`.
    image : path_like
        NIfTI file.
    method : str
        A key of `voxplain.attribution.METHODS`.
    target : int, optional
        Class to explain; None is the predicted class.
    settings : mapping, optional
        Of the method; settings left out have the method's defaults, which are the paper's.
    seed : int
        The run's seed (``seed`` of the configuration), for methods and registrations that draw
        random numbers.
    mask : path_like, optional
        Brain mask on the image's grid.
    progress : callable, optional
        Of Meaningful Perturbations: called with the number of iterations done and of all.

    Returns
    -------
    Explained
        Map, grid, probabilities and target.

    Raises
    ------
    ConfigError
        The method has no such setting, or refuses its value.
    VoxplainError
        As `ModelInput.read` and the method.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from voxplain import Grid, explain_image, open_network, write_volume
    >>> from voxplain.network.cnn import CNN3D
    >>> torch.save(CNN3D((8, 8, 8), channels=(2,)).state_dict(), "model.pt")
    >>> network, form = open_network(
    ...     "model.pt",
    ...     torch.device("cpu"),
    ...     settings={"channels": (2,)},
    ...     shape=(8, 8, 8),
    ...     normalisation="brain_mean",
    ... )
    >>> image = np.random.default_rng(0).random((16, 16, 16), np.float32)
    >>> write_volume("image.nii.gz", image, Grid((16, 16, 16), np.eye(4)))
    >>> explained = explain_image(network, form, "image.nii.gz", "grad_cam")
    >>> explained.map.shape, round(explained.grid.voxel_volume)
    ((8, 8, 8), 8)
    """
    settings = dict(settings or {})
    known = method_settings(method)
    unknown = sorted(set(settings) - set(known))
    if unknown:
        raise ConfigError(
            f"{method} has no setting {', '.join(unknown)}; it has {', '.join(known) or 'none'}"
        )
    volume, grid = form.read(image, mask, seed)
    device = next(network.parameters()).device
    images = torch.from_numpy(volume)[None, None].to(device)
    with torch.no_grad():
        logits = network(images)[0]
    if target is not None and not 0 <= target < len(logits):
        raise ConfigError(f"target is {target}; the network has classes 0 to {len(logits) - 1}")
    settings |= seed_setting(METHODS[method], seed)
    if method == "meaningful_perturbation":
        settings["progress"] = progress
    targets = None if target is None else torch.tensor([target], device=device)
    result = METHODS[method](network, images, targets, **settings)
    return Explained(
        map=result.maps[0].cpu().numpy(),
        grid=grid,
        probabilities=logits.double().softmax(0).cpu().numpy(),
        target=int(result.targets[0]),
    )


def map_paths(
    images: Sequence[str | os.PathLike[str]], out: str | os.PathLike[str], method: str
) -> list[Path]:
    """Return the path of each image's map.

    Parameters
    ----------
    images : sequence of path_like
    out : path_like
        Of the map of a single image, or a folder.
    method : str
        For the names of the maps in a folder.

    Raises
    ------
    ConfigError
        `out` is one map for several images or neither NIfTI nor a folder, or two images have the
        same name.
    """
    is_file = str(out).endswith((".nii", ".nii.gz"))
    if Path(out).suffix and not is_file and not Path(out).is_dir():
        raise ConfigError(f"{out} is neither .nii or .nii.gz nor an existing folder; rename it")
    if is_file and len(images) > 1:
        raise ConfigError(f"{out} is one file for {len(images)} images; give a folder")
    return [Path(out)] if is_file else targets_in(out, images, f"_desc-{method}_map.nii.gz")


def write_map(
    path: str | os.PathLike[str], explained: Explained, image: str | os.PathLike[str] | None = None
) -> None:
    """Write a map as NIfTI, on the network's grid or on that of its image.

    Parameters
    ----------
    path : path_like
        ``.nii`` or ``.nii.gz``.
    explained : Explained
        From `explain_image`.
    image : path_like, optional
        Image to interpolate the map to (trilinear). Beyond the centres of the network's outermost
        voxels their values hold.

    Raises
    ------
    ImageError
        `image` cannot be read.
    StorageError
        The map cannot be written.

    Examples
    --------
    >>> import numpy as np
    >>> from voxplain import Explained, Grid, read_volume, write_map
    >>> grid = Grid((8, 8, 8), np.eye(4))
    >>> explained = Explained(np.ones(grid.shape, np.float32), grid, np.array([0.2, 0.8]), target=1)
    >>> write_map("map.nii.gz", explained)
    >>> volume, map_grid = read_volume("map.nii.gz")
    >>> map_grid == grid
    True
    """
    if image is None:
        write_volume(path, explained.map, explained.grid)
        return
    fine = read_header(image).grid
    to_map = explained.grid.from_voxels_of(fine)
    values = ndimage.affine_transform(
        explained.map,
        to_map[:3, :3],
        to_map[:3, 3],
        output_shape=fine.shape,
        order=1,
        mode="nearest",
    )
    write_volume(path, values, fine)
