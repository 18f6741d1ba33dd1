"""The embedded cohort as the workflow writes it: a table like anybody's, read back like it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from voxplain.cohort.layouts import table

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


def read_participants(root: str | Path, settings: Mapping[str, Any], **checks: Any) -> pd.DataFrame:
    """Read a cohort that the workflow has made, with the same checks as any other table.

    `settings` (``cohort.synthetic``) says how the images were made and does not matter here.
    """
    return table.read_participants(root, TABLE_SETTINGS, **checks)
