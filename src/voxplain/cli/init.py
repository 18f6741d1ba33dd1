"""``voxplain init``: a commented configuration for a folder of data."""

from pathlib import Path
from typing import Annotated

import typer

from voxplain.cli.common import console

EXAMPLES = """\
**Examples**

`voxplain init /data/my_study`

`voxplain init /data/ds000001 --out configs/ds000001.yaml`
"""


def init(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER", help="HCP downloads, a BIDS dataset, OASIS-1, or images and a table."
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="File to write; by default named after FOLDER.")
    ] = None,
) -> None:
    """Inspect a folder of data and write a configuration that reads it.

    Asks no questions. Comments at the top of the file say what it chose and what you should check;
    `voxplain check` then tells whether a run would work. An existing file is not overwritten.
    """
    from voxplain.cohort.layouts.discovery import inspect_folder
    from voxplain.errors import ConfigError
    from voxplain.run.atomic import write_text
    from voxplain.run.commented_yaml import commented_yaml
    from voxplain.run.config import SCHEMA, project_folder, read_yaml

    folder = folder.resolve()
    run = "".join(c if c.isalnum() or c in "_.-" else "_" for c in folder.name).lstrip("_.-")
    path = out or Path(f"{run}.yaml")
    if path.exists():
        raise ConfigError(f"{path} exists already; remove it, or choose another file with --out")
    inspected = inspect_folder(folder)
    settings = {
        "run": run,
        "cohort_root": str(folder),
        "cohort": inspected.cohort,
        "volumes": inspected.volumes,
    }
    notes = [f"Written by voxplain init from {folder}.", *inspected.notes]
    notes.append("Only what differs from config.yaml, which lists every key. Check it, then run:")
    project = project_folder()
    elsewhere = Path.cwd() != project
    notes += [f"  voxplain check {path}", *([f"  cd {project}"] if elsewhere else [])]
    notes.append(
        f"  snakemake --cores 2 --configfile config.yaml {path.resolve() if elsewhere else path}"
    )
    write_text(path, commented_yaml(settings, read_yaml(project_folder() / SCHEMA), notes))
    for note in inspected.notes:
        console.print(note, markup=False)
    console.print(f"Written: {path}. Next: voxplain check {path}", markup=False)
