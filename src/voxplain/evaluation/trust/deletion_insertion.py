"""Deletion and insertion curves: whether the decision follows the voxels that a map marks.

After Petsiuk et al. 2018 (RISE, section 4.2). Voxels are deleted by blurring or by the brain's own
mean, never only by zeros, which are an image that no network has seen.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy import ndimage
from scipy.special import softmax

from voxplain.image.stack import Stack
from voxplain.network.training import predict_logits
from voxplain.stats.spatial_null import smooth, smoothness

FRACTIONS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)  # of the brain
FILLS = ("blur", "mean")
_OWN = -1  # in place of a random draw's number: the order of the method's own map


def fills(volumes: np.ndarray, brain_mask: np.ndarray, sigma: float) -> dict[str, np.ndarray]:
    """Return what deleted voxels are replaced by: `fill` of each of `FILLS`, by name.

    Parameters
    ----------
    volumes, brain_mask, sigma
        As for `fill`.
    """
    return {kind: fill(kind, volumes, brain_mask, sigma) for kind in FILLS}


def fill(kind: str, volumes: np.ndarray, brain_mask: np.ndarray, sigma: float) -> np.ndarray:
    """Return what deleted voxels are replaced by.

    Parameters
    ----------
    kind : {"blur", "mean"}
        The blurred image, or the mean of the participant's own brain.
    volumes : numpy.ndarray, (n, X, Y, Z)
        Images as the network expects them.
    brain_mask : numpy.ndarray of bool, (X, Y, Z)
    sigma : float
        Standard deviation of the blur, voxels.

    Returns
    -------
    numpy.ndarray of float32, (n, X, Y, Z)
    """
    if kind == "blur":
        blurred = [ndimage.gaussian_filter(volume, sigma, mode="nearest") for volume in volumes]
        return np.stack(blurred).astype(np.float32)
    means = volumes[:, brain_mask].mean(axis=1)
    return np.broadcast_to(means[:, None, None, None], volumes.shape).astype(np.float32)


def voxel_order(attribution: np.ndarray, brain_mask: np.ndarray, seed: int) -> np.ndarray:
    """Rank the brain's voxels, the highest of the map first.

    Parameters
    ----------
    attribution : numpy.ndarray, (X, Y, Z)
    brain_mask : numpy.ndarray of bool, (X, Y, Z)
    seed : int
        Equal values, such as a map's zeros, come in an order drawn from it.

    Returns
    -------
    numpy.ndarray of float32, (X, Y, Z)
        Share of the brain that ranks before the voxel, 0 to below 1; 1 outside the brain.
    """
    values = attribution[brain_mask]
    shuffled = np.random.default_rng([seed]).permutation(values.size)
    order = np.lexsort((shuffled, -values))
    ranks = np.empty(values.size, np.float32)
    ranks[order] = np.arange(values.size, dtype=np.float32) / values.size
    shares = np.ones(brain_mask.shape, np.float32)
    shares[brain_mask] = ranks
    return shares


def random_orders(fwhm: float, brain_mask: np.ndarray, n: int, seed: int) -> list[np.ndarray]:
    """Rank the brain's voxels by smooth noise; see `voxel_order`.

    Parameters
    ----------
    fwhm : float
        Full width at half maximum of the noise, voxels.
    brain_mask : numpy.ndarray of bool, (X, Y, Z)
    n : int
        Number of orders.
    seed : int
    """
    rng = np.random.default_rng([seed, 2])
    noise = rng.standard_normal((n, *brain_mask.shape), dtype=np.float32)
    return [voxel_order(smooth(volume, fwhm), brain_mask, seed) for volume in noise]


def deletion_insertion_curves(
    model: torch.nn.Module,
    image: np.ndarray,
    target: int,
    orders: Mapping[Any, np.ndarray],
    replacements: Mapping[str, np.ndarray],
    brain_mask: np.ndarray,
) -> pd.DataFrame:
    """Follow the target's probability while one image is deleted, and while it is inserted.

    Parameters
    ----------
    model : torch.nn.Module
        (n, 1, X, Y, Z) -> (n, n_classes) logits.
    image : numpy.ndarray, (X, Y, Z)
        As the network expects it.
    target : int
        Class whose probability is followed.
    orders : mapping to numpy.ndarray, (X, Y, Z)
        `voxel_order` by name.
    replacements : mapping of str to numpy.ndarray, (X, Y, Z)
        What deleted voxels become, by name of the fill.
    brain_mask : numpy.ndarray of bool, (X, Y, Z)
        Voxels to delete and insert.

    Returns
    -------
    pandas.DataFrame
        Columns order, fill, test (deletion: the first voxels are replaced; insertion: all others
        are), fraction (of the brain), probability.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from voxplain import deletion_insertion_curves
    >>> from voxplain.evaluation.trust.deletion_insertion import voxel_order
    >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(512, 2))
    >>> image = np.random.default_rng(0).random((8, 8, 8), np.float32)
    >>> brain = np.zeros((8, 8, 8), bool)
    >>> brain[1:7, 1:7, 1:7] = True
    >>> orders = {"brightest first": voxel_order(image, brain, seed=0)}
    >>> table = deletion_insertion_curves(
    ...     model, image, 1, orders, {"zero": np.zeros_like(image)}, brain
    ... )
    >>> sorted(set(table["test"]))
    ['deletion', 'insertion']
    """
    keys, altered, ends = [], [], []
    for fill, replacement in replacements.items():
        # Nothing and all replaced are the same image for every order.
        whole = np.where(brain_mask, replacement, image)
        intact, gone = target_probabilities(model, [image, whole], target)
        for name, order in orders.items():
            ends += [(name, fill, "deletion", FRACTIONS[0], intact)]
            ends += [(name, fill, "deletion", FRACTIONS[-1], gone)]
            ends += [(name, fill, "insertion", FRACTIONS[0], gone)]
            ends += [(name, fill, "insertion", FRACTIONS[-1], intact)]
            for fraction in FRACTIONS[1:-1]:
                first = order < fraction
                keys += [(name, fill, "deletion", fraction), (name, fill, "insertion", fraction)]
                altered += [np.where(first, replacement, image), np.where(first, image, whole)]
    probabilities = target_probabilities(model, altered, target)
    inner = [(*key, value) for key, value in zip(keys, probabilities, strict=True)]
    columns = ["order", "fill", "test", "fraction", "probability"]
    table = pd.DataFrame(ends + inner, columns=columns)
    return table.sort_values(columns[:-1], kind="stable", ignore_index=True)


def delete_and_insert(
    model: torch.nn.Module,
    images: Mapping[str, np.ndarray],
    targets: Sequence[int],
    maps: Mapping[str, np.ndarray | Stack],
    brain_mask: np.ndarray,
    n_random: int,
    sigma: float,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Delete and insert a fold's participants in the order of their maps, and of random ones.

    People are deleted by their own maps, so the random orders of a method are as smooth as these
    (`voxplain.stats.spatial_null.smoothness`, median over the participants), not as their
    mean, which is smoother. Draw k is of the same noise for all methods.

    Parameters
    ----------
    model : torch.nn.Module
        See `deletion_insertion_curves`.
    images : mapping of str to numpy.ndarray, (X, Y, Z)
        By participant.
    targets : sequence of int
        Class whose probability is followed, one per image.
    maps : mapping of str to numpy.ndarray or Stack, (n, X, Y, Z)
        By method; the first maps are those of `images`, in their order.
    brain_mask : numpy.ndarray of bool, (X, Y, Z)
    n_random : int
        Random orders per method.
    sigma : float
        Of the blur that replaces voxels, voxels.
    seed : int
    progress : callable, optional
        Called with the participants done and all of them.

    Returns
    -------
    areas : pandas.DataFrame
        Columns method, test, fill, participant_id, draw (of the random order; missing for the
        method's own map), area, and of the method's random orders: fwhm (voxels) and unmatched
        (participants whose maps are smoother than noise can be).
    curves : pandas.DataFrame
        Columns method, random, test, fill, fraction, probability (mean over participants).
    """
    random: dict[tuple[str, int], np.ndarray] = {}
    widths = []
    for method, array in maps.items():
        fwhm, unmatched = smoothness((array[k] for k in range(len(images))), brain_mask, seed)
        widths.append({"method": method, "fwhm": fwhm, "unmatched": unmatched})
        drawn = random_orders(fwhm, brain_mask, n_random, seed)
        random |= {(method, draw): order for draw, order in enumerate(drawn)}
    replacements = fills(np.stack(list(images.values())), brain_mask, sigma)
    tables = []
    for k, (name, image) in enumerate(images.items()):
        orders = {
            (method, _OWN): voxel_order(array[k], brain_mask, seed)
            for method, array in maps.items()
        }
        fills_of_image = {fill: values[k] for fill, values in replacements.items()}
        table = deletion_insertion_curves(
            model, image, int(targets[k]), orders | random, fills_of_image, brain_mask
        )
        tables.append(table.assign(participant_id=name))
        if progress is not None:
            progress(k + 1, len(images))
    table = pd.concat(tables, ignore_index=True)
    table["method"], draws = zip(*table["order"], strict=True)
    table["draw"] = pd.Series(draws, dtype="Int64").replace(_OWN, pd.NA)
    table["random"] = table["draw"].notna()
    table["method"] = pd.Categorical(table["method"], list(maps))
    table = table.sort_values(["method", "random"], kind="stable")
    keys = ["method", "test", "fill", "participant_id"]
    under_curves = areas(table, [*keys, "draw"]).sort_values("method", kind="stable")
    under_curves = under_curves.astype({"method": object}).merge(pd.DataFrame(widths), on="method")
    keys = ["method", "random", "test", "fill", "fraction"]
    mean = table.groupby(keys, sort=False, observed=True)["probability"].mean().reset_index()
    return under_curves, mean


def areas(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return the area under each curve (trapezoids), 0 to 1.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns fraction, probability and `keys`.
    keys : list of str
        Columns that tell the curves apart.

    Returns
    -------
    pandas.DataFrame
        `keys` and area.
    """
    return (
        table.sort_values("fraction")
        .groupby(keys, sort=False, observed=True, dropna=False)
        .apply(lambda curve: np.trapezoid(curve["probability"], curve["fraction"]))
        .rename("area")
        .reset_index()
    )


def target_probabilities(
    model: torch.nn.Module, images: Sequence[np.ndarray], target: int
) -> np.ndarray:
    """Return the probability of a class for each image, (n,).

    Parameters
    ----------
    model : torch.nn.Module
        (n, 1, X, Y, Z) -> (n, n_classes) logits.
    images : sequence of numpy.ndarray, (X, Y, Z)
    target : int
        The class.
    """
    return softmax(predict_logits(model, images), axis=1)[:, target]
