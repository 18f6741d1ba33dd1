"""Cohorts: layouts of images and tables on disk, all read into one participants table.

A layout is a function ``(root, settings, **checked) -> participants`` in its own module and a line
in `LAYOUTS`; it gathers what it finds into a `study.Study`, and the checks are the same for all.
The participants table is described in `voxplain.cohort.participants`.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from voxplain.cohort.layouts import bids, hcp, oasis, synthetic, table
from voxplain.errors import ConfigError

LAYOUTS: dict[str, Callable[..., pd.DataFrame]] = {
    "table": table.read_participants,
    "synthetic": synthetic.read_participants,
    "hcp": hcp.read_participants,
    "bids": bids.read_participants,
    "oasis": oasis.read_participants,
}
# What a layout's files are by their names: the configuration must not say otherwise.
FACTS: dict[str, Callable[[Mapping[str, Any]], dict[str, str]]] = {
    "hcp": hcp.facts,
    "bids": bids.facts,
    "oasis": oasis.facts,
}


def read_participants(
    layout: str, root: str | Path, settings: Mapping[str, Any], **checked: Any
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
    **checked
        ``classes``, ``exclude``, ``n_splits`` and so on: see
        `voxplain.cohort.checks.participants_of`.

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
    return LAYOUTS[layout](root, settings, **checked)


def check_facts(layout: str, settings: Mapping[str, Any], **claimed: str) -> None:
    """Compare what the configuration says of the images with what their files' names say.

    Parameters
    ----------
    layout, settings
        As in `read_participants`.
    **claimed : str
        ``space`` (``MNI152`` or ``native``) and ``contrast`` (``T1w`` or ``grey_matter``).

    Raises
    ------
    ConfigError
        If they contradict each other: atlas tables, or the name of what is seen, would be wrong.
    """
    facts = FACTS[layout](settings) if layout in FACTS else {}
    wrong = [
        f"cohort.{key} is {claimed[key]}, but the images that cohort.{layout} chooses are "
        f"{fact}; set cohort.{key} to {fact} or choose others"
        for key, fact in facts.items()
        if claimed[key] != fact
    ]
    if wrong:
        raise ConfigError("\n".join(wrong))
