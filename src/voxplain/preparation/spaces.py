"""Spaces of images, maps and tables, and their provenance in JSON sidecars.

Keys are those of BIDS derivatives where BIDS defines one (`SpatialReference`, `Sources`).
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from voxplain.errors import SpaceError
from voxplain.run.json_files import read_json, write_json

XFORM_ALIGNED, XFORM_MNI152 = 2, 4  # NIfTI's codes
_ORIGINAL = "orig"  # BIDS: each image's own space


def is_mni152(space: str) -> bool:
    """Whether a space is one of the MNI152 family, in which the atlases are."""
    return space.startswith("MNI152")


def origin(participant: str, image: str, mask: str | None, space: str) -> dict[str, Any]:
    """Return the provenance of an image that stays in its own space.

    Parameters
    ----------
    participant : str
        The participant.
    image : str
        Path of the image.
    mask : str or None
        Path of its brain mask, if there is one.
    space : str
        The space that the image is in, or is brought into afterwards.
    """
    return {"participant_id": participant, "Space": space, "Image": image, "Mask": mask}


def volumes_sidecar(space: str, participants: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the sidecar of the stacked volumes.

    Parameters
    ----------
    space : str
        From `RegistrationSettings.space_after`.
    participants : iterable of mapping
        One record each, in the order of the volumes (`origin`).
    """
    records = list(participants)
    images = [record["Image"] for record in records]
    return _sidecar(space, images) | {"Participants": records}


def _sidecar(space: str, sources: Iterable[str]) -> dict[str, Any]:
    reference = space if is_mni152(space) else _ORIGINAL
    return {"Space": space, "SpatialReference": reference, "Sources": list(map(str, sources))}


def write_sidecars(outputs: Iterable[str], origin: str | Path, sources: Iterable[str]) -> None:
    """Write the sidecars of maps or tables, which are in the space of their sources.

    Their ``Origin`` is the sidecar of the volumes, which describes each participant's registration.

    Parameters
    ----------
    outputs : iterable of path
        Sidecars to write, all with the same content.
    origin : path
        Sidecar of the volumes, or of results computed from them.
    sources : iterable of path
        Files that the maps or tables were computed from.
    """
    source = read_json(origin)
    content = _sidecar(source["Space"], sources) | {"Origin": source.get("Origin", str(origin))}
    for path in outputs:
        write_json(path, content)


def nifti_code(origin: str | Path) -> int:
    """Return NIfTI's code of the space in a sidecar."""
    return XFORM_MNI152 if is_mni152(read_json(origin)["Space"]) else XFORM_ALIGNED


def require_mni152(sidecars: Iterable[str | Path]) -> None:
    """Refuse maps that are not known to be in MNI152.

    Raises
    ------
    SpaceError
        A sidecar is missing or names another space, in which the atlases' regions would be wrong.
    """
    for path in sidecars:
        space = read_json(path).get("Space", "unknown") if Path(path).is_file() else "unknown"
        if not is_mni152(space):
            raise SpaceError(
                f"{path}: the maps' space is {space}, but the atlases are in MNI152; register the "
                "images (registration.method, see docs/howto/registration.md) or run without "
                "atlases"
            )
