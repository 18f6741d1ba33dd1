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
    """A group of subcommands that ends in one message where the input is at fault."""

    def invoke(self, ctx: typer.Context) -> Any:
        """Run the subcommand; an error of the input becomes exit status 1."""
        try:
            return super().invoke(ctx)
        except VoxplainError as error:
            errors.print(f"[bold red]Error:[/] {_plain(str(error))}", soft_wrap=True)
        except OSError as error:  # no rights, disk full, a folder that is a file
            name = f" ({error.filename})" if error.filename else ""
            errors.print(f"[bold red]Error:[/] {_plain(str(error.strerror) + name)}")
        raise typer.Exit(USER_ERROR)


def _plain(text: str) -> str:
    """Keep brackets in a message from being read as markup."""
    return text.replace("[", r"\[")


def counted(n: int, what: str) -> str:
    """Say how many: ``1 image``, ``2 images``."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def results_table(headings: Iterable[str], left: Container[str]) -> Table:
    """Start a table of numbers, and of words in the columns named in `left`.

    What is wider than the terminal is folded: an ellipsis would hide it.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="left" if heading in left else "right", overflow="fold")
    return table


def key_values(pairs: Sequence[str], option: str) -> dict[str, Any]:
    """Read ``key=value`` options, the values as YAML would: numbers, true, null, [1, 2].

    Raises
    ------
    ConfigError
        A pair has no '=', or a value is no YAML.
    """
    import yaml

    found = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not (key and equals):
            raise ConfigError(f"{option} {pair}: write it as key=value, such as iterations=100")
        try:
            found[key] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ConfigError(f"{option} {pair}: the value cannot be read ({error})") from error
    return found


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
