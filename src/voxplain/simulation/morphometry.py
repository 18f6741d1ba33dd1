"""HCP-style morphometry of synthetic participants.

Measured on the participant's image with its warped segmentation: the global volumes,
the volume, voxel count and intensity mean, sd, minimum, maximum and range of the thalamus, caudate,
putamen, pallidum, accumbens, hippocampus, amygdala, cerebellum, brain stem, ventral diencephalon
and corpus callosum, and the grey-matter volume of the 34 cortical regions per hemisphere
(Desikan-Killiany regions approximated by Brainnetome subregions).

All other measures are drawn (see `Drawn`), because a voxel model has no cortical surface and does
not resolve the ventricles.
"""

from typing import NamedTuple

import numpy as np

from voxplain.cohort.morphometry import hcp_columns
from voxplain.simulation.segmentation import Measured, Segmentation, totals, volumes

HEAD_SD, VOLUME_SD = 0.08, 0.1  # of the logarithms that z_head and z_volume standardise


class Drawn(NamedTuple):
    """Distribution of a measure that is drawn.

    A value is ``mean * (1 + cv * (on_volume * z_volume + on_head * z_head + rest * e))``, at least
    5 % of the mean, with e standard normal and ``rest² = 1 - on_volume² - on_head²``. z_head is the
    log of the head size over `HEAD_SD`, z_volume the log of the region's share of the head over
    `VOLUME_SD`, both relative to the template.

    Attributes
    ----------
    mean, cv : float
        Mean and coefficient of variation.
    on_volume, on_head : float
        Loadings on z_volume and z_head: the correlations if these are standard normal.
    """

    mean: float
    cv: float
    on_volume: float
    on_head: float


# By measure. The means of Area and NumVert are per mm³ of the template's regional grey matter.
SURFACE = {
    "Thck": Drawn(2.6, 0.06, 0.3, 0.0),
    "Area": Drawn(0.35, 0.12, 0.6, 0.6),
    "NumVert": Drawn(0.52, 0.12, 0.6, 0.6),
    "ThckStd": Drawn(0.6, 0.10, 0.1, 0.0),
    "MeanCurv": Drawn(0.13, 0.06, -0.2, -0.1),
    "GausCurv": Drawn(0.03, 0.15, -0.1, 0.0),
    "FoldInd": Drawn(15.0, 0.30, 0.2, 0.1),
    "CurvInd": Drawn(2.5, 0.25, 0.3, 0.2),
}

# By structure: volumes, mm³; the volume of z_volume is that of CSF.
DRAWN_STRUCTURES = {
    "L_LatVent": Drawn(7000.0, 0.40, 0.5, 0.3),
    "R_LatVent": Drawn(6500.0, 0.40, 0.5, 0.3),
    "L_InfLatVent": Drawn(260.0, 0.40, 0.4, 0.2),
    "R_InfLatVent": Drawn(230.0, 0.40, 0.4, 0.2),
    "3rdVent": Drawn(850.0, 0.25, 0.5, 0.3),
    "4thVent": Drawn(1800.0, 0.25, 0.3, 0.3),
    "CSF": Drawn(950.0, 0.20, 0.6, 0.4),
    "L_Vessel": Drawn(50.0, 0.50, 0.0, 0.1),
    "R_Vessel": Drawn(50.0, 0.50, 0.0, 0.1),
    "L_ChoroidPlexus": Drawn(1000.0, 0.25, 0.3, 0.2),
    "R_ChoroidPlexus": Drawn(1100.0, 0.25, 0.3, 0.2),
    "WM_Hypointens": Drawn(900.0, 0.40, 0.1, 0.1),
    "OpticChiasm": Drawn(230.0, 0.20, 0.0, 0.2),
}


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
        For the drawn measures; the number of draws is always the same.
    """
    reference = segmentation.reference
    volume = totals(measured, segmentation.names) | volumes(measured, segmentation.names)
    growth = volume["InterCranial_Vol"] / reference["InterCranial_Vol"]
    z_head = np.log(growth) / HEAD_SD

    def z_volume(name: str) -> float:
        # At least one voxel, since a structure without any would have a share of log 0.
        share = max(volume[name], measured.voxel_mm3) / reference[name] / growth
        return float(np.log(share) / VOLUME_SD)

    def draw(model: Drawn, mean: float, z: float) -> float:
        rest = np.sqrt(1 - model.on_volume**2 - model.on_head**2) * rng.standard_normal()
        z_value = model.on_volume * z + model.on_head * z_head + rest
        return float(max(mean * (1 + model.cv * z_value), 0.05 * mean))

    ventricles = {
        name: draw(model, model.mean, z_volume("csf")) for name, model in DRAWN_STRUCTURES.items()
    }
    values = _global_columns(volume, ventricles, rng)
    for name in hcp_columns.STRUCTURES:
        values |= _structure_columns(name, measured, segmentation, ventricles, rng)
    for side in "LR":
        for region in hcp_columns.REGIONS:
            name = f"{side}_{region}"
            for measure, model in SURFACE.items():
                per_mm3 = measure in ("Area", "NumVert")
                mean = model.mean * reference[name] if per_mm3 else model.mean
                value = draw(model, mean, z_volume(name))
                column = hcp_columns.region_column(side, region, measure)
                values[column] = round(value) if measure == "NumVert" else value
            values[hcp_columns.region_column(side, region, "GrayVol")] = volume[name]
    return {name: round(float(values[name]), 4) for name in hcp_columns.columns()}


def _global_columns(
    volume: dict[str, float], ventricles: dict[str, float], rng: np.random.Generator
) -> dict[str, float]:
    inner = sum(size for name, size in ventricles.items() if "Vent" in name)
    brain = volume["BrainSeg_Vol_No_Vent"] + inner
    holes = rng.poisson(15, 2)
    extra = {
        "BrainSeg_Vol": brain,
        "SupraTentorial_Vol": volume["SupraTentorial_Vol_No_Vent"] + inner,
        "BrainSegVol_eTIV_Ratio": brain / volume["InterCranial_Vol"],
        "MaskVol_eTIV_Ratio": volume["Mask_Vol"] / volume["InterCranial_Vol"],
        "LH_Defect_Holes": holes[0],
        "RH_Defect_Holes": holes[1],
        "Total_Defect_Holes": holes.sum(),
    }
    return {f"FS_{name}": (volume | extra)[name] for name in hcp_columns.GLOBALS}


def _structure_columns(
    name: str,
    measured: Measured,
    segmentation: Segmentation,
    ventricles: dict[str, float],
    rng: np.random.Generator,
) -> dict[str, float]:
    """Return a structure's volume, voxel count and intensities: measured, drawn or zero."""
    if name in segmentation.names:
        label = segmentation.names.index(name) + 1
        values = measured.values[measured.structure == label]
        n_voxels, volume = len(values), len(values) * measured.voxel_mm3
        if n_voxels == 0:
            values = np.zeros(1)
    elif name in ventricles:
        # CSF is dark on T1, with partial volume of its surroundings.
        volume = ventricles[name]
        n_voxels = round(volume / measured.voxel_mm3)
        values = 350 + 60 * rng.standard_normal(30)
    else:  # such as the fifth ventricle, which young adults lack
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
