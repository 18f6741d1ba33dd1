"""What a participants table and its images tell: the class, further columns, paths."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from voxplain.cohort.participants import MISSING_TEXT, shortened
from voxplain.cohort.text_tables import read_text_table
from voxplain.errors import CohortError, ImageError
from voxplain.image import nifti
from voxplain.run.templates import filled

_SEXES = {"F": ("F", "f", "Female", "female", "FEMALE"), "M": ("M", "m", "Male", "male", "MALE")}
_LABELS = ("sex", "gender", "diagnosis", "group", "dx")  # looked for in this order
_OPTIONAL = {
    "age": ("age",),
    "site": ("site", "scanner", "center", "centre"),
    "family": ("family_id", "family"),
    "tiv": ("tiv", "etiv", "icv", "tiv_ml"),
}
_DEEPEST = 5  # folders below the cohort's
_CLASS_NAME = re.compile(r"[^A-Za-z0-9-]+")


def labelled(path: Path, settings: dict[str, Any]) -> tuple[pd.DataFrame, list[str]]:
    """Read a participants table and find out which columns have a meaning.

    Parameters
    ----------
    path : Path
        The table.
    settings : dict
        Filled in: label, negative, positive, classes and the optional columns.

    Returns
    -------
    table : pandas.DataFrame
        Cells as text.
    notes : list of str
        What a person should check.

    Raises
    ------
    CohortError
        It has no participants, or no column of two classes.
    """
    table = read_text_table(path)
    if "participant_id" not in table.columns or table.empty:
        raise CohortError(f"{path} has no column participant_id, or no rows; correct it")
    lower = {name.lower(): name for name in table.columns}
    label = next((lower[name] for name in _LABELS if name in lower), None)
    if label is None:
        two = [name for name in table.columns if len(_values(table[name])) == 2]
        label = two[0] if two else None
    if label is None:
        raise CohortError(
            f"{path} has no column of two classes (sex, diagnosis, ...); add one; its columns are "
            f"{shortened(table.columns.tolist(), 12)}"
        )
    values = _values(table[label])
    settings["label"] = label
    sexes = {key: [value for value in values if value in _SEXES[key]] for key in _SEXES}
    if all(sexes.values()) and sum(map(len, sexes.values())) == len(values):
        settings |= {"negative": sexes["F"], "positive": sexes["M"]}
        settings["classes"] = {"negative": "women", "positive": "men"}
    elif len(values) == 2:
        settings |= {"negative": values[0], "positive": values[1]}
        names = [_CLASS_NAME.sub("-", value).strip("-") or f"class-{value}" for value in values]
        settings["classes"] = {"negative": names[0], "positive": names[1]}
    else:
        raise CohortError(
            f"{path}: '{label}' has the values {shortened(values)}; two classes are needed: "
            "remove or rename the others"
        )
    for key, spellings in _OPTIONAL.items():
        settings[key] = next((lower[name] for name in spellings if name in lower), None)
    counts = ", ".join(f"{(table[label] == value).sum()} {value}" for value in values)
    notes = [f"{len(table)} participants; '{label}' is the class: {counts}."]
    if all(value.isdigit() for value in values):
        notes.append("These are codes: write what they mean under cohort.classes.")
    if settings["tiv"] and not _in_millilitres(table[settings["tiv"]]):
        notes.append(
            f"'{settings['tiv']}' is not used as head size: its values are not all numbers from "
            "500 to 3000 (ml; 1 ml is 1000 mm³). Correct it and name it in tiv."
        )
        settings["tiv"] = None
    return table, notes


def _in_millilitres(column: pd.Series) -> bool:
    """Whether head sizes can be in ml: other units would be read wrongly."""
    return bool(pd.to_numeric(column, errors="coerce").between(500, 3000).all())


def _values(column: pd.Series) -> list[str]:
    return sorted({value for value in column if value not in MISSING_TEXT})


def image_pattern(root: Path, table: pd.DataFrame) -> str:
    """Find the path of the images as a template of ``{participant_id}`` or another column.

    Parameters
    ----------
    root : Path
        The cohort's folder.
    table : pandas.DataFrame
        From `labelled`.

    Raises
    ------
    CohortError
        There is no image of a participant.
    """
    for name in table.columns:
        if any(value.endswith((".nii", ".nii.gz")) for value in table[name]):
            return f"{{{name}}}"
    images = list(_images(root))
    for participant in table["participant_id"]:
        paths = [path for path in images if participant in path.name and _is_image(path)]
        patterns = [
            str(path.relative_to(root)).replace(participant, "{participant_id}") for path in paths
        ]
        counts = {
            pattern: sum((root / filled(pattern, row)).exists() for _, row in table.iterrows())
            for pattern in patterns
        }
        if counts:
            return max(counts, key=lambda pattern: (counts[pattern], *_is_likely(pattern)))
    raise CohortError(
        f"{root} holds no NIfTI file with a participant_id of its table in its name, and the table "
        "has no column of paths; rename the files or add such a column"
    )


def _images(root: Path) -> Iterator[Path]:
    """Find NIfTI files a few folders deep, also behind links, which studies are often made of."""
    for folder, folders, names in os.walk(root, followlinks=True):
        if len(Path(folder).relative_to(root).parts) >= _DEEPEST:
            folders.clear()
        folders.sort()
        yield from (Path(folder, name) for name in sorted(names) if ".nii" in name)


def _is_likely(pattern: str) -> tuple[bool, bool, bool]:
    """Prefer registered T1-weighted images to others, and anything to segmentations and masks."""
    name = Path(pattern).name
    return "MNI152" in name, "T1w" in name, not re.search("seg|mask|label", name)


def _is_image(path: Path) -> bool:
    try:
        nifti.read_header(path)
    except ImageError:
        return False
    return True
