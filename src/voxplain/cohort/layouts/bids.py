"""The `bids` layout: a BIDS dataset, its raw images or those of a derivative.

Derivatives of fMRIPrep, sMRIPrep and Clinica differ in their folders but name their files alike,
so a participant's folder is searched and names decide. Every participant must have exactly one
image that fits the settings.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from voxplain.cohort.columns import Columns
from voxplain.cohort.layouts.bids_names import BidsName, InvalidNameError, differing
from voxplain.cohort.morphometry import tables as morphometry
from voxplain.cohort.participants import Problems, shortened
from voxplain.cohort.scans import Scan
from voxplain.cohort.study import Study
from voxplain.cohort.text_tables import read_text_table
from voxplain.cohort.values import ID

DESCRIPTION = "dataset_description.json"
_SUFFIX = "T1w"


@dataclass(frozen=True)
class BidsSettings:
    """The configuration's ``cohort.bids``; paths are below the dataset's folder.

    Attributes
    ----------
    participants : str
        Path of the table.
    derivatives : str or None
        Folder of the images; None for the raw ones.
    entities : dict
        What the image's name must say, by entity; None: it must not have the entity.
    brain_mask : bool
        Whether the ``desc-brain_mask`` of the same entities is applied.
    columns : Columns
        Columns of the table that have a meaning.
    morphometry : list of Path
        Tables of features.
    """

    participants: str
    derivatives: str | None
    entities: dict[str, Any]
    brain_mask: bool
    columns: Columns
    morphometry: list[Path]

    @classmethod
    def from_config(cls, settings: Mapping[str, Any]) -> Self:
        """Take the settings out of the configuration; ``session`` becomes the entity ``ses``."""
        entities = dict(settings["entities"])
        if settings["session"] is not None:
            entities["ses"] = str(settings["session"]).removeprefix("ses-")
        return cls(
            participants=settings["participants"],
            derivatives=settings["derivatives"],
            entities=entities,
            brain_mask=settings["brain_mask"],
            columns=Columns.from_config(settings),
            morphometry=morphometry.as_paths(settings["morphometry"]),
        )


def read_study(root: Path, settings: Mapping[str, Any]) -> Study:
    """Describe a BIDS dataset.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    settings : mapping
        The configuration's ``cohort.bids``.

    Raises
    ------
    CohortError
        The table cannot be read.
    """
    chosen = BidsSettings.from_config(settings)
    path = root / chosen.participants
    problems = Problems(str(path))
    _check_description(root, problems)
    table = read_text_table(path)
    images = root / chosen.derivatives if chosen.derivatives else root
    if not images.is_dir():
        problems.add(f"{images} does not exist; check cohort.bids.derivatives")
    age = chosen.columns.age
    if age in table.columns:  # BIDS advises to write 89+ for the oldest
        table[age] = table[age].str.removesuffix("+")
    folders = {folder.name for folder in images.glob("sub-*") if folder.is_dir()}

    def locate(row: Mapping[str, str]) -> Scan:
        return find_image(images, row[ID], folders, chosen)

    return Study(
        layout="bids",
        source=path,
        table=table,
        root=root,
        locate=locate,
        columns=chosen.columns,
        morphometry=[root / table for table in chosen.morphometry],
        without={"tiv": "set cohort.bids.tiv to null to measure brain volume on the images"},
        problems=problems,
    )


def _check_description(root: Path, problems: Problems) -> None:
    path = root / DESCRIPTION
    if not path.is_file():
        problems.add(f"{path} is missing: {root} is not a BIDS dataset; check cohort_root")
        return
    try:
        described = json.loads(path.read_text(encoding="utf-8-sig"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        problems.add(f"{path} is not JSON ({error}); correct it")
        return
    wanted = ("Name", "BIDSVersion")
    if not isinstance(described, dict) or any(key not in described for key in wanted):
        problems.add(f"{path} lacks Name or BIDSVersion, which BIDS requires; add them")


def find_image(images: Path, participant: str, folders: set[str], settings: BidsSettings) -> Scan:
    """Find the one image of a participant that fits the settings.

    Parameters
    ----------
    images : Path
        The folder that holds the participants' folders.
    participant : str
        As in the participants table: ``sub-<label>``.
    folders : set of str
        Names of the participants' folders.
    settings : BidsSettings
        What the image's name must say.

    Returns
    -------
    scan : Scan
        With the reason, and the names that are there, if no image or more than one fits.
    """
    if participant not in folders:
        return _no_folder(images, participant, folders)
    raw = settings.derivatives is None
    fitting, others = _candidates(images / participant, settings.entities, raw)
    fitting = _first_session(fitting)
    if len(fitting) != 1:
        return _unclear(fitting, others, settings.entities)
    (image,) = fitting
    if image.path.is_symlink() and not image.path.exists():
        return Scan(missing=f"{image.path} is a link without content; fetch it first (datalad get)")
    if not settings.brain_mask or image.entities.get("desc") == "brain":
        return Scan(str(image.path))
    mask = image.brain_mask()
    if mask is None:
        return Scan(
            missing=f"{image.path.name} has no desc-brain_mask in its folder; set "
            "cohort.bids.brain_mask to false if the images are brain-extracted"
        )
    return Scan(str(image.path), str(mask))


def _candidates(
    folder: Path, wanted: Mapping[str, Any], raw: bool
) -> tuple[list[BidsName], list[str]]:
    """Return the images that fit, and what else is called T1w and why it does not fit."""
    fitting, others = [], []
    # anat, <session>/anat, and <session>/t1_linear of Clinica
    patterns = [f"{depth}/{folder.name}_*{_SUFFIX}.nii*" for depth in ("*", "*/*")]
    for path in sorted(path for pattern in patterns for path in folder.glob(pattern)):
        try:
            name = BidsName.parse(path, raw=raw)
        except InvalidNameError as error:
            others.append(f"{path.name} ({error})")
            continue
        if name.suffix == _SUFFIX and name.fits(wanted):
            fitting.append(name)
        else:
            others.append(path.name)
    return fitting, others


def _first_session(names: list[BidsName]) -> list[BidsName]:
    """Keep the first session that has an image (2 before 10); without sessions, everything."""
    if not names:
        return names
    first = min((name.entities.get("ses", "") for name in names), key=_natural)
    return [name for name in names if name.entities.get("ses", "") == first]


def _natural(text: str) -> str:
    """Return a key that sorts numbers in a text by their value."""
    return re.sub(r"\d+", lambda digits: digits[0].zfill(20), text)


def _no_folder(images: Path, participant: str, folders: set[str]) -> Scan:
    alike = [name for name in folders if name.casefold() == participant.casefold()]
    if alike:
        return Scan(
            problem=f"its folder is {alike[0]}; BIDS tells capitals from small letters: rename one"
        )
    if not participant.startswith("sub-"):
        return Scan(problem=f"BIDS writes participant_id as sub-{participant}; correct the table")
    return Scan(missing=f"there is no folder {images / participant}")


def _unclear(fitting: list[BidsName], others: list[str], wanted: Mapping[str, Any]) -> Scan:
    """Explain why there is not exactly one image."""
    if fitting:
        names = shortened([name.path.name for name in fitting], 4)
        return Scan(
            problem=f"{len(fitting)} images fit: {names}; choose by cohort.bids.entities "
            f"({', '.join(differing(fitting))})"
        )
    asked = [f"no {key}" if value is None else f"{key}-{value}" for key, value in wanted.items()]
    there = shortened(others, 4) or f"no *_{_SUFFIX}.nii or .nii.gz"
    return Scan(
        missing=f"no {_SUFFIX} image fits ({', '.join(asked) or 'any entities'}); there is {there}"
    )


def facts(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return what these images are: their space and what their voxels show."""
    space = str(settings["entities"].get("space"))
    return {
        "space": "MNI152" if space.startswith("MNI152") else "native",
        "contrast": "T1w",
    }
