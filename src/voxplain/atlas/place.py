"""Whether an atlas lies where its names and MNI152 say: the header alone cannot tell.

A mirrored or shifted header is the classic damage of label images. The names give it away where
they tell sides; front, back, top, bottom and origin show against the template's brain. The template
is symmetric, so an atlas that names no sides cannot be checked for left and right.
"""

import re
from dataclasses import replace

import numpy as np
from scipy import ndimage

from voxplain.atlas.labels import Atlas
from voxplain.errors import AtlasError
from voxplain.preparation import template

SIDE_TOLERANCE_MM = 3.0  # a midline structure's halves touch x = 0
# Of the labelled voxels. The atlases named in the docs: .988 and more as they are; turned front to
# back or upside down, centred on zero or in voxel coordinates: .92 and less.
LEAST_INSIDE = 0.93
_TOKENS = (
    *(("L", "R"), ("l", "r"), ("LH", "RH"), ("lh", "rh")),
    *(("left", "right"), ("Left", "Right"), ("LEFT", "RIGHT")),
)


def _with_side(name: str, side: int) -> str:
    """Return a region's name with the words of the other side replaced (0 left, 1 right).

    Words stand apart: an R with a number (``R21``) counts regions and is no side.
    """
    for pair in _TOKENS:
        name = re.sub(rf"(?<![A-Za-z0-9]){pair[1 - side]}(?![A-Za-z0-9])", pair[side], name)
    return name


def side_of(name: str) -> str | None:
    """Return the side that a region's name tells (``SFG_L_7_1``, ``Fornix R``, ``lh-insula``)."""
    left, right = (_with_side(name, side) == name for side in (0, 1))
    if left == right:  # neither side's words, or both
        return None
    return "left" if left else "right"


def check_place(atlas: Atlas) -> tuple[Atlas, list[str]]:
    """Refuse an atlas that is mirrored or lies elsewhere than MNI152.

    A name that two label values share is corrected where one of them lies on the other side and
    its name for that side is free: the published list of the Brainnetome atlas has such a slip.

    Returns
    -------
    atlas : Atlas
        With corrected names, if any.
    notes : list of str
        What could be checked, and what was corrected.

    Raises
    ------
    AtlasError
        The message says which regions, or which share of the atlas, lie wrong.
    """
    inside = _share_inside_brain(atlas)
    if inside < LEAST_INSIDE:
        raise AtlasError(
            f"Atlas {atlas.name}: only {inside:.0%} of its labelled voxels lie inside the brain of "
            f"MNI152 (at least {LEAST_INSIDE:.0%} should): its header is wrong, or it is in "
            "another space"
        )
    outward = _outward(atlas)
    notes = [f"{inside:.1%} of the labelled voxels lie inside MNI152's brain"]
    if not outward:
        return atlas, [*notes, "no name tells a side, so left and right could not be checked"]
    wrong = [value for value, x in outward.items() if x < -SIDE_TOLERANCE_MM]
    names = dict(zip(atlas.table["value"], atlas.table["name"], strict=True))
    if len(wrong) <= len(outward) / 2:
        for value in list(wrong):
            free = _with_side(names[value], 1 if side_of(names[value]) == "left" else 0)
            if list(names.values()).count(names[value]) > 1 and free not in names.values():
                notes.append(f"label {value} was called {names[value]} twice and is {free}")
                names[value] = free
                wrong.remove(value)
    if wrong:
        raise AtlasError(_misplaced(atlas.name, names[wrong[0]], len(wrong), len(outward)))
    notes.append(f"{len(outward)} regions lie on the side that their names tell")
    return replace(atlas, table=atlas.table.assign(name=list(names.values()))), notes


def _outward(atlas: Atlas) -> dict[int, float]:
    """Return how far each region whose name tells a side lies on that side, mm."""
    centres = ndimage.center_of_mass(atlas.labels > 0, atlas.labels, atlas.table["value"])
    world_x = atlas.grid.world(np.asarray(centres))[:, 0]
    rows = zip(atlas.table["value"], atlas.table["name"], world_x, strict=True)
    signs = {"left": -1, "right": 1}
    return {value: signs[side] * x for value, name, x in rows if (side := side_of(name))}


def _misplaced(atlas: str, example: str, n_wrong: int, n_sided: int) -> str:
    cause = (
        "its header is mirrored (the sign of the first axis is wrong), or its label table is"
        if n_wrong > n_sided / 2
        else "the label table is not this image's, or names sides wrongly"
    )
    return (
        f"Atlas {atlas}: {n_wrong} of {n_sided} regions whose names tell a side lie on the other "
        f"one in MNI152 (left is x < 0), such as {example!r}: {cause}"
    )


def _share_inside_brain(atlas: Atlas) -> float:
    brain, grid = template.brain_mask()
    voxels = np.rint(grid.voxels(atlas.grid.world(np.argwhere(atlas.labels > 0)))).astype(int)
    within = ((voxels >= 0) & (voxels < grid.shape)).all(axis=1)
    return float(brain[tuple(voxels[within].T)].sum() / len(voxels))
