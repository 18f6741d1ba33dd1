"""What the subcommands share: errors without tracebacks, options of the form key=value, bars."""

import contextlib
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import Any

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from voxplain.errors import ConfigError, VoxplainError

USER_ERROR = 1

console = Console()  # results
errors = Console(stderr=True)  # everything else


class Commands(typer.core.TyperGroup):
    """A group of subcommands that reports problems with the input in one message."""

    def invoke(self, ctx: Any) -> Any:
        """Run the subcommand; a problem with the input becomes exit status 1."""
        try:
            return super().invoke(ctx)
        except VoxplainError as error:
            errors.print(f"[bold red]Error:[/] {_plain(str(error))}", soft_wrap=True)
        except OSError as error:  # no rights, disk full, a folder that is a file
            name = f" ({error.filename})" if error.filename else ""
            errors.print(f"[bold red]Error:[/] {_plain(str(error.strerror) + name)}")
        raise typer.Exit(USER_ERROR)


def _plain(text: str) -> str:
    """Escape brackets, which would be read as markup."""
    return text.replace("[", r"\[")


def counted(n: int, what: str) -> str:
    """Write a number with its noun: ``1 image``, ``2 images``."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def results_table(headings: Iterable[str], left: Container[str]) -> Table:
    """Start a table, with text in the columns named in `left` and numbers in the others.

    Cells wider than the terminal are folded, because an ellipsis would hide text.

    Parameters
    ----------
    headings : iterable of str
    left : container of str
        Headings of left-aligned columns.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="left" if heading in left else "right", overflow="fold")
    return table


def key_values(pairs: Sequence[str], option: str) -> dict[str, Any]:
    """Read ``key=value`` options, with values as in YAML: numbers, true, null, [1, 2].

    Parameters
    ----------
    pairs : sequence of str
    option : str
        The option's name, for the message of an error.

    Raises
    ------
    ConfigError
        A pair has no '=', or a value is not valid YAML.
    """
    import yaml

    values = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not (key and equals):
            raise ConfigError(f"{option} {pair}: write it as key=value, such as iterations=100")
        try:
            values[key] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ConfigError(f"{option} {pair}: the value cannot be read ({error})") from error
    return values


@contextlib.contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on a terminal, and nothing elsewhere; yields ``report(done, total)``."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    hidden = not errors.is_terminal
    with Progress(*columns, console=errors, transient=True, disable=hidden) as bar:
        task = bar.add_task(what, total=None)

        def report(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield report
