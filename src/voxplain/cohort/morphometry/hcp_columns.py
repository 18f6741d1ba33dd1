"""Column names of HCP's Expanded FreeSurfer table, generated from their pattern.

The order is that of the S1200 release's ``unrestricted_hcp_freesurfer.csv``, kinks included: the
intracranial volume is spelt ``InterCranial``; one structure lacks all but its volume; the right
cerebellar cortex bears the left one's name (pandas tells the two apart by ``.1``); and two left
regions change places in two measures.
"""

GLOBALS = (
    "InterCranial_Vol",
    "BrainSeg_Vol",
    "BrainSeg_Vol_No_Vent",
    "BrainSeg_Vol_No_Vent_Surf",
    "LCort_GM_Vol",
    "RCort_GM_Vol",
    "TotCort_GM_Vol",
    "SubCort_GM_Vol",
    "Total_GM_Vol",
    "SupraTentorial_Vol",
    "SupraTentorial_Vol_No_Vent",
    "SupraTentorial_No_Vent_Voxel_Count",
    "L_WM_Vol",
    "R_WM_Vol",
    "Tot_WM_Vol",
    "Mask_Vol",
    "BrainSegVol_eTIV_Ratio",
    "MaskVol_eTIV_Ratio",
    "LH_Defect_Holes",
    "RH_Defect_Holes",
    "Total_Defect_Holes",
)

_LATERAL = (
    "LatVent",
    "InfLatVent",
    "Cerebellum_WM",
    "Cerebellum_Cort",
    "ThalamusProper",
    "Caudate",
    "Putamen",
    "Pallidum",
)
_LATE_LATERAL = ("AccumbensArea", "VentDC", "Vessel", "ChoroidPlexus")

STRUCTURES = (
    *(f"L_{name}" for name in _LATERAL),
    "3rdVent",
    "4thVent",
    "BrainStem",
    "L_Hippo",
    "L_Amygdala",
    "CSF",
    *(f"L_{name}" for name in _LATE_LATERAL),
    *(f"R_{name}" for name in _LATERAL),
    "R_Hippo",
    "R_Amygdala",
    *(f"R_{name}" for name in _LATE_LATERAL),
    "5thVent",
    "WM_Hypointens",
    "L_WM_Hypointens",
    "R_WM_Hypointens",
    "L_Non-WM_Hypointens",
    "R_Non-WM_Hypointens",
    "OpticChiasm",
    *(f"CC_{part}" for part in ("Posterior", "MidPosterior", "Central", "MidAnterior", "Anterior")),
)

REGIONS = (
    "Bankssts",
    "Caudalanteriorcingulate",
    "Caudalmiddlefrontal",
    "Cuneus",
    "Entorhinal",
    "Fusiform",
    "Inferiorparietal",
    "Inferiortemporal",
    "Isthmuscingulate",
    "Lateraloccipital",
    "Lateralorbitofrontal",
    "Lingual",
    "Medialorbitofrontal",
    "Middletemporal",
    "Parahippocampal",
    "Paracentral",
    "Parsopercularis",
    "Parsorbitalis",
    "Parstriangularis",
    "Pericalcarine",
    "Postcentral",
    "Posteriorcingulate",
    "Precentral",
    "Precuneus",
    "Rostralanteriorcingulate",
    "Rostralmiddlefrontal",
    "Superiorfrontal",
    "Superiorparietal",
    "Superiortemporal",
    "Supramarginal",
    "Frontalpole",
    "Temporalpole",
    "Transversetemporal",
    "Insula",
)

SURFACE_MEASURES = (
    "Thck",
    "Area",
    "NumVert",
    "GrayVol",
    "ThckStd",
    "MeanCurv",
    "GausCurv",
    "FoldInd",
    "CurvInd",
)

_MISNAMED = "FS_L_Cerebellum_Cort_{measure}.1"


def structure_column(structure: str, measure: str) -> str:
    """Return the column of a subcortical structure, such as ``FS_L_Hippo_Vol``.

    Parameters
    ----------
    structure : str
        One of `STRUCTURES`.
    measure : str
        Such as ``Vol``.
    """
    if structure == "R_Cerebellum_Cort":
        return _MISNAMED.format(measure=measure)
    return f"FS_{structure}_{measure}"


def region_column(side: str, region: str, measure: str) -> str:
    """Return the column of a cortical region, such as ``FS_L_Insula_Thck``.

    Parameters
    ----------
    side : {"L", "R"}
    region : str
        One of `REGIONS`.
    measure : str
        One of `SURFACE_MEASURES`.
    """
    return f"FS_{side}_{region}_{measure}"


def _region_order(side: str, measure: str) -> tuple[str, ...]:
    if side == "L" and measure in ("NumVert", "GrayVol"):
        return (REGIONS[1], REGIONS[0], *REGIONS[2:])
    return REGIONS


def columns() -> list[str]:
    """Return the 935 ``FS_`` columns in the table's order."""
    measured = [name for name in STRUCTURES if name != "L_InfLatVent"]
    names = [f"FS_{name}" for name in GLOBALS]
    names += [structure_column(structure, "Vol") for structure in STRUCTURES]
    for group in (("Vox",), ("Mean", "Std"), ("Range", "Min", "Max")):
        names += [structure_column(name, measure) for name in measured for measure in group]
    for measure in SURFACE_MEASURES:
        for side in "LR":
            names += [region_column(side, name, measure) for name in _region_order(side, measure)]
    return names


def corrected(names: list[str]) -> dict[str, str]:
    """Return new names for the columns of `names` that HCP's table misnames.

    The second column called ``FS_L_Cerebellum_Cort_*`` is the right cerebellar cortex.
    """
    prefix, suffix = _MISNAMED.split("{measure}")
    return {
        name: f"FS_R_Cerebellum_Cort_{name.removeprefix(prefix).removesuffix(suffix)}"
        for name in names
        if name.startswith(prefix) and name.endswith(suffix)
    }
