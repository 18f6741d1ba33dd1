"""The `table` layout: any folder of images described by one TSV or CSV file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from voxplain.cohort.columns import Columns
from voxplain.cohort.morphometry import tables as morphometry
from voxplain.cohort.scans import Scan
from voxplain.cohort.study import Study
from voxplain.cohort.text_tables import read_text_table
from voxplain.run.templates import filled


@dataclass(frozen=True)
class TableSettings:
    """The configuration's ``cohort.table``.

    Attributes
    ----------
    participants : str
        The table's path below the cohort's folder.
    image : str
        Path of each image, likewise; columns in braces are filled in.
    mask : str or None
        Path of each brain mask, likewise.
    columns : Columns
        Columns of the table that have a meaning.
    morphometry : list of Path
        Tables of features, likewise.
    """

    participants: str
    image: str
    mask: str | None
    columns: Columns
    morphometry: list[Path]

    @classmethod
    def from_config(cls, settings: Mapping[str, Any]) -> Self:
        """Take the settings out of the configuration."""
        return cls(
            participants=settings["participants"],
            image=settings["image"],
            mask=settings.get("mask"),
            columns=Columns.from_config(settings),
            morphometry=morphometry.as_paths(settings["morphometry"]),
        )


def read_study(root: Path, settings: Mapping[str, Any]) -> Study:
    """Describe a folder of images.

    Parameters
    ----------
    root : Path
        The cohort's folder; paths in `settings` and in the table are relative to it.
    settings : mapping
        The configuration's ``cohort.table``.

    Raises
    ------
    CohortError
        The table cannot be read.
    """
    chosen = TableSettings.from_config(settings)
    path = root / chosen.participants

    def locate(row: Mapping[str, str]) -> Scan:
        mask = str(root / filled(chosen.mask, row)) if chosen.mask else None
        return Scan(str(root / filled(chosen.image, row)), mask)

    return Study(
        layout="table",
        source=path,
        table=read_text_table(path),
        root=root,
        locate=locate,
        templates=[template for template in (chosen.image, chosen.mask) if template],
        columns=chosen.columns,
        morphometry=[root / table for table in chosen.morphometry],
        without={"tiv": "set cohort.table.tiv to null to measure brain volume on the images"},
    )


def facts(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return what the names of these images say: nothing."""
    return {}
