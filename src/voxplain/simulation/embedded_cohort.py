"""The embedded cohort: T1-like participants with a known class effect.

Each participant is the MNI152 2009a symmetric template (in nilearn), deformed smoothly and at
random and scaled in size, with individual tissue contrast, coil inhomogeneity and Rician noise, and
brain-extracted. The class effect is a change of T1 signal inside named atlas regions, so it is
known where the classes differ. A participant's bytes depend only on the settings, the seed and the
participant, not on the other participants of a job.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import ndimage

from voxplain.image.grid import Grid
from voxplain.simulation import morphometry
from voxplain.simulation.segmentation import Measured, Segmentation
from voxplain.simulation.templates import Templates

WHITE_MATTER_INTENSITY = 1000.0  # arbitrary units, similar to HCP's restored T1w images
DEFORMATION_LENGTH_MM = 20.0  # sd of the Gaussian kernel: lobes move, gyri keep their shape
BIAS_LENGTH_MM = 60.0
REGION_EDGE_MM = 2.0  # sd of the Gaussian that softens a region's edge
SIBLING_SHARE = 0.5  # of the variance of the deformation
AGE_RANGE = (22, 37)  # years, the paper's young adults

# One random stream per purpose: more draws from one do not change the others.
_PLAN, _SHAPE, _EFFECT, _CONTRAST, _NOISE, _FAMILY, _MORPHOMETRY = range(7)


def plan(
    settings: Mapping[str, Any], seed: int, class_names: tuple[str, str] = ("negative", "positive")
) -> pd.DataFrame:
    """Draw the participants of the cohort, without their images.

    Parameters
    ----------
    settings : mapping
        ``cohort.synthetic``.
    seed : int
        The run's seed.
    class_names : tuple of str
        Names of label 0 and label 1.

    Returns
    -------
    participants : DataFrame
        participant_id (sub-001 ...), label (classes differ by at most one), class_name, family_id
        (pairs of siblings, missing for all others), age (years, the same distribution in both
        classes).
    """
    n = settings["n_subjects"]
    rng = np.random.default_rng([seed, _PLAN])
    labels = rng.permutation(np.arange(n) % 2)
    n_pairs = int(settings["family_fraction"] * n / 2)
    family = pd.array([pd.NA] * n, dtype="string")
    for number, pair in enumerate(rng.permutation(n)[: 2 * n_pairs].reshape(-1, 2), start=1):
        family[pair] = f"fam-{number:03d}"
    digits = max(3, len(str(n)))
    return pd.DataFrame(
        {
            "participant_id": [f"sub-{number:0{digits}d}" for number in range(1, n + 1)],
            "label": labels,
            "class_name": [class_names[label] for label in labels],
            "family_id": family,
            "age": rng.uniform(*AGE_RANGE, n).round(1),
        }
    )


def region_weights(
    masks: Sequence[np.ndarray], templates: Templates, settings: Mapping[str, Any]
) -> np.ndarray:
    """Return where and how strongly each region of ``settings["regions"]`` changes the signal.

    Parameters
    ----------
    masks : sequence of (X, Y, Z) bool arrays
        The regions on the template grid, in the order of the settings.
    templates : Templates
        For the tissue probabilities.
    settings : mapping
        ``cohort.synthetic``.

    Returns
    -------
    weights : (k, X, Y, Z) float32 array
        Softened mask times the probability of the region's tissue, 0 to 1.
    """
    tissues = {"grey": templates.grey, "white": templates.white}
    sigma = REGION_EDGE_MM / templates.grid.voxel_sizes
    return np.stack(
        [
            ndimage.gaussian_filter(mask.astype(np.float32), sigma) * tissues[region["tissue"]]
            for mask, region in zip(masks, settings["regions"], strict=True)
        ]
    )


def truth(weights: np.ndarray, settings: Mapping[str, Any]) -> np.ndarray:
    """Return the label volume of the planted regions.

    Parameters
    ----------
    weights : (k, X, Y, Z) array
        From `region_weights`.
    settings : mapping
        ``cohort.synthetic``.

    Returns
    -------
    labels : (X, Y, Z) uint8 array
        1 .. k where the weight of region k is largest and at least half of that region's maximum;
        0 elsewhere, and everywhere if ``settings["null_cohort"]``.
    """
    if settings["null_cohort"]:
        return np.zeros(weights.shape[1:], np.uint8)
    strong = weights >= weights.max(axis=(1, 2, 3), keepdims=True) / 2
    labels = np.where(strong, weights, 0).argmax(axis=0) + 1
    return np.where(strong.any(axis=0), labels, 0).astype(np.uint8)


def smooth_basis(n_voxels: int, voxel_size: float, length_mm: float) -> np.ndarray:
    """Return a basis of a smooth unit-variance random process along one axis.

    Parameters
    ----------
    n_voxels : int
        Voxels along the axis.
    voxel_size, length_mm : float
        Edge of a voxel and sd of the Gaussian kernel, mm.

    Returns
    -------
    basis : (n_voxels, n_knots) float32 array
        Gaussians of sd `length_mm` around knots one sd apart that reach beyond both ends. Rows have
        unit norm, so that independent standard normal coefficients give exactly unit variance at
        every voxel, the borders included; products of three axes inherit that.
    """
    positions = np.arange(n_voxels) * voxel_size
    knots = np.arange(-2 * length_mm, positions[-1] + 2.001 * length_mm, length_mm)
    basis = np.exp(-(((positions[:, None] - knots) / length_mm) ** 2) / 2)
    return (basis / np.linalg.norm(basis, axis=1, keepdims=True)).astype(np.float32)


def _smooth_field(
    rngs: Sequence[tuple[np.random.Generator, float]], grid: Grid, length_mm: float, n_fields: int
) -> np.ndarray:
    """Return smooth standard normal fields, (n_fields, X, Y, Z): weighted sums over generators."""
    bases = [
        smooth_basis(size, edge, length_mm)
        for size, edge in zip(grid.shape, grid.voxel_sizes, strict=True)
    ]
    knots = (n_fields, *(basis.shape[1] for basis in bases))
    draws = [weight * rng.standard_normal(knots, dtype=np.float32) for rng, weight in rngs]
    field: np.ndarray = np.sum(draws, axis=0)
    for axis, basis in enumerate(bases, start=1):
        field = np.moveaxis(np.tensordot(field, basis, axes=(axis, 1)), -1, axis)
    return field


def _sample(volume: np.ndarray, points: np.ndarray, order: int = 1) -> np.ndarray:
    return ndimage.map_coordinates(volume, points, order=order, prefilter=False)


def _template_points(
    row: Mapping[str, Any], index: int, templates: Templates, settings: Mapping[str, Any], seed: int
) -> np.ndarray:
    """Return the template's voxel coordinates, (3, X, Y, Z), at the participant's voxels."""
    grid = templates.grid
    rng = np.random.default_rng([seed, _SHAPE, index])
    size = rng.standard_normal() + settings["head_size_effect"] * (row["label"] - 0.5)
    scale = np.exp(settings["head_size_sd"] * size / 3)  # the sd is that of the log volume
    sources = [(rng, 1.0)]
    if not pd.isna(row["family_id"]):
        family = int(str(row["family_id"]).rpartition("-")[2])
        shared = np.random.default_rng([seed, _FAMILY, family])
        sources = [(rng, np.sqrt(1 - SIBLING_SHARE)), (shared, np.sqrt(SIBLING_SHARE))]
    shift = _smooth_field(sources, grid, DEFORMATION_LENGTH_MM, 3)
    shift *= settings["deformation_mm"] / grid.voxel_sizes.mean()
    centre = np.array(ndimage.center_of_mass(templates.brain), np.float32)[:, None, None, None]
    return (np.indices(grid.shape, np.float32) - centre) / np.float32(scale) + centre + shift


def make_participant(
    row: Mapping[str, Any],
    templates: Templates,
    weights: np.ndarray,
    settings: Mapping[str, Any],
    seed: int,
    segmentation: Segmentation,
) -> tuple[np.ndarray, Grid, dict[str, Any], float]:
    """Make one participant's image and morphometry.

    Parameters
    ----------
    row : mapping
        A row of `plan`.
    templates : Templates
        The template brain.
    weights : (k, X, Y, Z) array
        From `region_weights`. In region r the signal is multiplied by ``1 + signal_sd * weight * (z
        + direction * effect_size * (label - 0.5))`` with z standard normal per participant: the
        effect size is Cohen's d of the region's signal between the classes. With ``null_cohort``
        the term in the label is dropped; z stays, so that the images are otherwise the same.
    settings : mapping
        ``cohort.synthetic``.
    seed : int
        The run's seed.
    segmentation : Segmentation
        From `voxplain.simulation.segmentation.segment`.

    Returns
    -------
    t1 : (X, Y, Z) int16 array
        The brain-extracted image.
    grid : Grid
        The template's.
    morphometry : dict
        Subject, Release, Gender, Age and HCP's ``FS_`` columns.
    tiv_ml : float
        Volume inside the brain mask, ml.
    """
    index = int(str(row["participant_id"]).rpartition("-")[2])
    points = _template_points(row, index, templates, settings, seed)
    inside = _sample(templates.brain, points) > 0.5
    points = points[:, inside]
    signal = _signal(row, index, templates, weights, settings, seed)
    values = _sample(signal, points) * _bias(index, templates.grid, settings, seed)[inside]
    rng = np.random.default_rng([seed, _NOISE, index])
    noise = rng.standard_normal((2, values.size), np.float32) * np.float32(settings["noise_sd"])
    values = WHITE_MATTER_INTENSITY * np.hypot(values + noise[0], noise[1])
    t1 = np.zeros(templates.grid.shape, np.int16)
    t1[inside] = np.rint(values)
    measured = Measured(
        values=t1[inside].astype(np.float64),
        grey=_sample(templates.grey, points),
        white=_sample(templates.white, points),
        structure=_sample(segmentation.labels, points, order=0),
        left=points[0] < templates.grid.voxels(np.zeros(3))[0],
        voxel_mm3=templates.grid.voxel_volume,
    )
    rng = np.random.default_rng([seed, _MORPHOMETRY, index])
    features = morphometry.describe(measured, segmentation, rng)
    tiv_ml = float(np.count_nonzero(inside) * templates.grid.voxel_volume / 1000)
    about = {
        "Subject": row["participant_id"],
        "Release": "S1200",
        "Gender": row["class_name"],
        "Age": age_band(row["age"]),
    }
    return t1, templates.grid, about | features, tiv_ml


def _signal(
    row: Mapping[str, Any],
    index: int,
    templates: Templates,
    weights: np.ndarray,
    settings: Mapping[str, Any],
    seed: int,
) -> np.ndarray:
    """Return the participant's noise-free T1 signal on the template, white matter near 1."""
    rng = np.random.default_rng([seed, _CONTRAST, index])
    gain, grey, white = 1 + settings["contrast_sd"] * rng.standard_normal(3)
    signal = templates.t1 * (
        gain + (grey - 1) * templates.grey + (white - 1) * templates.white
    ).astype(np.float32)
    effect = 0.0 if settings["null_cohort"] else settings["effect_size"] * (row["label"] - 0.5)
    z = np.random.default_rng([seed, _EFFECT, index]).standard_normal(len(weights))
    for weight, z_region, region in zip(weights, z, settings["regions"], strict=True):
        change = settings["signal_sd"] * (z_region + region["direction"] * effect)
        signal *= 1 + np.float32(change) * weight
    return signal


def _bias(index: int, grid: Grid, settings: Mapping[str, Any], seed: int) -> np.ndarray:
    rng = np.random.default_rng([seed, _CONTRAST, index, 1])
    field = _smooth_field([(rng, 1.0)], grid, BIAS_LENGTH_MM, 1)[0]
    return np.exp(np.float32(settings["bias_sd"]) * field)


def age_band(age: float) -> str:
    """Return HCP's open-access age band of an age in years."""
    for last, band in ((26, "22-25"), (31, "26-30"), (36, "31-35")):
        if age < last:
            return band
    return "36+"
