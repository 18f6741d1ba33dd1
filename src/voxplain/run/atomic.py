"""Atomic writing: a file that exists is complete, whatever killed the process that wrote it.

Every writer puts the bytes under a temporary name in the target's folder, flushes them to disk and
renames. Apart from `voxplain.run.files`, because the workflow's start must not pay for pandas.
"""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from voxplain.errors import StorageError

# Of names of files that are being written; what a killed writer leaves is found by it.
TEMPORARY = ".tmp-"
_STORAGE_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES)


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path that replaces `path` when the block ends without an error.

    The temporary name keeps the suffix of `path`, because many writers choose the format by it.

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
            f"{path} cannot be written: {error.strerror}; make room (or the folder writable) and "
            "run again, which goes on from what is finished"
        ) from error


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write bytes atomically."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write UTF-8 text atomically."""
    write_bytes(path, text.encode("utf-8"))
