"""Participants' images: one each, readable, all on one grid."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from voxplain import nifti
from voxplain.cohort.participants import Problems, shortened
from voxplain.downsample import check_mask
from voxplain.errors import ImageError
from voxplain.grid import Grid

_ID = "participant_id"


@dataclass(frozen=True)
class Scan:
    """A participant's image, or why there is none.

    Attributes
    ----------
    image : str
        Path; blank if there is none.
    mask : str or None
        Path of the brain mask to apply.
    missing : str or None
        What is not there; ``on_missing: drop`` does without the participant.
    problem : str or None
        What has to be corrected in any case.
    """

    image: str = ""
    mask: str | None = None
    missing: str | None = None
    problem: str | None = None


def check_scans(table: pd.DataFrame, scans: Sequence[Scan], problems: Problems) -> None:
    """Read every header; find unusable files, files used twice and grids unlike the others.

    Parameters
    ----------
    table : DataFrame
        Columns participant_id, image and mask.
    scans : sequence of Scan
        The participants' scans, in the order of the table.
    problems : Problems
        Told of everything that is wrong.
    """
    for name, scan in zip(table[_ID], scans, strict=True):
        if scan.missing:
            problems.add(f"{name}: {scan.missing}; see also cohort.exclude and cohort.on_missing")
        if scan.problem:
            problems.add(f"{name}: {scan.problem}")
    found = table[table["image"] != ""]
    for image, names in found.groupby("image", sort=False)[_ID].agg(list).items():
        if len(set(names)) > 1:
            problems.add(f"{shortened(names)}: share one image, {image}")
    grids: dict[str, Grid] = {}
    for name, image, mask in found[[_ID, "image", "mask"]].itertuples(index=False):
        try:
            grids[name] = nifti.read_header(image, name).grid
            if pd.notna(mask):
                check_mask(nifti.read_header(mask, name), grids[name])
        except ImageError as error:
            problems.add(str(error))
    _check_grids(grids, problems)


def _check_grids(grids: Mapping[str, Grid], problems: Problems) -> None:
    if not grids:
        return
    # Headers differ in the last bits of their floats: rounding finds the grid that most share,
    # and a tolerance in mm decides who shares it.
    keys = {name: (grid.shape, tuple(grid.affine.round(2).ravel())) for name, grid in grids.items()}
    common_key = Counter(keys.values()).most_common(1)[0][0]
    common = next(grid for name, grid in grids.items() if keys[name] == common_key)
    for name, grid in grids.items():
        if not grid.matches(common):
            problems.grids.append(
                f"{name}: its grid {_described(grid)} is not that of most images, "
                f"{_described(common)}; resample it or use cohort.exclude"
            )


def _described(grid: Grid) -> str:
    sizes = " x ".join(map(str, grid.shape))
    edges = " x ".join(f"{edge:.4g}" for edge in grid.voxel_sizes)
    origin = ", ".join(f"{value:.4g}" for value in grid.affine[:3, 3])
    return f"({sizes} voxels of {edges} mm, {grid.orientation}, first voxel at {origin} mm)"
