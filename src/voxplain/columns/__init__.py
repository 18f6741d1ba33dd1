"""The data dictionary of the result tables: heading, meaning and unit of every column.

It feeds the headings of the page, the reference in the documentation and the sidecars of exported
tables.
"""

from collections.abc import Iterable

from voxplain.columns.cohort import COHORT
from voxplain.columns.entry import Column, Table
from voxplain.columns.maps import MAPS
from voxplain.columns.prediction import PREDICTION
from voxplain.columns.shared import SHARED
from voxplain.names import METHOD_NAMES, method_name

__all__ = ["TABLES", "Column", "Table", "column", "heading", "sidecar", "table_name"]

TABLES = COHORT | PREDICTION | MAPS
_FAMILIES = ("table2", "permutations")  # a table for each atlas or model


def table_name(stem: str) -> str:
    """Return the dictionary's name of a table: ``table2_mori`` is one of ``table2``."""
    return next((name for name in _FAMILIES if stem.startswith(f"{name}_")), stem)


def column(table: str, name: str) -> Column:
    """Describe a column of a result table.

    Parameters
    ----------
    table : str
        Name of the table's file without suffix.
    name : str
        A column named after a method has the means of its map.

    Returns
    -------
    Column

    Raises
    ------
    KeyError
        The dictionary has no such table or column.
    """
    entry = TABLES[table_name(table)]
    if name in METHOD_NAMES:
        return Column(METHOD_NAMES[name], "Mean of this method's map.")
    if name not in entry.names:
        raise KeyError(f"{name} is not a column of {table} in the data dictionary")
    return entry.special.get(name) or SHARED[name]


def heading(table: str, name: str) -> str:
    """Return the heading of a column on the page.

    Parameters
    ----------
    table : str
        Name of the table's file without suffix; empty for a table that the page computes.
    name : str
        A column that the dictionary does not have is spelled as a method's name is.
    """
    entry = TABLES.get(table_name(table))
    described = (entry.special if entry else {}).get(name) or SHARED.get(name)
    return described.heading if described else method_name(name)


def sidecar(table: str, names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Describe the columns of a table as the JSON sidecar of a BIDS table does.

    Parameters
    ----------
    table : str
    names : iterable of str
        The columns, in their order.

    Returns
    -------
    dict
        Description and, if it has one, Units of each column.
    """
    described = {name: column(table, name) for name in names}
    return {
        name: {"Description": entry.meaning} | ({"Units": entry.unit} if entry.unit else {})
        for name, entry in described.items()
    }
