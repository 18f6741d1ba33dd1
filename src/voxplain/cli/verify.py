"""``voxplain verify``: tell whether a run still holds what it wrote."""

from pathlib import Path
from typing import Annotated

import typer

from voxplain.cli.common import USER_ERROR, console

EXAMPLES = """\
**Examples**

`voxplain verify results/demo`
"""


def verify(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run.")],
) -> None:
    """Compare every result of a run with the checksums that the run wrote.

    Exit status 1 if a file has changed or is missing; files that the manifest does not list are
    only told of.
    """
    from voxplain.run.manifest import verify as differences

    found = differences(folder)
    for kind, names in vars(found).items():
        for name in names:
            console.print(f"{kind}\t{name}", markup=False, highlight=False, soft_wrap=True)
    counts = ", ".join(f"{len(names)} {kind}" for kind, names in vars(found).items())
    console.print(f"{folder}: {counts}", markup=False)
    if found.changed or found.missing:
        raise typer.Exit(USER_ERROR)
