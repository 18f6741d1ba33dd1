"""Files inside zip archives, read as streams and never unpacked to disk.

A member is named like a file: ``<archive>.zip!/<path in it>``. A wheel is such an archive too.
"""

import contextlib
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from voxplain.errors import ImageError

_MARK = re.compile(r"\.(?:zip|whl)!/")
_ENCRYPTED = 0x1  # bit of a member's flags


def member_path(archive: str | os.PathLike, member: str) -> str:
    """Return the path that names a member of a zip archive."""
    return f"{archive}!/{member}"


def split(path: str | os.PathLike) -> tuple[Path, str | None]:
    """Return the file on disk and, if `path` names a member of an archive, the member."""
    found = _MARK.search(text := str(path))
    return (Path(text[: found.end() - 2]), text[found.end() :]) if found else (Path(path), None)


@contextlib.contextmanager
def opened(path: str | os.PathLike) -> Iterator[BinaryIO]:
    """Open a file, or a member of a zip archive, as a seekable stream of bytes.

    Parameters
    ----------
    path : path_like
        A file or ``<archive>.zip!/<member>``.

    Raises
    ------
    ImageError
        If the archive cannot be read, or the member is not there, is encrypted, is stored in a way
        that Python cannot read, or has a name that leads out of the archive. The message does not
        name the path: the caller knows whose it is.
    """
    archive, member = split(path)
    with open(archive, "rb") as file:
        if member is None:
            yield file
        else:
            with _archive(file) as zipped, _member(zipped, member) as stream:
                yield stream


def size(path: str | os.PathLike) -> int:
    """Return the bytes of a file, or of a member once it is inflated.

    Raises
    ------
    ImageError
        As `opened`.
    """
    archive, member = split(path)
    if member is None:
        return archive.stat().st_size
    with open(archive, "rb") as file, _archive(file) as zipped:
        return _info(zipped, member).file_size


def _archive(file: BinaryIO) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except zipfile.BadZipFile as error:
        raise ImageError(f"lies in a damaged zip archive ({error}); download it again") from error


def _info(zipped: zipfile.ZipFile, member: str) -> zipfile.ZipInfo:
    parts = PurePosixPath(member).parts
    if not parts or parts[0] == "/" or ".." in parts or "\\" in member:
        raise ImageError("leads out of its archive; name a file inside it")
    try:
        info = zipped.getinfo(member)
    except KeyError as error:
        raise ImageError("is not in its archive; check that this is the right package") from error
    if info.flag_bits & _ENCRYPTED:
        raise ImageError("is encrypted; unpack the archive with its password first")
    return info


def _member(zipped: zipfile.ZipFile, member: str) -> BinaryIO:
    info = _info(zipped, member)
    try:
        return zipped.open(info)
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise ImageError(f"cannot be read from its archive ({error}); unpack it first") from error
