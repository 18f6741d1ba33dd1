"""The `table` layout: any folder of images described by one TSV or CSV file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from voxplain.cohort.checks import participants_of
from voxplain.cohort.morphometry import tables as morphometry
from voxplain.cohort.scans import Scan
from voxplain.cohort.study import Study
from voxplain.cohort.text_tables import read_text_table
from voxplain.run.templates import filled

_FILES = ("image", "mask")


def read_participants(
    root: str | Path, settings: Mapping[str, Any], **checked: Any
) -> pd.DataFrame:
    """Read and check the participants of a folder of images.

    Parameters
    ----------
    root : path_like
        The cohort's folder; paths in `settings` and in the table are relative to it.
    settings : mapping
        The config's ``cohort.table``: ``participants`` (file), ``image`` (path with columns in
        braces), ``mask`` (likewise, or null), ``label`` (column), ``positive`` and ``negative``
        (its values), columns for ``family``, ``tiv`` (ml), ``age`` (years) and ``site``, and
        ``morphometry`` (one table or a list), each null where there is none.
    **checked
        Passed to `voxplain.cohort.checks.participants_of`.

    Returns
    -------
    participants : DataFrame
        See `voxplain.cohort.participants.COLUMNS`, in the order of the file.

    Raises
    ------
    CohortError, GridMismatchError
        See `voxplain.cohort.checks.participants_of`.
    """
    root = Path(root)
    path = root / settings["participants"]

    def locate(row: Mapping[str, str]) -> Scan:
        files = [settings.get(key) for key in _FILES]
        return Scan(*(template and str(root / filled(template, row)) for template in files))

    study = Study(
        layout="table",
        source=path,
        table=read_text_table(path),
        root=root,
        locate=locate,
        templates=[settings[key] for key in _FILES if settings.get(key)],
        columns=settings,
        morphometry=[root / name for name in morphometry.as_paths(settings["morphometry"])],
        without={"tiv": "set cohort.table.tiv to null to measure brain volume on the images"},
    )
    return participants_of(study, **checked)
