"""Before a run: which jobs it would do, and how much time and memory they need."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from voxplain.errors import ConfigError
from voxplain.plan.costs import Costs

_JOB_LINE = re.compile(r"^([a-z]\w*)\s+(\d+)$")


def planned_jobs(
    files: Sequence[str | os.PathLike[str]], project: Path, changes: Mapping[str, Any] | None = None
) -> dict[str, int]:
    """Ask Snakemake which jobs it would run: their number by rule, none where the run is finished.

    Parameters
    ----------
    files : sequence of path_like
        Configuration files, the first being the project's own.
    project : Path
        Where the Snakefile is.
    changes : mapping, optional
        Settings that override those of the files.

    Raises
    ------
    ConfigError
        Snakemake is not installed, or cannot plan the run.
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

    Parameters
    ----------
    jobs : mapping of int
        Number of jobs by rule.
    costs : Costs
        Of the configuration and cohort.

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


def free_disk_mb(folder: str | os.PathLike[str] = ".") -> float:
    """Return the megabytes free where a run would write."""
    return shutil.disk_usage(folder).free / 1e6
