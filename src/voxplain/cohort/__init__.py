"""Cohorts: layouts of images and tables on disk, all read into one participants table.

A layout is a function ``(root, settings, *, classes, exclude, n_splits) -> participants`` in its
own module and a line in `LAYOUTS`; the participants table is described in
`voxplain.cohort.participants`.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from voxplain.cohort import synthetic, table
from voxplain.errors import ConfigError

# The door for further layouts: HCP, BIDS and OASIS each become one module and one line.
LAYOUTS: dict[str, Callable[..., pd.DataFrame]] = {
    "table": table.read_participants,
    "synthetic": synthetic.read_participants,
}


def read_participants(
    layout: str,
    root: str | Path,
    settings: Mapping[str, Any],
    *,
    classes: Mapping[str, str],
    exclude: Sequence[str] = (),
    n_splits: int = 2,
) -> pd.DataFrame:
    """Read and check a cohort of any known layout.

    Parameters
    ----------
    layout : str
        A key of `LAYOUTS`.
    root : path_like
        The cohort's folder.
    settings : mapping
        The layout's own settings (``cohort.<layout>`` in the config).
    classes, exclude, n_splits
        As in `voxplain.cohort.table.read_participants`.

    Returns
    -------
    participants : DataFrame
        One row per participant; see `voxplain.cohort.participants.COLUMNS`.

    Raises
    ------
    ConfigError
        If the layout is unknown.
    CohortError, GridMismatchError
        If the cohort cannot be used; all problems in one message.
    """
    if layout not in LAYOUTS:
        known = ", ".join(LAYOUTS)
        raise ConfigError(f"cohort.layout is '{layout}'; the known layouts are {known}")
    return LAYOUTS[layout](root, settings, classes=classes, exclude=exclude, n_splits=n_splits)
