"""Checking orientation and position of an atlas by its names and MNI152's brain.

A mirrored or shifted header is a common defect of label images. Left and right are checked by the
sides in the regions' names; front and back, top and bottom, and the origin by the template's brain.
The template is symmetric, so left and right cannot be checked if no name has a side.
"""

import re
from dataclasses import replace

import numpy as np
from scipy import ndimage

from voxplain.atlas.labels import Atlas
from voxplain.errors import AtlasError
from voxplain.preparation import template

SIDE_TOLERANCE_MM = 3.0  # the halves of a midline structure touch x = 0
# Share of the labelled voxels inside the brain. The atlases in the docs have .988 and more; with
# front and back or top and bottom swapped, centred on zero or in voxel coordinates: .92 and less.
LEAST_INSIDE = 0.93
_SIDES = (
    ("L", "R"),
    ("l", "r"),
    ("LH", "RH"),
    ("lh", "rh"),
    ("left", "right"),
    ("Left", "Right"),
    ("LEFT", "RIGHT"),
)


def _with_side(name: str, side: int) -> str:
    """Return a region's name with the words of the other side replaced (0 left, 1 right).

    Only whole words count: the R of ``R21`` is part of a region's number.
    """
    for pair in _SIDES:
        name = re.sub(rf"(?<![A-Za-z0-9]){pair[1 - side]}(?![A-Za-z0-9])", pair[side], name)
    return name


def side_of(name: str) -> str | None:
    """Return the side in a region's name (``SFG_L_7_1``, ``Fornix R``, ``lh-insula``)."""
    left, right = (_with_side(name, side) == name for side in (0, 1))
    if left == right:  # neither side's words, or both
        return None
    return "left" if left else "right"


def check_place(atlas: Atlas) -> Atlas:
    """Refuse an atlas that is mirrored or not in MNI152.

    If two label values have the same name, one of them is on the other side, and no region has the
    name of that side, its name is corrected: the published list of the Brainnetome atlas has such
    an error.

    Returns
    -------
    Atlas
        With corrected names, if any, and notes of what was checked and corrected.

    Raises
    ------
    AtlasError
        The message says which regions, or which share of the atlas, are misplaced.
    """
    inside = _share_inside_brain(atlas)
    if inside < LEAST_INSIDE:
        raise AtlasError(
            f"Atlas {atlas.name}: only {inside:.0%} of its labelled voxels are inside the brain of "
            f"MNI152 (at least {LEAST_INSIDE:.0%} should be): its header is wrong, or it is in "
            "another space; correct the header, or use the atlas in MNI152"
        )
    outward = _outward(atlas)
    notes = [f"{inside:.1%} of the labelled voxels are inside MNI152's brain"]
    if not outward:
        notes.append("no name has a side, so left and right could not be checked")
        return replace(atlas, notes=tuple(notes))
    wrong = [value for value, x in outward.items() if x < -SIDE_TOLERANCE_MM]
    names = dict(zip(atlas.table["value"], atlas.table["name"], strict=True))
    if len(wrong) <= len(outward) / 2:
        for value in list(wrong):
            free = _with_side(names[value], 1 if side_of(names[value]) == "left" else 0)
            if list(names.values()).count(names[value]) > 1 and free not in names.values():
                notes.append(f"label {value} is {free}; {names[value]} was the name of two labels")
                names[value] = free
                wrong.remove(value)
    if wrong:
        raise AtlasError(_misplaced(atlas.name, names[wrong[0]], len(wrong), len(outward)))
    notes.append(f"{len(outward)} regions are on the side in their names")
    table = atlas.table.assign(name=list(names.values()))
    return replace(atlas, table=table, notes=tuple(notes))


def _outward(atlas: Atlas) -> dict[int, float]:
    """Return, for each region with a side in its name, how far it is on that side, mm."""
    centres = ndimage.center_of_mass(atlas.labels > 0, atlas.labels, atlas.table["value"])
    world_x = atlas.grid.world(np.asarray(centres))[:, 0]
    rows = zip(atlas.table["value"], atlas.table["name"], world_x, strict=True)
    signs = {"left": -1, "right": 1}
    return {value: signs[side] * x for value, name, x in rows if (side := side_of(name))}


def _misplaced(atlas: str, example: str, n_wrong: int, n_sided: int) -> str:
    cause = (
        "its header is mirrored (the sign of the first axis is wrong), or its label table is; "
        "correct the wrong one"
        if n_wrong > n_sided / 2
        else "use the label table that belongs to this image, or correct the names"
    )
    return (
        f"Atlas {atlas}: {n_wrong} of {n_sided} regions with a side in their names are on the "
        f"other side in MNI152 (left is x < 0), such as {example!r}: {cause}"
    )


def _share_inside_brain(atlas: Atlas) -> float:
    brain, grid = template.brain_mask()
    voxels = np.rint(grid.voxels(atlas.grid.world(np.argwhere(atlas.labels > 0)))).astype(int)
    within = ((voxels >= 0) & (voxels < grid.shape)).all(axis=1)
    return float(brain[tuple(voxels[within].T)].sum() / len(voxels))
