"""Atomic writing: a file that exists is complete, whatever killed the process that wrote it.

Every writer puts the bytes under a temporary name in the target's folder, flushes them to disk and
renames. Separate from `voxplain.run.files`, so that the workflow starts without importing pandas.
"""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from voxplain.errors import StorageError

TEMPORARY = ".tmp-"  # prefix of files that are being written, by which leftovers are recognised
_STORAGE_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES)


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path that replaces `path` when the block ends without an error.

    The temporary name keeps the suffix of `path`, because many writers choose the format by it.

    Parameters
    ----------
    path : path_like
        The target; missing folders are created.

    Raises
    ------
    StorageError
        The disk is full or read-only, or the user's quota is used up.
    """
    path = Path(path)
    temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            with open(temporary, "rb") as file:
                os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        if error.errno not in _STORAGE_ERRORS:
            raise
        raise StorageError(
            f"{path} cannot be written: {error.strerror}; free some space (or make the folder "
            "writable) and run again: what is finished is kept"
        ) from error


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write bytes to a file atomically (see `atomic_path`).

    Parameters
    ----------
    path : path_like
        The file; missing folders are created.
    data : bytes
        Its content.
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write text to a file as UTF-8, atomically (see `atomic_path`).

    Parameters
    ----------
    path : path_like
        The file; missing folders are created.
    text : str
        Its content.
    """
    write_bytes(path, text.encode("utf-8"))
