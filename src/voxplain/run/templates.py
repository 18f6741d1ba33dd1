"""Paths with names in braces, such as ``images/{participant_id}.nii.gz``."""

import re
from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import PurePosixPath

_FIELD = re.compile(r"\{([^{}]+)\}")


def fields(template: str) -> list[str]:
    """Return the names that stand in braces."""
    return _FIELD.findall(template)


def filled(template: str, values: Mapping[str, str]) -> str:
    """Replace every name in braces by its value.

    Parameters
    ----------
    template : str
        Path with names in braces.
    values : mapping of str
        By name; a row of a table, for example.
    """
    return _FIELD.sub(lambda match: values[match[1]], template)


def as_glob(template: str) -> str:
    """Replace every name in braces by ``*``."""
    return _FIELD.sub("*", template)


def leads_out(template: str, values: Mapping[str, str]) -> bool:
    """Return whether the values take a path out of its folder, which its template does not.

    Parameters
    ----------
    template : str
        Path with names in braces.
    values : mapping of str
        By name; a row of a user's table.
    """
    harmless = filled(template, dict.fromkeys(fields(template), "x"))
    written, meant = PurePosixPath(filled(template, values)), PurePosixPath(harmless)
    up = written.parts.count("..") > meant.parts.count("..")
    return up or (written.is_absolute() and not meant.is_absolute())


def expanded(template: str, **values: str | Iterable[str]) -> list[str]:
    """Fill a template with every combination of values, the first name changing slowest.

    Parameters
    ----------
    template : str
        Path with names in braces.
    **values
        One value, or several, for each name.
    """
    lists = [[value] if isinstance(value, str) else value for value in values.values()]
    rows = (dict(zip(values, combination, strict=True)) for combination in product(*lists))
    return [filled(template, row) for row in rows]
