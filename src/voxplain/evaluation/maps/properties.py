"""What the paper says of its maps in words: sparse, anatomic-like, different for men and women."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.stats import rankdata

from voxplain.evaluation.maps.group_maps import scale_to_unit
from voxplain.evaluation.maps.similarity import icc
from voxplain.image.stack import Stack, parts, voxel_blocks
from voxplain.run.chunk_sizes import MAP_VALUES
from voxplain.stats.over_folds import against_null

# values of attribution.target whose maps explain different outputs for the two classes
OWN_CLASS = ("true_class", "predicted_class")


def gini(values: np.ndarray) -> np.ndarray:
    """Return the Gini index of maps: 0 if all voxels are equal, near 1 if a single one has all.

    As in Hurley and Rickard 2009, ``1 - 2 sum_k (x_k / sum x) (n - k + 1/2) / n`` over the values
    in rising order.

    Parameters
    ----------
    values : numpy.ndarray, shape (n_maps, n_voxels)

    Returns
    -------
    numpy.ndarray, shape (n_maps,)
        Missing (NaN) for a map of zeros.
    """
    n = values.shape[1]
    rising = np.sort(values.astype(np.float64), axis=1)
    weights = (n - np.arange(n) - 0.5) / n
    total = rising.sum(axis=1)
    return 1 - 2 * (rising @ weights) / np.where(total > 0, total, np.nan)


def hoyer(values: np.ndarray) -> np.ndarray:
    """Return Hoyer's sparseness (2004) of maps, as `gini`.

    It is ``(sqrt(n) - |x|_1 / |x|_2) / (sqrt(n) - 1)``.
    """
    values = values.astype(np.float64)
    root = np.sqrt(values.shape[1])
    length = np.linalg.norm(values, axis=1)
    ratio = np.abs(values).sum(axis=1) / np.where(length > 0, length, np.nan)
    return (root - ratio) / (root - 1)


def edge_alignment(maps: np.ndarray, image: np.ndarray, brain_mask: np.ndarray) -> np.ndarray:
    """Return the Spearman correlation of the maps' edges with an image's, inside the brain.

    An edge is the length of the gradient by central differences. Voxels at the brain's surface are
    left out: the image ends there, and so would any map that is cut to the brain.

    Parameters
    ----------
    maps : numpy.ndarray, shape (n_maps, X, Y, Z)
    image : numpy.ndarray, shape (X, Y, Z)
    brain_mask : numpy.ndarray of bool, shape (X, Y, Z)

    Returns
    -------
    numpy.ndarray, shape (n_maps,)
        0 for a map without edges.
    """
    inner = ndimage.binary_erosion(brain_mask)

    def edges(volume: np.ndarray) -> np.ndarray:
        length = np.sqrt(sum(part**2 for part in np.gradient(volume)))[inner]
        ranks = rankdata(length)
        ranks -= ranks.mean()
        return ranks / (np.linalg.norm(ranks) or 1)

    edges_of_image = edges(image)
    return np.array([edges(volume) @ edges_of_image for volume in maps])


@dataclass(frozen=True)
class FoldProperties:
    """Properties of the maps of one fold.

    Attributes
    ----------
    gini, hoyer : float
        Mean over the maps, in the brain.
    edges : float
        `edge_alignment` of the mean map.
    peaks : numpy.ndarray, shape (n,)
        Maximum of each map.
    mean : numpy.ndarray, shape (n_voxels,)
        Mean map in the brain.
    """

    gini: float
    hoyer: float
    edges: float
    peaks: np.ndarray
    mean: np.ndarray


def fold_properties(maps: Stack, image: np.ndarray, brain_mask: np.ndarray) -> FoldProperties:
    """Measure the maps of one fold, each divided by its own maximum.

    Parameters
    ----------
    maps : Stack, shape (n, X, Y, Z)
        Read a part at a time.
    image, brain_mask : numpy.ndarray, shape (X, Y, Z)
        As for `edge_alignment`.

    """
    total = np.zeros(image.shape, maps.dtype)
    peaks, ginis, hoyers = [], [], []
    for part in parts(len(maps), MAP_VALUES // (8 * image.size)):
        raw = maps[part]
        scaled = scale_to_unit(raw)
        peaks.append(raw.max(axis=(1, 2, 3)))
        ginis.append(gini(scaled[:, brain_mask]))
        hoyers.append(hoyer(scaled[:, brain_mask]))
        for volume in scaled:
            total += volume
    mean = total / np.float32(len(maps))
    return FoldProperties(
        gini=np.nanmean(np.concatenate(ginis)),
        hoyer=np.nanmean(np.concatenate(hoyers)),
        edges=edge_alignment(mean[None], image, brain_mask)[0],
        peaks=np.concatenate(peaks),
        mean=mean[brain_mask],
    )


def edge_null(
    attribution: np.ndarray, image: np.ndarray, brain_mask: np.ndarray, random_maps: np.ndarray
) -> dict[str, float]:
    """Compare a map's edge alignment with that of smooth random maps of its values.

    Parameters
    ----------
    attribution, image, brain_mask : numpy.ndarray, shape (X, Y, Z)
        As for `edge_alignment`.
    random_maps : numpy.ndarray, shape (n, X, Y, Z)
        `voxplain.stats.spatial_null.surrogates` of the map.

    Returns
    -------
    dict
        observed, null_mean, null_p95, p_null.
    """
    observed = edge_alignment(attribution[None], image, brain_mask)[0]
    return _against(observed, edge_alignment(random_maps, image, brain_mask))


def agreement_of_folds(maps: np.ndarray, random_maps: np.ndarray) -> dict[str, float]:
    """Measure how far the maps of different folds' networks are one map.

    Parameters
    ----------
    maps : numpy.ndarray, shape (n_folds, n_voxels)
        In-brain mean map of each fold.
    random_maps : numpy.ndarray, shape (n, n_voxels)
        Smooth random maps (`voxplain.stats.spatial_null.surrogates`); as many as there are
        folds, one after the other, make a draw of the null. Those of the group map are smoother
        than single folds' maps, which makes the null wider rather than narrower.

    Returns
    -------
    dict
        value (`voxplain.evaluation.maps.similarity.icc`), null_mean, null_p95, p_null.
    """
    k = len(maps)
    draws = random_maps[: len(random_maps) // k * k].reshape(-1, *maps.shape)
    tested = _against(icc(maps), np.array([icc(draw) for draw in draws]))
    return {"value": tested.pop("observed"), **tested}


def class_difference(
    blocks: Iterable[np.ndarray], labels: np.ndarray, permuted: np.ndarray
) -> dict[str, float]:
    """Compare the classes' mean maps, and test their difference by permuting labels.

    The test needs maps that explain one output of the network for everybody. Where each map
    explains its own participant's class, labels and outputs go together: the maps differ because
    the outputs do, even for an untrained network on noise, and no permutation shows that.

    Parameters
    ----------
    blocks : iterable of numpy.ndarray, shape (n, k)
        In-brain maps of the participants, a few voxels after the other.
    labels : numpy.ndarray, shape (n,)
    permuted : numpy.ndarray, shape (n_permutations, n)
        Labels permuted inside folds, because maps of different folds come from different networks
        (`voxplain.stats.family_blocks.permuted_labels`). None, shape (0, n), for maps of
        `OWN_CLASS`: they are described and not tested.

    Returns
    -------
    dict
        correlation (Pearson, of the two mean maps); observed (root mean square difference of the
        mean maps over that of the mean of everybody); with permuted labels also null_mean,
        null_p95 and p_null of that difference.
    """
    labellings = np.vstack([labels, permuted])
    shares = [(labellings == k) / (labellings == k).sum(axis=1, keepdims=True) for k in (1, 0)]
    weights = (shares[0] - shares[1]).astype(np.float32)
    squares, of_everybody, of_classes = np.zeros(len(weights)), [], []
    for values in blocks:
        squares += np.sum((weights @ values).astype(np.float64) ** 2, axis=1)
        of_everybody.append(values.mean(axis=0, dtype=np.float64))
        of_classes.append([values[labels == k].mean(axis=0) for k in (0, 1)])
    overall, means = np.concatenate(of_everybody), np.concatenate(of_classes, axis=1)
    size = np.sqrt(np.mean(overall**2))
    rms = np.sqrt(squares / len(overall)) / (size or 1)
    varies = all(np.ptp(mean) > 0 for mean in means)
    correlation = {"correlation": float(np.corrcoef(*means)[0, 1] if varies else np.nan)}
    tested = _against(rms[0], rms[1:]) if len(permuted) else {"observed": float(rms[0])}
    return correlation | tested


def unit_blocks(
    maps: Stack, peaks: np.ndarray, brain_mask: np.ndarray, n_permutations: int
) -> Iterator[np.ndarray]:
    """Yield `blocks` for `class_difference`: maps, each divided by its own peak if above 0.

    Parameters
    ----------
    maps : Stack, shape (n, X, Y, Z)
    peaks : numpy.ndarray, shape (n,)
        Maximum of each map.
    brain_mask : numpy.ndarray of bool, shape (X, Y, Z)
    n_permutations : int
        Of the test: the more, the smaller the blocks.

    Yields
    ------
    numpy.ndarray, shape (n, k)
    """
    peaks = np.where(peaks > 0, peaks, 1).astype(maps.dtype)
    inside = brain_mask.ravel()
    size = max(1, MAP_VALUES // max(len(maps), n_permutations + 1))
    blocks = zip(voxel_blocks(maps, size), voxel_blocks(inside[None], size), strict=True)
    for values, [chosen] in blocks:
        if chosen.any():
            yield np.compress(chosen, values, axis=1) / peaks[:, None]


def _against(observed: float, null: np.ndarray) -> dict[str, float]:
    # a permutation that is the labels themselves differs from them by rounding only
    return {"observed": float(observed)} | against_null(null, observed * (1 - 1e-6))
