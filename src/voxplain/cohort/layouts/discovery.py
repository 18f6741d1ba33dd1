"""What a folder of images holds: its layout, and settings that read it, as far as names tell.

Nothing is guessed silently: notes say what was chosen, and what a person should check.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from voxplain.cohort.image_patterns import HCP_IMAGES, PATTERNS
from voxplain.cohort.layouts import bids, hcp
from voxplain.cohort.layouts.bids_names import BidsName, InvalidNameError
from voxplain.cohort.layouts.table_discovery import image_pattern, labelled
from voxplain.cohort.participants import shortened
from voxplain.errors import CohortError
from voxplain.run.templates import filled


@dataclass
class FolderSettings:
    """Settings of a cohort, as its folder suggests them.

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


def inspect_folder(root: Path) -> FolderSettings:
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
    for inspect in LAYOUTS:
        suggestion = inspect(root)
        if suggestion is not None:
            return suggestion
    problem = (
        f"{root} is no BIDS dataset (dataset_description.json), holds neither HCP's nor OASIS's "
        "folders, and no table (.tsv, .csv) with a column participant_id; "
    )
    tables = _tables(root)
    if not tables:
        raise CohortError(problem + "add one with a row per participant")
    seen = "; ".join(f"{path.name} has {shortened(sorted(_columns(path)))}" for path in tables)
    raise CohortError(
        f"{problem}{seen}: rename the column of identifiers, and separate cells by commas in a "
        ".csv, by tabs in a .tsv"
    )


def _tables(root: Path) -> list[Path]:
    return sorted(
        (path for path in root.iterdir() if path.suffix.lower() in (".tsv", ".csv")),
        key=lambda path: (path.stem != "participants", path.name),
    )


def _hcp(root: Path) -> FolderSettings | None:
    paths = [path for pattern in PATTERNS["hcp"] for path in root.glob(pattern)]
    packages = [path for path in paths if path.suffix == ".zip"]
    unpacked = {
        key: [path for path in paths if path.match(image)] for key, image in HCP_IMAGES.items()
    }
    if not paths:
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
        tables,
        lambda names: sum(name.startswith("FS_") for name in names) > 500 and "Age" not in names,
    )
    has_size = "FS_IntraCranial_Vol" in tables[behavioural]
    notes = [f"HCP young adults: {len(packages)} packages, {len(unpacked[image])} unpacked images."]
    if restricted is None:
        notes.append("No restricted table: twins and siblings will stand on both sides of splits.")
    settings = {
        "image": image,
        "behavioural": behavioural,
        "restricted": restricted,
        "tiv": "FS_IntraCranial_Vol" if has_size else None,
        "morphometry": expanded,
    }
    return FolderSettings(
        {
            "layout": "hcp",
            "space": hcp.SPACES[image],
            "contrast": "T1w",
            "classes": {"negative": "women", "positive": "men"},
            "on_missing": "drop",
            "hcp": settings,
        },
        {"shape": [58, 70, 58], "batches": 20},
        notes,
    )


def _oasis(root: Path) -> FolderSettings | None:
    if not any(path for pattern in PATTERNS["oasis"] for path in root.glob(pattern)):
        return None
    tables = [path.name for path in root.glob("*.csv") if {"ID", "M/F"} <= _columns(path)]
    if not tables:
        raise CohortError(f"{root} holds OASIS-1's maps, but not its table; fetch it with nilearn")
    return FolderSettings(
        {
            "layout": "oasis",
            "space": "MNI152",
            "contrast": "grey_matter",
            "classes": {"negative": "women", "positive": "men"},
            "oasis": {"participants": tables[0]},
        },
        {"shape": [36, 43, 36], "normalisation": "none"},
        ["OASIS-1: grey-matter maps in a template's space near MNI152."],
    )


def _bids(root: Path) -> FolderSettings | None:
    if not (root / bids.DESCRIPTION).is_file():
        return None
    settings: dict[str, Any] = {"participants": "participants.tsv"}
    table, notes = labelled(root / "participants.tsv", settings)
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
        "entities": chosen,
        "brain_mask": masked,
    }
    space = bids.facts(settings)["space"]
    notes.append(f"Images like {best.path.name}.")
    if not masked and best.entities.get("desc") != "brain":
        notes.append("They have no brain masks: if they show skulls, extract the brains first.")
    if space == "native":
        notes.append(
            "Not in MNI space: no atlas tables, and all must lie on one grid; see registration in "
            "config.yaml."
        )
    cohort = {"layout": "bids", "space": space, "contrast": "T1w"}
    classes = settings.pop("classes")
    return FolderSettings(
        cohort | {"classes": classes, "bids": settings}, {"shape": [58, 70, 58]}, notes
    )


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


def _table(root: Path) -> FolderSettings | None:
    named = [path for path in _tables(root) if "participant_id" in _columns(path)]
    if not named:
        return None
    settings: dict[str, Any] = {"participants": named[0].name}
    table, notes = labelled(named[0], settings)
    settings["image"] = image_pattern(root, table)
    settings["morphometry"] = None
    paths = [root / filled(settings["image"], row) for _, row in table.iterrows()]
    first = next((path for path in paths if path.is_file()), paths[0])
    space = "MNI152" if "MNI152" in first.name else "native"
    notes.append(f"Images like {first.relative_to(root)}.")
    absent = [path.name for path in paths if not path.is_file()]
    if absent and "!/" not in settings["image"]:
        notes.append(
            f"{len(absent)} of {len(paths)} are not there: {shortened(absent, 3)}. If the files "
            "have other names, write each one's path into a column and name it in "
            "cohort.table.image; cohort.on_missing: drop leaves these participants out."
        )
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
    return FolderSettings(cohort | {"table": settings}, {"shape": [58, 70, 58]}, notes)


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


LAYOUTS: tuple[Callable[[Path], FolderSettings | None], ...] = (_hcp, _oasis, _bids, _table)
