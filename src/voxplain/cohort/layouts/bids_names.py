"""Names of files in BIDS: ``sub-01_ses-a_space-MNI152NLin6Asym_desc-brain_T1w.nii.gz``."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

# Entities of a raw T1w image in their order (BIDS 1.11); derivatives may have others.
RAW_ENTITIES = ("sub", "ses", "task", "acq", "ce", "rec", "run", "echo", "part", "chunk")
INDICES = ("run", "echo", "chunk")  # numbers: run-1 is run-01
_ENTITY = re.compile(r"([a-z]+)-([A-Za-z0-9+]+)")
_ENDINGS = (".nii", ".nii.gz")


class InvalidNameError(ValueError):
    """A file name that BIDS does not allow."""


@dataclass(frozen=True)
class BidsName:
    """What the name of a NIfTI file says.

    Attributes
    ----------
    path : Path
        The file.
    entities : dict of str
        Values of the entities (``{"sub": "01", "space": "MNI152NLin6Asym"}``), in the name's order.
    suffix : str
        Last part, such as ``T1w``.
    """

    path: Path
    entities: dict[str, str]
    suffix: str

    @classmethod
    def parse(cls, path: Path, *, raw: bool) -> Self:
        """Take a name apart.

        Parameters
        ----------
        path : Path
            A ``.nii`` or ``.nii.gz`` file.
        raw : bool
            Whether the entities must be those of a raw T1w image, in their order. Derivatives may
            have entities of their own, and Clinica writes ``desc`` before ``res``.

        Raises
        ------
        InvalidNameError
            If the name breaks a rule; the message says which.
        """
        stem = next((path.name[: -len(end)] for end in _ENDINGS if path.name.endswith(end)), None)
        if stem is None:
            raise InvalidNameError("not .nii or .nii.gz")
        *parts, suffix = stem.split("_")
        entities: dict[str, str] = {}
        for part in parts:
            match = _ENTITY.fullmatch(part)
            if match is None:
                raise InvalidNameError(f"'{part}' is no entity of letters and digits")
            if match[1] in entities:
                raise InvalidNameError(f"{match[1]} stands in it twice")
            if match[1] in INDICES and not match[2].isdecimal():
                raise InvalidNameError(f"'{part}' is no number")
            entities[match[1]] = match[2]
        if raw:
            unknown = [key for key in entities if key not in RAW_ENTITIES]
            if unknown:
                raise InvalidNameError(f"raw images have no entity {unknown[0]}")
            if list(entities) != sorted(entities, key=RAW_ENTITIES.index):
                raise InvalidNameError("its entities are not in BIDS's order")
        return cls(path, entities, suffix)

    def fits(self, wanted: Mapping[str, Any]) -> bool:
        """Whether the name has these entities; None asks for a name without the entity."""
        return all(_same(key, self.entities.get(key), value) for key, value in wanted.items())

    def brain_mask(self) -> Path | None:
        """Return the brain mask of the same entities in the same folder, if it is there."""
        stem = "_".join(f"{key}-{value}" for key, value in self.entities.items() if key != "desc")
        masks = [self.path.with_name(f"{stem}_desc-brain_mask{end}") for end in _ENDINGS]
        return next((mask for mask in masks if mask.exists()), None)


def _same(key: str, value: str | None, wanted: Any) -> bool:
    if value is None or wanted is None:
        return value is None and wanted is None
    text = str(wanted)
    if key in INDICES and text.isdecimal():
        return int(value) == int(text)
    return value == text


def differing(names: Sequence[BidsName]) -> list[str]:
    """Return the entities by which names differ, or that only file or folder differs."""
    keys = {key for name in names for key in name.entities}
    several = [key for key in keys if len({name.entities.get(key) for name in names}) > 1]
    return sorted(several) or ["file or folder"]
