"""A cohort as its layout describes it: its table, and where each participant's files would be."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from voxplain.cohort.columns import Columns
from voxplain.cohort.participants import Problems, shortened
from voxplain.cohort.scans import Scan, with_transform
from voxplain.cohort.values import ID
from voxplain.preparation.settings import RegistrationSettings
from voxplain.run.templates import fields, filled, leads_out

NO_FILE_NAME = re.compile(r"[/\\\x00-\x1f]|^\.")


@dataclass(frozen=True)
class Study:
    """A cohort as its layout describes it, not yet checked.

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
    columns : Columns
        Columns of the table that have a meaning.
    morphometry : list of Path
        Tables of features.
    without : mapping
        How to do without a column (``family`` or ``tiv``) in which values are missing. A column
        that is not here may have gaps.
    problems : Problems
        What is wrong with the layout itself.
    """

    layout: str
    source: Path
    table: pd.DataFrame
    root: Path
    locate: Callable[[Mapping[str, str]], Scan]
    columns: Columns
    packages: Sequence[str] = ()
    templates: list[str] = field(default_factory=list)
    morphometry: list[Path] = field(default_factory=list)
    without: Mapping[str, str] = field(default_factory=dict)
    problems: Problems = field(default_factory=Problems)

    @property
    def known_columns(self) -> list[str]:
        """The table's columns that have a meaning, and so are no features of a brain."""
        return list(self.columns.named().values())

    def located(self, row: Mapping[str, str], registration: RegistrationSettings) -> Scan:
        """Find a participant's files; no cell of the table leads out of the cohort's folder.

        Links inside the folder are followed: whoever made them could have copied the files.

        Parameters
        ----------
        row : mapping of str to str
            The participant's cells by column.
        registration : RegistrationSettings
            Says whether the participant needs a transform.
        """
        if NO_FILE_NAME.search(row[ID]):
            return Scan()  # `voxplain.cohort.checks` tells
        transform = registration.transform_template
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

    def has_columns(self, registration: RegistrationSettings) -> bool:
        """Return whether the table can be checked further; note the columns that it lacks."""
        there = self.table.columns
        used = list(self.columns.named().items())
        used += [("image", name) for path in self.templates for name in fields(path)]
        wanted = [(ID, "the identifier")]
        wanted += [(name, f"cohort.{self.layout}.{key}") for key, name in used]
        if transform := registration.transform_template:
            wanted += [(name, "registration.transform") for name in fields(transform)]
        missing = [(name, where) for name, where in wanted if name not in there]
        for name, where in missing:
            shown = shortened(there.tolist(), 12)
            self.problems.add(f"there is no column '{name}' ({where}); the columns are {shown}")
        if self.table.empty:
            self.problems.add("the table has no rows")
        return not missing and not self.table.empty
