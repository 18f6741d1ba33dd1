"""The embedded cohort as the workflow writes it: a table like anybody's, read back like it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from voxplain.cohort.layouts import table
from voxplain.cohort.study import Study

# What the workflow writes for this layout, in the words of the `table` layout that reads it back.
TABLE_SETTINGS = {
    "participants": "participants.tsv",
    "image": "{image}",
    "label": "label",
    "positive": "1",
    "negative": "0",
    "family": "family_id",
    "tiv": "tiv",
    "age": "age",
    "site": None,
    "morphometry": "morphometry.tsv",
}


def read_study(root: Path, settings: Mapping[str, Any]) -> Study:
    """Describe a cohort that the workflow has made, as any other table.

    Parameters
    ----------
    root : Path
        The cohort's folder.
    settings : mapping
        ``cohort.synthetic``: how the images were made, which does not matter here.
    """
    return table.read_study(root, TABLE_SETTINGS)


def facts(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return what the names of these images say: nothing."""
    return {}
