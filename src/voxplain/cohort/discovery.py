"""What a folder of images holds: its layout, and settings that read it, as far as names tell.

Nothing is guessed in silence: what was chosen, and what a person should look at, is said in notes.
"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from voxplain import nifti
from voxplain.cohort import bids, hcp
from voxplain.cohort.bids_names import BidsName, InvalidNameError
from voxplain.cohort.participants import MISSING_TEXT, shortened
from voxplain.cohort.scans import filled
from voxplain.cohort.text_tables import read_text_table
from voxplain.errors import CohortError, ImageError

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


@dataclass
class Found:
    """A cohort's settings as its folder suggests them.

    Attributes
    ----------
    cohort : dict
        For the configuration's key ``cohort``.
    volumes : dict
        For its key ``volumes``.
    notes : list of str
        What was seen, and what has to be looked at.
    """

    cohort: dict[str, Any]
    volumes: dict[str, Any]
    notes: list[str] = field(default_factory=list)


def inspect_folder(root: Path) -> Found:
    """Look at a folder of images and write down how it would be read.

    Parameters
    ----------
    root : Path
        ConnectomeDB's downloads, a BIDS dataset, nilearn's ``oasis1``, or any folder with a table
        that has a column ``participant_id`` and one image per participant.

    Raises
    ------
    CohortError
        It is no folder, or none of these.
    """
    if not root.is_dir():
        raise CohortError(f"{root} is not a folder; name the one that holds your data")
    for look in LAYOUTS:
        found = look(root)
        if found is not None:
            return found
    raise CohortError(
        f"{root} is no BIDS dataset (dataset_description.json), holds neither HCP's nor OASIS's "
        "folders, and no table (.tsv, .csv) with a column participant_id; add one with a row per "
        "participant"
    )


def _hcp(root: Path) -> Found | None:
    packages = [*root.glob("*_3T_Structural_preproc.zip"), *root.glob("*/preproc/*_3T_Str*.zip")]
    unpacked = {key: sorted(root.glob(f"*/{path}")) for key, path in hcp.IMAGES.items()}
    if not packages and not any(unpacked.values()):
        return None
    image = "acpc" if packages or unpacked["acpc"] else "mni"
    tables = {path.name: _columns(path) for path in sorted(root.glob("*.csv"))}
    behavioural = _first(tables, lambda names: {"Subject", "Gender", "Age"} <= names)
    if behavioural is None:
        raise CohortError(
            f"{root} holds HCP's images, but no behavioural table (.csv with Subject, Gender and "
            "Age); download the unrestricted one from ConnectomeDB"
        )
    restricted = _first(tables, lambda names: {"Subject", "Family_ID"} <= names)
    expanded = _first(
        tables, lambda names: sum(name.startswith("FS_") for name in names) > 500 and
        "Age" not in names
    )  # fmt: skip
    has_size = "FS_IntraCranial_Vol" in tables[behavioural]
    notes = [f"HCP young adults: {len(packages)} packages, {len(unpacked[image])} unpacked images."]
    if restricted is None:
        notes.append("No restricted table: twins and siblings will stand on both sides of splits.")
    settings = {
        **{"image": image, "behavioural": behavioural, "restricted": restricted},
        **{"tiv": "FS_IntraCranial_Vol" if has_size else None, "morphometry": expanded},
    }
    return Found(
        {
            **{"layout": "hcp", "space": hcp.SPACES[image], "contrast": "T1w"},
            **{"classes": {"negative": "women", "positive": "men"}, "on_missing": "drop"},
            "hcp": settings,
        },
        {"shape": [58, 70, 58], "batches": 20},
        notes,
    )


def _oasis(root: Path) -> Found | None:
    if not any(root.glob("OAS1_*_MR?/mwrc1*")):
        return None
    tables = [path.name for path in root.glob("*.csv") if {"ID", "M/F"} <= _columns(path)]
    if not tables:
        raise CohortError(f"{root} holds OASIS-1's maps, but not its table; fetch it with nilearn")
    return Found(
        {
            **{"layout": "oasis", "space": "MNI152", "contrast": "grey_matter"},
            **{"classes": {"negative": "women", "positive": "men"}},
            "oasis": {"participants": tables[0]},
        },
        {"shape": [36, 43, 36], "normalisation": "none"},
        ["OASIS-1: grey-matter maps in a template's space near MNI152."],
    )


def _bids(root: Path) -> Found | None:
    if not (root / bids.DESCRIPTION).is_file():
        return None
    settings: dict[str, Any] = {"participants": "participants.tsv"}
    table, notes = _labelled(root / "participants.tsv", settings)
    folders = [root, *sorted(path.parent for path in root.glob("*/*/sub-*") if path.is_dir())]
    folders = list(dict.fromkeys(path for path in folders if path.name not in ("anat",)))
    candidates = [
        (folder, names) for folder in folders if (names := _t1w(folder, table, folder == root))
    ]
    if not candidates:
        raise CohortError(f"{root}: no participant of its table has a *_T1w.nii or .nii.gz")
    folder, names = min(candidates, key=lambda candidate: _preference(candidate[1][0]))
    best = min(names, key=_preference)
    chosen = {key: best.entities[key] for key in ("space", "res", "desc") if key in best.entities}
    masked = best.entities.get("desc") != "brain" and best.brain_mask() is not None
    settings |= {
        "derivatives": None if folder == root else str(folder.relative_to(root)),
        **{"entities": chosen, "brain_mask": masked},
    }
    space = bids.facts(settings)["space"]
    notes.append(f"Images like {best.path.name}.")
    if not masked and best.entities.get("desc") != "brain":
        notes.append("No brain mask beside them: if they show skulls, extract the brains first.")
    if space == "native":
        notes.append(
            "Not in MNI space: no atlas tables, and all must lie on one grid; see registration in "
            "config.yaml."
        )
    cohort = {"layout": "bids", "space": space, "contrast": "T1w"}
    classes = settings.pop("classes")
    return Found(cohort | {"classes": classes, "bids": settings}, {"shape": [58, 70, 58]}, notes)


def _t1w(folder: Path, table: pd.DataFrame, raw: bool) -> list[BidsName]:
    """Return the T1w images of the first participant that has any."""
    for participant in table["participant_id"]:
        names = []
        for pattern in ("*", "*/*"):
            for path in sorted((folder / participant).glob(f"{pattern}/*_T1w.nii*")):
                try:
                    names.append(BidsName.parse(path, raw=raw))
                except InvalidNameError:
                    continue
        if names:
            return names
    return []


def _preference(name: BidsName) -> tuple[bool, bool, str]:
    """Sort MNI before native and brain-extracted before others."""
    space, desc = name.entities.get("space", ""), name.entities.get("desc", "")
    return (not space.startswith("MNI152"), desc not in ("brain", "preproc"), name.path.name)


def _table(root: Path) -> Found | None:
    tables = sorted(
        (path for path in root.iterdir() if path.suffix.lower() in (".tsv", ".csv")),
        key=lambda path: (path.stem != "participants", path.name),
    )
    named = [path for path in tables if "participant_id" in _columns(path)]
    if not named:
        return None
    settings: dict[str, Any] = {"participants": named[0].name}
    table, notes = _labelled(named[0], settings)
    settings["image"] = _image_pattern(root, table)
    settings["morphometry"] = None
    first = root / filled(settings["image"], table.iloc[0])
    space = "MNI152" if "MNI152" in first.name else "native"
    notes.append(f"Images like {first.relative_to(root)}.")
    notes.append(
        "Their names say MNI152."
        if space == "MNI152"
        else "Their names do not say MNI152, so there are no atlas tables: set cohort.space: "
        "MNI152 if they are registered, or let registration in config.yaml do it."
    )
    others = [path.name for path in named[1:]]
    if others:
        notes.append(f"Tables not used: {shortened(others)}; see cohort.table.morphometry.")
    classes = settings.pop("classes")
    cohort = {"layout": "table", "space": space, "contrast": "T1w", "classes": classes}
    return Found(cohort | {"table": settings}, {"shape": [58, 70, 58]}, notes)


def _labelled(path: Path, settings: dict[str, Any]) -> tuple[pd.DataFrame, list[str]]:
    """Fill in the columns of a participants table; return it and notes."""
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
    for key, names in _OPTIONAL.items():
        settings[key] = next((lower[name] for name in names if name in lower), None)
    if settings["tiv"]:
        settings["tiv"] = _only_millilitres(table, settings["tiv"])
    counts = ", ".join(f"{(table[label] == value).sum()} {value}" for value in values)
    return table, [f"{len(table)} participants; '{label}' is the class: {counts}."]


def _only_millilitres(table: pd.DataFrame, column: str) -> str | None:
    """Keep a column of head sizes only if it can be in ml: other units would be read wrongly."""
    numbers = pd.to_numeric(table[column], errors="coerce")
    return column if numbers.between(500, 3000).all() else None


def _values(column: pd.Series) -> list[str]:
    return sorted({value for value in column if value not in MISSING_TEXT})


def _image_pattern(root: Path, table: pd.DataFrame) -> str:
    """Find the path of the images as a template of ``{participant_id}`` or another column."""
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


def _columns(path: Path) -> set[str]:
    """Return the column names of a table, none if it cannot be read."""
    separator = "," if path.suffix.lower() == ".csv" else "\t"
    try:
        with open(path, encoding="utf-8-sig") as file:
            return {name.strip().strip('"') for name in file.readline().split(separator)}
    except (OSError, UnicodeDecodeError):
        return set()


def _first(tables: dict[str, set[str]], fits: Callable[[set[str]], bool]) -> str | None:
    return next((name for name, columns in tables.items() if fits(columns)), None)


LAYOUTS: tuple[Callable[[Path], Found | None], ...] = (_hcp, _oasis, _bids, _table)
