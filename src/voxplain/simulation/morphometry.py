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

import numpy as np

from voxplain.cohort.morphometry import hcp_columns
from voxplain.simulation.segmentation import Measured, Segmentation, totals, volumes

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


def describe(
    measured: Measured, segmentation: Segmentation, rng: np.random.Generator
) -> dict[str, float]:
    """Return a participant's 935 ``FS_`` columns, in HCP's order.

    Parameters
    ----------
    measured : Measured
        The participant's brain voxels.
    segmentation : Segmentation
        From `voxplain.simulation.segmentation.segment`.
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
