"""Cohorts: layouts of images and tables on disk, all read into one participants table.

A layout is a module of its name in this package, with two functions: ``read_study(root, settings)``
returns a `Study`, and ``facts(settings)`` what the names of its files say of the images. It is
imported when a cohort has this layout, so that no other cohort depends on it. The checks are the
same for all (`voxplain.cohort.checks`). The participants table is described in
`voxplain.cohort.participants`.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from voxplain.cohort.checks import Requirements, check_study
from voxplain.cohort.participants import CheckedCohort
from voxplain.cohort.study import Study
from voxplain.errors import ConfigError


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
        ``cohort.layout`` of the configuration.
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
    CohortError, GridMismatchError
        If the cohort cannot be used; all problems in one message.
    """
    study: Study = _module(layout).read_study(Path(root), settings)
    return check_study(study, required, progress)


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
    facts: dict[str, str] = _module(layout).facts(settings)
    wrong = [
        f"cohort.{key} is {claimed[key]}, but the images that cohort.{layout} chooses are "
        f"{fact}; set cohort.{key} to {fact} or choose others"
        for key, fact in facts.items()
        if claimed[key] != fact
    ]
    if wrong:
        raise ConfigError("\n".join(wrong))


def _module(layout: str) -> ModuleType:
    return import_module(f"{__name__}.{layout}")
