"""JSON files; apart from other files, because reading the rules should not load pandas."""

import json
import os
from pathlib import Path
from typing import Any

from voxplain.run.atomic import write_text


def write_json(path: str | os.PathLike[str], value: Any) -> None:
    """Write a value as indented JSON, atomically.

    Parameters
    ----------
    path : path_like
        The file; missing folders are created.
    value : object
        Anything that JSON can hold.
    """
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: str | os.PathLike[str]) -> Any:
    """Read a JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))
