"""Files inside zip archives (wheels are such archives), read as streams, never unpacked to disk.

A member is named like a file: ``<archive>.zip!/<path inside it>``.
"""

import contextlib
import io
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, cast

from voxplain.errors import ImageError

_MARK = re.compile(r"\.(?:zip|whl)!/")
_ENCRYPTED = 0x1  # bit of a member's flags


def member_path(archive: str | os.PathLike[str], member: str) -> str:
    """Return the path that names a member of a zip archive.

    Parameters
    ----------
    archive : path_like
        The ``.zip`` or ``.whl`` file.
    member : str
        Path inside it.
    """
    return f"{archive}!/{member}"


def split(path: str | os.PathLike[str]) -> tuple[Path, str | None]:
    """Return the file on disk and, if `path` names a member of an archive, the member."""
    text = str(path)
    mark = _MARK.search(text)
    if mark is None:
        return Path(path), None
    return Path(text[: mark.end() - 2]), text[mark.end() :]


@contextlib.contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[io.BufferedIOBase]:
    """Open a file, or a member of a zip archive, as a seekable stream of bytes.

    Parameters
    ----------
    path : path_like
        A file or ``<archive>.zip!/<member>``.

    Raises
    ------
    ImageError
        If the archive cannot be read, or the member is missing, encrypted, stored in a way that
        Python cannot read, or points outside the archive. The message does not name the path; the
        caller adds it.
    """
    archive, member = split(path)
    with open(archive, "rb") as file:
        if member is None:
            yield file
        else:
            with _archive(file) as zipped, _member(zipped, member) as stream:
                yield stream


def size(path: str | os.PathLike[str]) -> int:
    """Return the size of a file, or of a member after inflation, in bytes.

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


def _archive(file: IO[bytes]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except zipfile.BadZipFile as error:
        raise ImageError(f"is in a damaged zip archive ({error}); download it again") from error


def _info(zipped: zipfile.ZipFile, member: str) -> zipfile.ZipInfo:
    parts = PurePosixPath(member).parts
    if not parts or parts[0] == "/" or ".." in parts or "\\" in member:
        raise ImageError("points outside its archive; name a file inside it")
    try:
        info = zipped.getinfo(member)
    except KeyError as error:
        raise ImageError("is not in its archive; check that this is the right package") from error
    if info.flag_bits & _ENCRYPTED:
        raise ImageError("is encrypted; unpack the archive with its password first")
    return info


def _member(zipped: zipfile.ZipFile, member: str) -> zipfile.ZipExtFile:
    info = _info(zipped, member)
    try:
        return cast(zipfile.ZipExtFile, zipped.open(info))  # typeshed says IO[bytes]
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise ImageError(f"cannot be read from its archive ({error}); unpack it first") from error
