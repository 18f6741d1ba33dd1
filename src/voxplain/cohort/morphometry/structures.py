"""FreeSurfer's structures and Desikan-Killiany regions in terms of two atlases' labels.

The regions are approximations: each is the union of the Brainnetome subregions that lie mostly in
it. Subcortical structures come from Brainnetome where it has them, white-matter structures and the
cerebellum from Mori's atlas.
"""

import re

from voxplain.cohort.morphometry import hcp_columns

# Brainnetome's gyri under the names of its own table; label files use several.
_ALIASES = {"Str": "BG", "Cun": "MVOcC", "OcG": "LOcC", "sOcG": "sLOcC"}
_SUBREGION = re.compile(r"(\w+)_([LR])_\d+_(\d+)")

# structure or region: (gyrus, its subregions or () for all), in Brainnetome's numbering
BRAINNETOME: dict[str, list[tuple[str, tuple[int, ...]]]] = {
    "ThalamusProper": [("Tha", ())],
    "Caudate": [("BG", (1, 5))],
    "Pallidum": [("BG", (2,))],
    "AccumbensArea": [("BG", (3,))],
    "Putamen": [("BG", (4, 6))],
    "Hippo": [("Hipp", ())],
    "Amygdala": [("Amyg", ())],
    "Bankssts": [("pSTS", ())],
    "Caudalanteriorcingulate": [("CG", (5,))],
    "Rostralanteriorcingulate": [("CG", (2, 3, 7))],
    "Posteriorcingulate": [("CG", (1, 6))],
    "Isthmuscingulate": [("CG", (4,))],
    "Caudalmiddlefrontal": [("MFG", (2, 5, 6))],
    "Rostralmiddlefrontal": [("MFG", (1, 3, 4))],
    "Frontalpole": [("MFG", (7,))],
    "Cuneus": [("MVOcC", (2, 5))],
    "Lingual": [("MVOcC", (1, 4))],
    "Pericalcarine": [("MVOcC", (3,))],
    "Lateraloccipital": [("LOcC", ()), ("sLOcC", ())],
    "Entorhinal": [("PhG", (4, 5))],
    "Parahippocampal": [("PhG", (1, 2, 3, 6))],
    "Fusiform": [("FuG", ())],
    "Inferiorparietal": [("IPL", (1, 2, 5))],
    "Supramarginal": [("IPL", (3, 4, 6))],
    "Inferiortemporal": [("ITG", ())],
    "Middletemporal": [("MTG", ())],
    "Temporalpole": [("STG", (1, 5))],
    "Transversetemporal": [("STG", (2, 3))],
    "Superiortemporal": [("STG", (4, 6))],
    "Lateralorbitofrontal": [("OrG", (2, 3))],
    "Medialorbitofrontal": [("OrG", (1, 4, 5))],
    "Parsorbitalis": [("OrG", (6,))],
    "Parsopercularis": [("IFG", (1, 5, 6))],
    "Parstriangularis": [("IFG", (2, 3, 4))],
    "Paracentral": [("PCL", ())],
    "Postcentral": [("PoG", ())],
    "Precentral": [("PrG", ())],
    "Precuneus": [("Pcun", ())],
    "Superiorfrontal": [("SFG", ())],
    "Superiorparietal": [("SPL", ())],
    "Insula": [("INS", ())],
}

# Mori's names without the side: structures that FreeSurfer does not divide, and those that it does.
_MORI_WHOLE = {
    "Corpus Callosum": "CC_Posterior",
    "Corpus Callosum (Genu)": "CC_Anterior",
    "Corpus Callosum (Body)": "CC_Central",
    "Midbrain": "BrainStem",
    "Pons": "BrainStem",
    "Medulla": "BrainStem",
    "Pontine Crossing Tract": "BrainStem",
    "Cerebral Peduncle": "BrainStem",
    "Medial Lemniscus": "BrainStem",
    "corticospinal_tract": "BrainStem",
    "Cerebellar Peduncle": "BrainStem",
    "Superior Cerebellar Peduncle": "BrainStem",
}
_MORI_SIDED = {
    "Red-Nucleus": "VentDC",
    "Substancia-Nigra": "VentDC",
    "Cerebellum": "Cerebellum_Cort",
    "Middle Cerebellar Peduncle": "Cerebellum_WM",
}


_REGIONS = frozenset(f"{side}_{region}" for side in "LR" for region in hcp_columns.REGIONS)


def of_brainnetome(name: str) -> str | None:
    """Return the structure, such as ``L_Hippo``, of a Brainnetome label, or None."""
    match = _SUBREGION.fullmatch(name)
    if not match:
        return None
    gyrus, side, number = _ALIASES.get(match[1], match[1]), match[2], int(match[3])
    for target, parts in BRAINNETOME.items():
        if any(gyrus == part and (not numbers or number in numbers) for part, numbers in parts):
            return f"{side}_{target}"
    return None


def of_mori(name: str) -> str | None:
    """Return the structure, such as ``CC_Posterior``, of a label of Mori's atlas, or None."""
    side = "L" if "Left" in name else "R"
    plain = re.sub(r"\b(Left|Right) ?", "", name)
    if plain in _MORI_SIDED:
        return f"{side}_{_MORI_SIDED[plain]}"
    return _MORI_WHOLE.get(plain)


# FreeSurfer's names of subcortical structures in the tables of asegstats2table
_ASEG = {
    "Thalamus": "ThalamusProper",
    "Thalamus-Proper": "ThalamusProper",
    "Hippocampus": "Hippo",
    "Accumbens-area": "AccumbensArea",
    "VentralDC": "VentDC",
    "Cerebellum-Cortex": "Cerebellum_Cort",
    "Cerebellum-White-Matter": "Cerebellum_WM",
    "Brain-Stem": "BrainStem",
}
_CORTEX = {region.lower(): region for region in hcp_columns.REGIONS}


def of_label(atlas: str, name: str) -> str | None:
    """Return the structure of a label of an atlas, or None.

    Parameters
    ----------
    atlas : str
        Name of the atlas; its beginning says which atlas it is.
    name : str
        Name of the label.
    """
    known = {"brainnetome": of_brainnetome, "mori": of_mori}
    return next((of(name) for kind, of in known.items() if atlas.lower().startswith(kind)), None)


def of_feature(column: str) -> str | None:
    """Return the structure that a morphometric feature measures, or None.

    Names of HCP's table (``FS_L_Insula_Thck``) and of FreeSurfer's (``lh_insula_thickness``,
    ``Left-Hippocampus_volume``). Features of the whole brain or hemisphere have none.
    """
    stem, _, _ = column.rpartition("_")
    if column.startswith("FS_"):
        structure = stem.removeprefix("FS_")
        return structure if structure in _REGIONS or structure in hcp_columns.STRUCTURES else None
    if match := re.fullmatch(r"([lr])h_(\w+)", stem):
        region = _CORTEX.get(match[2].lower())
        return region and f"{match[1].upper()}_{region}"
    if match := re.fullmatch(r"(?:(Left|Right)-)?(\S+)", stem):
        structure = _ASEG.get(match[2], match[2])
        structure = f"{match[1][0]}_{structure}" if match[1] else structure
        return structure if structure in hcp_columns.STRUCTURES else None
    return None
