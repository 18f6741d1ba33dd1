"""What the dictionary says of a column and of a table."""

from collections.abc import Mapping
from typing import NamedTuple


class Column(NamedTuple):
    """Heading on the page, meaning as a sentence, and unit (empty for names and pure numbers)."""

    heading: str
    meaning: str
    unit: str = ""


class Table(NamedTuple):
    """What a table is about, its columns in order, and those that differ from `SHARED`."""

    about: str
    names: tuple[str, ...]
    special: Mapping[str, Column]


def table(about: str, names: str, **special: Column) -> Table:
    """Describe a table.

    Parameters
    ----------
    about : str
        A sentence.
    names : str
        The columns, separated by spaces.
    **special : Column
        Those that the shared columns do not describe.
    """
    return Table(about, tuple(names.split()), special)
