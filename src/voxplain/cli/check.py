"""``voxplain check``: all problems of a configuration and its data, or the cost of the run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voxplain.cli.common import console, errors, key_values, progress_bar, results_table

if TYPE_CHECKING:
    import pandas as pd

EXAMPLES = """\
**Examples**

`voxplain check my_study.yaml`

`voxplain check workflow/presets/ixi.yaml --set cohort_root=/data/ixi --set run=ixi`

`voxplain check my_study.yaml --voxels`

`voxplain check workflow/presets/kan2020.yaml workflow/presets/hcp.yaml my_hcp.yaml --cores 16`
"""
MOST_ROWS = 12


def check(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="CONFIG", help="YAML files whose settings override config.yaml."),
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="As snakemake's --config; repeatable."),
    ] = None,
    voxels: Annotated[
        bool,
        typer.Option("--voxels", help="Read all voxels: checksums, NaN, empty images."),
    ] = False,
    cores: Annotated[int, typer.Option(help="Cores of the run, for its wall time.", min=1)] = 2,
) -> None:
    """Check settings and inputs as the workflow does, and show the plan of the run.

    Tables and image headers are read, voxels only with --voxels. All problems are listed together
    and nothing is computed. Times are estimates from measurements on one machine
    (benchmarks/RESULTS.md), right within a factor of two.
    """
    from voxplain.errors import ConfigError
    from voxplain.plan.costs import Costs
    from voxplain.plan.inspection import inspect_inputs
    from voxplain.plan.jobs import plan_table, planned_jobs
    from voxplain.plan.settings import setting_problems as contradictions
    from voxplain.run.config import DEFAULTS, project_folder, read_config, schema_problems

    project = project_folder()
    defaults = project / DEFAULTS
    layers = files if files[0].resolve() == defaults.resolve() else [defaults, *files]
    changes = _changes(settings or [])
    config = read_config(layers, changes)
    cohort, problems = None, schema_problems(config, project)
    if not problems:
        problems = contradictions(config)
        if config["cohort"]["layout"] == "synthetic" or config["cohort_root"] is not None:
            if voxels:
                with progress_bar("reading images") as report:
                    cohort, input_problems = inspect_inputs(config, report)
            else:
                with errors.status("reading tables and headers"):
                    cohort, input_problems = inspect_inputs(config)
            problems += input_problems
    if problems or cohort is None:
        raise ConfigError("\n".join(problems))
    with errors.status("asking Snakemake"):
        jobs = planned_jobs(layers, project, changes)
    groups = ", ".join(f"{count} {name}" for name, count in cohort.counts.items())
    excluded = f", {cohort.dropped} excluded" if cohort.dropped else ""
    console.print(f"No problems: {cohort.n} participants ({groups}{excluded}).")
    if not jobs:
        console.print(f"results/{config['run']} is finished: there is nothing to do.")
        return
    costs = Costs(config, cohort.n, cohort.image_voxels)
    plan = plan_table(jobs, costs)
    _print_plan(plan)
    _print_totals(config, plan, costs, cores)


def _changes(settings: Sequence[str]) -> dict[str, Any]:
    from voxplain.errors import ConfigError

    changes = key_values(settings, "--set")
    for setting in settings:
        key, _, value = setting.partition("=")
        first, *others = key.split(".")
        if others:
            nested = "".join(f"{{{name}: " for name in others) + value + "}" * len(others)
            raise ConfigError(f"--set {setting}: keys have no dots; {_in_a_file(first, nested)}")
        if not _text_alone(changes[key]):
            raise ConfigError(
                f"--set {setting}: snakemake --config reads values in braces or brackets as text; "
                f"{_in_a_file(key, value)}"
            )
    return changes


def _in_a_file(key: str, value: str) -> str:
    return f"write '{key}: {value}' into a file and name it after the other files"


def _text_alone(value: Any, inside: bool = False) -> bool:
    """Whether Snakemake's --config reads a value as meant: it takes nested values as text."""
    if isinstance(value, Mapping):
        return all(_text_alone(part, True) for part in value.values())
    if isinstance(value, list):
        return all(_text_alone(part, True) for part in value)
    return isinstance(value, str) or not inside


def _print_plan(plan: "pd.DataFrame") -> None:
    table = results_table(("rule", "jobs", "time, all jobs", "memory, one job"), left=("rule",))
    for row in plan.head(MOST_ROWS).itertuples():
        memory = f"{row.memory_mb / 1000:.1f} GB" if row.memory_mb else "< 0.5 GB"
        table.add_row(row.rule, str(row.jobs), _duration(row.seconds), memory)
    rest = plan.iloc[MOST_ROWS:]
    if len(rest):
        table.add_row(
            f"{len(rest)} other rules", str(rest["jobs"].sum()), _duration(rest["seconds"].sum())
        )
    console.print(table)


def _print_totals(config: dict[str, Any], plan: "pd.DataFrame", costs: Any, cores: int) -> None:
    from voxplain.plan.jobs import free_disk_mb
    from voxplain.run.environment import ram_mb

    total, largest = plan["seconds"].sum(), plan["memory_mb"].max()
    device = "on one GPU" if config["gpu"] else f"on {cores} cores"
    wall = total if config["gpu"] else max(total / cores, (plan["seconds"] / plan["jobs"]).max())
    console.print(f"Time    about {_duration(wall)} {device} ({_duration(total)} of jobs in all)")
    console.print(
        f"Memory  about {max(largest, 500) / 1000:.1f} GB for the largest job; "
        f"{cores} run at once on {cores} cores"
    )
    here = ram_mb()
    if cores * largest > here:
        errors.print(
            f"[yellow]This machine has {here / 1000:.0f} GB, not enough for {cores} of the largest "
            f"jobs at once. Start Snakemake with --resources mem_mb={0.9 * here:.0f}, so that "
            "fewer run at the same time.[/]"
        )
    free = free_disk_mb()
    needed, roar = (max(size, 100) / 1000 for size in (costs.disk_mb, costs.roar_disk_mb))
    console.print(
        f"Disk    about {needed:.1f} GB, {free / 1000:.0f} GB are free here "
        f"(snakemake roar: {roar:.1f} GB more for each job that runs at once)"
    )
    if costs.disk_mb > free:
        errors.print("[yellow]There is not enough free space on this disk.[/]")
    if config["cnn"]["network"] is not None:
        errors.print(
            "[yellow]Times are for the paper's network. Your own network was not tested here; the "
            "run tests it before it trains anything.[/]"
        )


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"
