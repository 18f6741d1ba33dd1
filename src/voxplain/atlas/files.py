"""Opening atlases by path, or inside a pinned wheel that is never unpacked or installed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from voxplain.atlas.labels import Atlas, load_atlas
from voxplain.atlas.wheels import check_member
from voxplain.image.archives import member_path


def open_atlas(entry: Mapping[str, Any], wheel: str | Path | None = None) -> Atlas:
    """Open an atlas of the configuration.

    Parameters
    ----------
    entry : mapping
        One of the configuration's ``atlases``.
    wheel : path_like, optional
        The file of the wheel that the entry names, if it names one.

    Raises
    ------
    AtlasError
        As `voxplain.atlas.labels.load_atlas` and `check_member`.
    """
    if wheel is None:
        return load_atlas(entry["name"], entry["image"], entry["labels"], entry.get("sha256"))
    check_member(wheel, entry["image"], entry["sha256"])
    check_member(wheel, entry["labels"], entry["labels_sha256"])
    image, labels = member_path(wheel, entry["image"]), member_path(wheel, entry["labels"])
    return load_atlas(entry["name"], image, labels)
