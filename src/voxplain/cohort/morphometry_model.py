"""HCP-style morphometry of synthetic participants.

Measured on the participant's own image under its own (warped) segmentation: the global volumes,
the volume, voxel count and intensity mean, sd, minimum, maximum and range of the thalamus, caudate,
putamen, pallidum, accumbens, hippocampus, amygdala, cerebellum, brain stem, ventral diencephalon
and corpus callosum, and the grey-matter volume of the 34 cortical regions per hemisphere
(Desikan-Killiany regions approximated by Brainnetome subregions).

Drawn, because a voxel model has no cortical surface and no resolved ventricles: everything else. A
drawn value is ``mean * (1 + cv * (a * z_volume + b * z_head + sqrt(1 - a² - b²) * e))`` with e
standard normal. z_head is the log head size over 0.08; z_volume the log of the region's share of
the head over 0.1 (both relative to the template). The loadings a and b, which are the correlations
where the z are standard normal, stand in `SURFACE` and `DRAWN_STRUCTURES`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from voxplain.cohort import hcp_columns, structures
from voxplain.errors import CohortError
from voxplain.grid import Grid

HEAD_SD, VOLUME_SD = 0.08, 0.1  # of logarithms; what one unit of z_head and z_volume means

# measure: (mean, coefficient of variation, loading on z_volume, loading on z_head). The mean of
# Area and NumVert is per mm³ of the template's regional grey matter.
SURFACE = {
    "Thck": (2.6, 0.06, 0.3, 0.0),
    "Area": (0.35, 0.12, 0.6, 0.6),
    "NumVert": (0.52, 0.12, 0.6, 0.6),
    "ThckStd": (0.6, 0.10, 0.1, 0.0),
    "MeanCurv": (0.13, 0.06, -0.2, -0.1),
    "GausCurv": (0.03, 0.15, -0.1, 0.0),
    "FoldInd": (15.0, 0.30, 0.2, 0.1),
    "CurvInd": (2.5, 0.25, 0.3, 0.2),
}

# structure: (mean volume mm³, cv, loading on the share of CSF, loading on z_head)
DRAWN_STRUCTURES = {
    "L_LatVent": (7000.0, 0.40, 0.5, 0.3),
    "R_LatVent": (6500.0, 0.40, 0.5, 0.3),
    "L_InfLatVent": (260.0, 0.40, 0.4, 0.2),
    "R_InfLatVent": (230.0, 0.40, 0.4, 0.2),
    "3rdVent": (850.0, 0.25, 0.5, 0.3),
    "4thVent": (1800.0, 0.25, 0.3, 0.3),
    "CSF": (950.0, 0.20, 0.6, 0.4),
    "L_Vessel": (50.0, 0.50, 0.0, 0.1),
    "R_Vessel": (50.0, 0.50, 0.0, 0.1),
    "L_ChoroidPlexus": (1000.0, 0.25, 0.3, 0.2),
    "R_ChoroidPlexus": (1100.0, 0.25, 0.3, 0.2),
    "WM_Hypointens": (900.0, 0.40, 0.1, 0.1),
    "OpticChiasm": (230.0, 0.20, 0.0, 0.2),
}
# Young adults have none; HCP's columns are (nearly) constant, too.
ABSENT_STRUCTURES = (
    *("5thVent", "L_WM_Hypointens", "R_WM_Hypointens"),
    *("L_Non-WM_Hypointens", "R_Non-WM_Hypointens"),
)


@dataclass(frozen=True)
class Segmentation:
    """Structures and cortical regions as one label volume on the template grid.

    Attributes
    ----------
    labels : (X, Y, Z) int16 array
        0 for none, else 1 + the position in `names`.
    names : tuple of str
        ``L_Hippo``, ``CC_Posterior``, ``L_Insula``, ...
    reference : dict
        `totals` and `volumes` of the undeformed template, mm³.
    """

    labels: np.ndarray
    names: tuple[str, ...]
    reference: dict[str, float]


@dataclass(frozen=True)
class Measured:
    """What is measured in a participant's n brain voxels.

    Attributes
    ----------
    values : (n,) float array
        T1 signal of the final image.
    grey, white : (n,) arrays
        Tissue probabilities.
    structure : (n,) int array
        Values of `Segmentation.labels`.
    left : (n,) bool array
        Left of the midline.
    voxel_mm3 : float
        Volume of a voxel.
    """

    values: np.ndarray
    grey: np.ndarray
    white: np.ndarray
    structure: np.ndarray
    left: np.ndarray
    voxel_mm3: float


def segment(
    atlases: Mapping[str, tuple[np.ndarray, Mapping[int, str]]],
    grid: Grid,
    grey: np.ndarray,
    white: np.ndarray,
    brain: np.ndarray,
) -> Segmentation:
    """Combine the atlases' labels into FreeSurfer-like structures.

    Parameters
    ----------
    atlases : mapping
        ``brainnetome`` and ``mori``: (X, Y, Z) label arrays on the template grid, each with names
        by label value. Where both have a label, Brainnetome's holds.
    grid : Grid
        The template's, RAS.
    grey, white, brain : (X, Y, Z) arrays
        The template's tissue probabilities and brain mask.

    Raises
    ------
    CohortError
        If an atlas is missing or a structure has no voxels, so that columns could not be derived.
    """
    labels = np.zeros(grid.shape, np.int16)
    names: list[str] = []
    for atlas, rename in (("mori", structures.of_mori), ("brainnetome", structures.of_brainnetome)):
        if atlas not in atlases:
            raise CohortError(f"synthetic morphometry needs the atlas '{atlas}'; add it to atlases")
        array, label_names = atlases[atlas]
        lookup = np.zeros(int(array.max()) + 1, np.int16)
        for value, name in label_names.items():
            target = rename(name)
            if target and value < len(lookup):
                if target not in names:
                    names.append(target)
                lookup[value] = names.index(target) + 1
        found = lookup[array]
        labels = np.where(found > 0, found, labels)
    _divide_midline(labels, names, grid, grey > white)
    expected = {f"{side}_{name}" for side in "LR" for name in structures.BRAINNETOME} | set(names)
    present = {names[value - 1] for value in np.unique(labels) if value}
    if missing := sorted(expected - present):
        raise CohortError(
            f"the atlases have no voxels for {', '.join(missing)}; use Brainnetome 246 and Mori's "
            "labels, or smaller voxels (cohort.synthetic.voxel_size_mm)"
        )
    inside = brain > 0
    measured = Measured(
        values=np.zeros(np.count_nonzero(inside)),
        grey=grey[inside],
        white=white[inside],
        structure=labels[inside],
        left=(np.argwhere(inside)[:, 0] < grid.voxels(np.zeros(3))[0]),
        voxel_mm3=grid.voxel_volume,
    )
    reference = totals(measured, names) | volumes(measured, names)
    return Segmentation(labels, tuple(names), reference)


def _divide_midline(
    labels: np.ndarray, names: list[str], grid: Grid, mostly_grey: np.ndarray
) -> None:
    """Divide the cerebellum by midline and tissue and the callosal body into thirds, in place.

    Mori's cerebellar labels do not keep to their sides, so the midline decides.
    """
    names += [name for name in ("CC_MidPosterior", "CC_MidAnterior") if name not in names]
    number = {name: names.index(name) + 1 for name in names}
    body = np.argwhere(labels == number["CC_Central"])
    low, high = np.quantile(body[:, 1], (1 / 3, 2 / 3))
    labels[tuple(body[body[:, 1] < low].T)] = number["CC_MidPosterior"]
    labels[tuple(body[body[:, 1] > high].T)] = number["CC_MidAnterior"]
    parts = [f"{side}_Cerebellum_{part}" for side in "LR" for part in ("Cort", "WM")]
    cerebellum = np.isin(labels, [number[part] for part in parts])
    left = np.arange(grid.shape[0])[:, None, None] < grid.voxels(np.zeros(3))[0]
    for side, on_side in (("L", left), ("R", ~left)):
        labels[cerebellum & on_side & mostly_grey] = number[f"{side}_Cerebellum_Cort"]
        labels[cerebellum & on_side & ~mostly_grey] = number[f"{side}_Cerebellum_WM"]


def volumes(measured: Measured, names: list[str] | tuple[str, ...]) -> dict[str, float]:
    """Volumes, mm³: grey matter of cortical regions, all tissue of other structures."""
    size = len(names) + 1
    whole = np.bincount(measured.structure, minlength=size)[1:]
    grey = np.bincount(measured.structure, measured.grey, minlength=size)[1:]
    return {
        name: float(measured.voxel_mm3 * (grey[i] if _is_cortical(name) else whole[i]))
        for i, name in enumerate(names)
    }


def _is_cortical(name: str) -> bool:
    return name[2:] in hcp_columns.REGIONS


def totals(measured: Measured, names: list[str] | tuple[str, ...]) -> dict[str, float]:
    """HCP's global volumes (without ``FS_``), mm³, and the volume of CSF as ``csf``."""
    cortical = np.array([False, *(_is_cortical(name) for name in names)])[measured.structure]
    below = np.array([False, *("Cerebellum" in n or n == "BrainStem" for n in names)])
    below = below[measured.structure]
    grey, white = measured.grey * measured.voxel_mm3, measured.white * measured.voxel_mm3
    tissue, left = grey + white, measured.left
    head = float(len(left) * measured.voxel_mm3)
    result = {
        "InterCranial_Vol": head,
        "BrainSeg_Vol_No_Vent": tissue.sum(),
        "BrainSeg_Vol_No_Vent_Surf": tissue.sum(),
        "LCort_GM_Vol": grey[cortical & left].sum(),
        "RCort_GM_Vol": grey[cortical & ~left].sum(),
        "TotCort_GM_Vol": grey[cortical].sum(),
        "SubCort_GM_Vol": grey[~cortical & ~below].sum(),
        "Total_GM_Vol": grey.sum(),
        "SupraTentorial_Vol_No_Vent": tissue[~below].sum(),
        "SupraTentorial_No_Vent_Voxel_Count": tissue[~below].sum() / measured.voxel_mm3,
        "L_WM_Vol": white[left & ~below].sum(),
        "R_WM_Vol": white[~left & ~below].sum(),
        "Tot_WM_Vol": white[~below].sum(),
        "Mask_Vol": head,
        "csf": head - tissue.sum(),
    }
    return {name: float(value) for name, value in result.items()}


def describe(
    measured: Measured, segmentation: Segmentation, rng: np.random.Generator
) -> dict[str, float]:
    """Return a participant's 935 ``FS_`` columns, in HCP's order.

    Parameters
    ----------
    measured : Measured
        The participant's brain voxels.
    segmentation : Segmentation
        From `segment`.
    rng : numpy.random.Generator
        For what is drawn; always the same number of draws.
    """
    reference = segmentation.reference
    found = totals(measured, segmentation.names) | volumes(measured, segmentation.names)
    growth = found["InterCranial_Vol"] / reference["InterCranial_Vol"]
    z_head = np.log(growth) / HEAD_SD

    def share(name: str) -> float:
        # The floor of one voxel keeps a structure that was missed from being minus infinity.
        volume = max(found[name], measured.voxel_mm3)
        return float(np.log(volume / reference[name] / growth) / VOLUME_SD)

    def draw(mean: float, cv: float, on_volume: float, on_head: float, z_volume: float) -> float:
        own = np.sqrt(1 - on_volume**2 - on_head**2) * rng.standard_normal()
        return max(mean * (1 + cv * (on_volume * z_volume + on_head * z_head + own)), 0.05 * mean)

    ventricles = {
        name: draw(*model, z_volume=share("csf")) for name, model in DRAWN_STRUCTURES.items()
    }
    values = _global_columns(found, ventricles, rng)
    for name in hcp_columns.STRUCTURES:
        values |= _structure_columns(name, measured, segmentation, ventricles, rng)
    for side in "LR":
        for region in hcp_columns.REGIONS:
            name = f"{side}_{region}"
            for measure, (mean, *model) in SURFACE.items():
                if measure in ("Area", "NumVert"):
                    mean *= reference[name]
                column = hcp_columns.region_column(side, region, measure)
                value = draw(mean, *model, z_volume=share(name))
                values[column] = round(value) if measure == "NumVert" else value
            values[hcp_columns.region_column(side, region, "GrayVol")] = found[name]
    return {name: round(float(values[name]), 4) for name in hcp_columns.columns()}


def _global_columns(
    found: dict[str, float], ventricles: dict[str, float], rng: np.random.Generator
) -> dict[str, float]:
    inner = sum(volume for name, volume in ventricles.items() if "Vent" in name)
    holes = rng.poisson(15, 2)
    extra = {
        "BrainSeg_Vol": found["BrainSeg_Vol_No_Vent"] + inner,
        "SupraTentorial_Vol": found["SupraTentorial_Vol_No_Vent"] + inner,
        "BrainSegVol_eTIV_Ratio": (found["BrainSeg_Vol_No_Vent"] + inner)
        / found["InterCranial_Vol"],
        "MaskVol_eTIV_Ratio": found["Mask_Vol"] / found["InterCranial_Vol"],
        "LH_Defect_Holes": holes[0],
        "RH_Defect_Holes": holes[1],
        "Total_Defect_Holes": holes.sum(),
    }
    return {f"FS_{name}": (found | extra)[name] for name in hcp_columns.GLOBALS}


def _structure_columns(
    name: str,
    measured: Measured,
    segmentation: Segmentation,
    ventricles: dict[str, float],
    rng: np.random.Generator,
) -> dict[str, float]:
    """Volume, voxel count and intensities of one structure: measured, drawn or absent."""
    if name in segmentation.names:
        label = segmentation.names.index(name) + 1
        values = measured.values[measured.structure == label]
        n_voxels, volume = len(values), len(values) * measured.voxel_mm3
        if n_voxels == 0:
            values = np.zeros(1)
    elif name in ventricles:
        # CSF on T1: dark, and partly volume of what surrounds it.
        volume = ventricles[name]
        n_voxels = round(volume / measured.voxel_mm3)
        values = 350 + 60 * rng.standard_normal(30)
    else:
        volume, n_voxels, values = 0.0, 0, np.zeros(1)
    low, high = values.min(), values.max()
    measures = {
        "Vol": volume,
        "Vox": n_voxels,
        "Mean": values.mean(),
        "Std": values.std(),
        "Range": high - low,
        "Min": low,
        "Max": high,
    }
    return {hcp_columns.structure_column(name, key): value for key, value in measures.items()}
