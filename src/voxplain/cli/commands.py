"""All subcommands under their names."""

from typing import Annotated

import typer

from voxplain import __version__
from voxplain.cli import check, downsample, explain, init, overlap, verify
from voxplain.cli.common import Commands

app = typer.Typer(
    cls=Commands,
    name="voxplain",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,  # errors in the program keep their plain traceback
    epilog="Exit status: 0 success, 1 a problem with the input (see the message), 2 wrong usage.",
)
app.command("explain", epilog=explain.EXAMPLES)(explain.explain)
app.command("downsample", epilog=downsample.EXAMPLES)(downsample.downsample)
app.command("overlap", epilog=overlap.EXAMPLES)(overlap.overlap)
app.command("check", epilog=check.EXAMPLES)(check.check)
app.command("init", epilog=init.EXAMPLES)(init.init)
app.command("verify", epilog=verify.EXAMPLES)(verify.verify)


def _version(asked: bool) -> None:
    if asked:
        print(__version__)
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Show where a 3D CNN looks when it separates two groups of brains.

    Explain single images, compare maps with atlases, check a configuration before a run.
    `snakemake` runs the whole study.
    """
