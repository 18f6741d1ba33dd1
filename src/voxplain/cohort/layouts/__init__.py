"""Cohorts: layouts of images and tables on disk, all read into one participants table.

A layout is a function ``(root, settings) -> Study`` in its own module and a line in `LAYOUTS`; the
checks are the same for all (`voxplain.cohort.checks`). The participants table is described in
`voxplain.cohort.participants`.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from voxplain.cohort.checks import Requirements, check_study
from voxplain.cohort.layouts import bids, hcp, oasis, synthetic, table
from voxplain.cohort.participants import CheckedCohort
from voxplain.cohort.study import Study
from voxplain.errors import ConfigError

LAYOUTS: dict[str, Callable[[Path, Mapping[str, Any]], Study]] = {
    "table": table.read_study,
    "synthetic": synthetic.read_study,
    "hcp": hcp.read_study,
    "bids": bids.read_study,
    "oasis": oasis.read_study,
}
# What a layout's files are by their names: the configuration must not say otherwise.
FACTS: dict[str, Callable[[Mapping[str, Any]], dict[str, str]]] = {
    "hcp": hcp.facts,
    "bids": bids.facts,
    "oasis": oasis.facts,
}


def read_cohort(
    layout: str,
    root: str | Path,
    settings: Mapping[str, Any],
    required: Requirements,
    progress: Callable[[int, int], None] | None = None,
) -> CheckedCohort:
    """Read and check a cohort of any known layout.

    Parameters
    ----------
    layout : str
        A key of `LAYOUTS`.
    root : path_like
        The cohort's folder.
    settings : mapping
        The layout's own settings (``cohort.<layout>`` in the configuration).
    required : Requirements
        What the run asks of its cohort.
    progress : callable, optional
        See `voxplain.cohort.checks.check_study`.

    Returns
    -------
    CheckedCohort

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
    return check_study(LAYOUTS[layout](Path(root), settings), required, progress)


def check_facts(layout: str, settings: Mapping[str, Any], **claimed: str) -> None:
    """Compare what the configuration says of the images with what their files' names say.

    Parameters
    ----------
    layout, settings
        As in `read_cohort`.
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
