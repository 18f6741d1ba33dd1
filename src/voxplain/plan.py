"""Before a run: is everything there, what would be done, and what would it cost."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from voxplain import nifti
from voxplain.atlas.files import open_atlas
from voxplain.atlas.place import check_place
from voxplain.cohort import check_facts, read_participants
from voxplain.cohort.participants import with_usable_images
from voxplain.cohort.scans import Scan, read_voxels
from voxplain.costs import Costs
from voxplain.errors import ConfigError, VoxplainError
from voxplain.folds import make_splits
from voxplain.grid import Grid
from voxplain.registration.template import mask_file

_JOB_LINE = re.compile(r"^([a-z]\w*)\s+(\d+)$")


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
        All keys; `voxplain.config.check_config` accepts it.
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
        table = read_participants(
            *(layout, config["cohort_root"], settings[layout]),
            classes=settings["classes"],
            exclude=settings["exclude"],
            n_splits=config["folds"]["n_splits"],
            groups=config["folds"]["groups"],
            shape=config["volumes"]["shape"],
            on_missing=settings["on_missing"],
            registration=config["registration"],
            progress=progress,
        )
    except VoxplainError as error:
        return None, [str(error), *problems]
    n_dropped = len(table.attrs["dropped"])
    header = nifti.read_header(table["image"].iloc[0])
    if progress is not None:
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
            check_place(open_atlas(atlas))
        except VoxplainError as error:
            problems.append(str(error))
    return problems


def planned_jobs(
    files: Sequence[str | os.PathLike], project: Path, changes: Mapping[str, Any] | None = None
) -> dict[str, int]:
    """Ask Snakemake what it would do here: jobs by rule, none where the run is finished.

    Parameters
    ----------
    files : sequence of path_like
        Configuration files, the first being the project's own.
    project : Path
        Where the Snakefile is.
    changes : mapping, optional
        Settings laid over the files.

    Raises
    ------
    ConfigError
        Snakemake is not installed, or refuses.
    """
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--nolock", "--quiet", "host"]
    command += ["--snakefile", str(project / "Snakefile")]
    command += ["--workflow-profile", str(project / "profiles" / "default")]
    command += ["--configfile", *map(str, files)]
    if changes:
        command += ["--config", *(f"{key}={json.dumps(value)}" for key, value in changes.items())]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if "No module named snakemake" in done.stdout:
        raise ConfigError("Snakemake is not installed; pip install 'voxplain[workflow]'")
    if done.returncode:
        raise ConfigError(f"Snakemake cannot plan this run:\n{done.stdout.strip()[-2000:]}")
    matches = map(_JOB_LINE.match, done.stdout.splitlines())
    jobs = {match[1]: int(match[2]) for match in matches if match}
    return {rule: count for rule, count in jobs.items() if rule not in ("total", "all")}


def plan_table(jobs: Mapping[str, int], costs: Costs) -> pd.DataFrame:
    """Estimate time and memory of planned jobs.

    Returns
    -------
    pandas.DataFrame
        rule, jobs, seconds (of all of them, one after another), memory_mb (of one; 0: a few
        hundred MB whatever the cohort), slowest first.
    """
    rows = [
        (rule, count, costs.seconds(rule, count), costs.memory_mb(rule))
        for rule, count in jobs.items()
    ]
    table = pd.DataFrame(rows, columns=["rule", "jobs", "seconds", "memory_mb"])
    return table.sort_values(["seconds", "rule"], ascending=[False, True], ignore_index=True)


def free_disk_mb(folder: str | os.PathLike = ".") -> float:
    """Return the megabytes free where a run would write."""
    return shutil.disk_usage(folder).free / 1e6
