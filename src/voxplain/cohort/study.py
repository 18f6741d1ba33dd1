"""A cohort as its layout found it: its table, and where everybody's files would be."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from voxplain.cohort.participants import Problems, shortened
from voxplain.cohort.scans import Scan, with_transform
from voxplain.cohort.values import ID
from voxplain.run.templates import fields, filled, leads_out

NO_FILE_NAME = re.compile(r"[/\\\x00-\x1f]|^\.")
TEXT_COLUMNS = {"family": "family_id", "site": "site", "age_band": "age_band"}
NUMBER_COLUMNS = {"age": "age", "tiv": "tiv"}
_MEANT = ("label", *TEXT_COLUMNS, *NUMBER_COLUMNS)  # keys of `Study.columns` that name one
RANGES = {"age": (0, 120), "tiv": (100, 3000)}  # years, ml: newborns to the largest heads


@dataclass(frozen=True)
class Study:
    """A cohort as its layout found it, not yet checked.

    Attributes
    ----------
    layout : str
        Name of the layout, for messages.
    source : Path
        The participants table, for messages.
    table : DataFrame
        Its cells as text, with a column ``participant_id``.
    root : Path
        The cohort's folder.
    locate : callable
        From a row (dict) to the participant's `Scan`.
    packages : sequence of str
        Zip archives below `root` that may hold a participant's files, with columns in braces.
    templates : list of str
        Paths below `root` that `locate` fills in from the row.
    columns : mapping
        ``label`` (column) with ``negative`` and ``positive`` (its values: one each, or a list), and
        columns for ``family``, ``age`` (years), ``age_band``, ``tiv`` (ml) and ``site``, absent or
        None where there is none.
    morphometry : list of Path
        Tables of features.
    without : mapping
        How to do without a column (``family`` or ``tiv``) in which values are missing. A column
        that is not here may have gaps.
    problems : Problems
        What the layout itself found wrong.
    """

    layout: str
    source: Path
    table: pd.DataFrame
    root: Path
    locate: Callable[[Mapping[str, str]], Scan]
    columns: Mapping[str, Any]
    packages: Sequence[str] = ()
    templates: list[str] = field(default_factory=list)
    morphometry: list[Path] = field(default_factory=list)
    without: Mapping[str, str] = field(default_factory=dict)
    problems: Problems = field(default_factory=Problems)

    @property
    def known_columns(self) -> list[str]:
        """The table's columns that have a meaning, and so are no features of a brain."""
        return [name for key in _MEANT if (name := self.columns.get(key))]

    def located(self, row: Mapping[str, str], registration: Mapping[str, Any]) -> Scan:
        """Find a participant's files; no cell of the table leads out of the cohort's folder.

        Links inside the folder are followed: whoever made them could have copied the files.
        """
        if NO_FILE_NAME.search(row[ID]):
            return Scan()  # `voxplain.cohort.checks` tells
        transform = _transform(registration)
        for template in (*self.templates, *([transform] if transform else [])):
            if leads_out(template, row):
                return Scan(
                    problem=f"{filled(template, row)} leads out of cohort_root; name a file below "
                    "it, or link it there"
                )
        scan = self.locate(row)
        if transform is None:
            return scan
        packages = [filled(package, row) for package in self.packages]
        return with_transform(scan, filled(transform, row), self.root, packages)

    def has_columns(self, registration: Mapping[str, Any]) -> bool:
        """Whether there is a table to go on with; note the columns that are not there."""
        there = self.table.columns
        wanted = [(ID, "the identifier"), *((self.columns.get(key), key) for key in _MEANT)]
        wanted += [(name, "image") for path in self.templates for name in fields(path)]
        wanted = [
            (name, f"cohort.{self.layout}.{key}" if name != ID else key) for name, key in wanted
        ]
        if transform := _transform(registration):
            wanted += [(name, "registration.transform") for name in fields(transform)]
        missing = [(name, where) for name, where in wanted if name and name not in there]
        for name, where in missing:
            shown = shortened(there.tolist(), 12)
            self.problems.add(f"there is no column '{name}' ({where}); the columns are {shown}")
        if self.table.empty:
            self.problems.add("the table has no rows")
        return not missing and not self.table.empty


def _transform(registration: Mapping[str, Any]) -> str | None:
    """Return the template of the transforms' paths, None where none are read."""
    return registration["transform"] if registration["method"] == "transforms" else None
