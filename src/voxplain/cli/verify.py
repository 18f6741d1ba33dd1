"""``voxplain verify``: check that the files of a run are unchanged."""

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

    Exit status 1 if a file has changed or is missing; files that are not in the manifest are only
    listed.
    """
    from voxplain.run.manifest import verify as compare_with_manifest

    differences = compare_with_manifest(folder)
    for kind, names in vars(differences).items():
        for name in names:
            console.print(f"{kind}\t{name}", markup=False, highlight=False, soft_wrap=True)
    counts = ", ".join(f"{len(names)} {kind}" for kind, names in vars(differences).items())
    console.print(f"{folder}: {counts}", markup=False)
    if differences.changed or differences.missing:
        raise typer.Exit(USER_ERROR)
