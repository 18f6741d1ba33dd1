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
    pretty_exceptions_enable=False,  # what is not the input's fault keeps its plain traceback
    epilog="Exit status: 0 done, 1 the input is at fault (one message says where), 2 wrong usage.",
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
    """Show where a 3D CNN looks when it tells two groups of brains apart.

    Explain single images, look maps up in atlases, check a configuration before a run. The whole
    study is run by `snakemake`.
    """
