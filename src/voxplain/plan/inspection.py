"""Before a run: whether all that it would read is there and can be used."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from voxplain.atlas.files import load_listed_atlas
from voxplain.cohort.checks import Requirements
from voxplain.cohort.folds import make_splits
from voxplain.cohort.layouts import check_facts, read_cohort
from voxplain.cohort.participants import with_usable_images
from voxplain.cohort.scans import Scan, read_voxels
from voxplain.errors import ImageError, VoxplainError
from voxplain.image import nifti
from voxplain.image.grid import Grid
from voxplain.preparation.prepare import look_at
from voxplain.preparation.settings import registration_of
from voxplain.preparation.template import mask_file


@dataclass(frozen=True)
class Cohort:
    """A cohort as its headers show it.

    Attributes
    ----------
    n : int
        Participants.
    counts : dict of int
        By class name.
    image_voxels : int
        Of one image.
    dropped : int
        Participants left out because something of theirs is missing.
    """

    n: int
    counts: dict[str, int]
    image_voxels: int
    dropped: int = 0


def inspect_inputs(
    config: Mapping[str, Any], progress: Callable[[int, int], None] | None = None
) -> tuple[Cohort | None, list[str]]:
    """Read the tables and headers that a run would read, as its first job does.

    Parameters
    ----------
    config : mapping
        All keys; `voxplain.run.config.check_config` accepts it.
    progress : callable, optional
        Read every image to its end, too, and tell how many are done and to do.

    Returns
    -------
    cohort : Cohort or None
        None where it cannot be used.
    problems : list of str
        Everything that is wrong with it and with the atlases.
    """
    problems = _atlas_problems(config["atlases"])
    settings = config["cohort"]
    layout = settings["layout"]
    if layout == "synthetic":
        n = settings["synthetic"]["n_subjects"]
        names = settings["classes"]
        counts = {names["negative"]: n - n // 2, names["positive"]: n // 2}
        edge = settings["synthetic"]["voxel_size_mm"]
        return Cohort(n, counts, round(180 * 216 * 180 / edge**3)), problems  # the templates' box
    try:
        check_facts(
            layout, settings[layout], space=settings["space"], contrast=settings["contrast"]
        )
        required = Requirements(
            classes=settings["classes"],
            exclude=settings["exclude"],
            n_splits=config["folds"]["n_splits"],
            groups=config["folds"]["groups"],
            shape=config["volumes"]["shape"],
            on_missing=settings["on_missing"],
            registration=registration_of(config),
        )
        root = config["cohort_root"]
        checked = read_cohort(layout, root, settings[layout], required, progress)
    except VoxplainError as error:
        return None, [str(error), *problems]
    table, n_dropped = checked.participants, len(checked.dropped)
    header = nifti.read_header(table["image"].iloc[0])
    if progress is not None:
        if required.registration.method == "prepared":
            unusable = _not_preparable(table, progress)
        else:
            cut = config["volumes"]["brain_mask"] == "template"
            unusable = _unusable_images(table, header.grid if cut else None, progress)
        folds = config["folds"]
        try:
            kept = with_usable_images(table, unusable, settings["on_missing"])
            make_splits(kept, folds["n_splits"], config["seed"], folds["groups"])
        except VoxplainError as error:
            return None, [str(error), *problems]
        n_dropped, table = n_dropped + len(table) - len(kept), kept
    counts = table["class_name"].value_counts(sort=False).to_dict()
    return Cohort(len(table), counts, header.grid.n_voxels, n_dropped), problems


def _not_preparable(table: pd.DataFrame, progress: Callable[[int, int], None]) -> dict[str, str]:
    """Look at all images as their preparation does first; return why whose cannot be used."""
    unusable = {}
    for done, row in enumerate(table.itertuples(), start=1):
        try:
            look_at(row.image, None if pd.isna(row.mask) else row.mask)
        except ImageError as error:
            unusable[row.participant_id] = str(error)
        progress(done, len(table))
    return unusable


def _unusable_images(
    table: pd.DataFrame, template: Grid | None, progress: Callable[[int, int], None]
) -> dict[str, str]:
    """Read all images whole; return why whose cannot be used. `template` is cut out on a grid."""
    with contextlib.ExitStack() as stack:
        if template is not None:
            table = table.assign(mask=stack.enter_context(mask_file(template)))
        scans = [
            (row.participant_id, Scan(row.image, None if pd.isna(row.mask) else row.mask))
            for row in table.itertuples()
        ]
        return read_voxels(scans, progress)


def _atlas_problems(atlases: Sequence[Mapping[str, Any]]) -> list[str]:
    """Hold atlases given as files to what a run asks of them; wheels are fetched by the run."""
    problems = []
    for atlas in atlases:
        if "wheel" in atlas:
            continue
        try:
            load_listed_atlas(atlas)
        except VoxplainError as error:
            problems.append(str(error))
    return problems
