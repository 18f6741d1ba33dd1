"""FreeSurfer-like structures and cortical regions of a template, and their volumes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from voxplain.cohort.morphometry import hcp_columns, structures
from voxplain.errors import CohortError
from voxplain.image.grid import Grid


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
    """Measurements in a participant's n brain voxels.

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
        by label value. Where both have a label, Brainnetome's is used.
    grid : Grid
        The template's, RAS.
    grey, white, brain : (X, Y, Z) arrays
        The template's tissue probabilities and brain mask.

    Raises
    ------
    CohortError
        If an atlas is missing, or a structure that HCP's columns need has no voxels.
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
        of_atlas = lookup[array]
        labels = np.where(of_atlas > 0, of_atlas, labels)
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

    Mori's cerebellar labels cross the midline, so the midline separates the sides.
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
    """Return volumes, mm³: grey matter of cortical regions, all tissue of other structures.

    Parameters
    ----------
    measured : Measured
        A participant's brain voxels.
    names : sequence of str
        `Segmentation.names`.
    """
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
    """Return HCP's global volumes (without ``FS_``), mm³, and the volume of CSF as ``csf``.

    Parameters
    ----------
    measured : Measured
        A participant's brain voxels.
    names : sequence of str
        `Segmentation.names`.
    """
    cortical = np.array([False, *(_is_cortical(name) for name in names)])[measured.structure]
    infratentorial = ["Cerebellum" in name or name == "BrainStem" for name in names]
    below = np.array([False, *infratentorial])[measured.structure]
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
