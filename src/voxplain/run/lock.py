"""One engine per run, and no job without its engine.

The engine (the workflow's main process) holds a lock on the run's folder that the kernel takes
back when the process ends, however it ends. Each job holds a shared lock of its own, and ends by
itself when the engine or its parent is gone, so that what a killed run leaves behind never writes
into the next one.
"""

import contextlib
import errno
import fcntl
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from voxplain.errors import RunLockError
from voxplain.run.atomic import TEMPORARY

LOCK, JOBS_LOCK = ".lock", ".jobs.lock"
FOLDER_VARIABLE, ENGINE_VARIABLE = "VOXPLAIN_RUN", "VOXPLAIN_ENGINE"
_SECONDS_BETWEEN_LOOKS = 0.5
_held: list[int] = []  # descriptors of this process's locks; closing one would give it up


def hold(folder: str | os.PathLike[str], patience: float = 20.0) -> None:
    """Make this process the run's engine, for as long as it lives.

    Leftovers of writers that were killed (files named ``.tmp-*``) are removed. Files from the
    future, which a node with a fast clock wrote, are from now on of this moment: else whatever
    rests on them would be made anew at each start until that time has come.

    Parameters
    ----------
    folder : path_like
        The run's folder, made if need be.
    patience : float
        Seconds to wait for jobs of an engine that was killed a moment ago.

    Raises
    ------
    RunLockError
        Another engine works in the folder, jobs of an earlier one do, or it cannot be written to.
    """
    folder = Path(folder)
    if ENGINE_VARIABLE in os.environ:  # a study inside a job ends with that job
        _end_without({os.getppid()})
    lock = _open(folder, LOCK)
    if not _try(folder, lock, fcntl.LOCK_EX):
        owner = os.pread(lock, 200, 0).decode() or "that does not say who it is"
        raise RunLockError(
            f"{folder}: another run is at work in this folder ({owner}); wait for its end, or give "
            "this run another name (run in config.yaml)"
        )
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
    _held.append(lock)
    _await_jobs(folder, patience)
    _tidy(folder)


def join() -> None:
    """Bind this job to the run that started it; without effect outside of a workflow."""
    if FOLDER_VARIABLE not in os.environ:
        return
    folder = Path(os.environ[FOLDER_VARIABLE])
    lock = _open(folder, JOBS_LOCK)
    while not _try(folder, lock, fcntl.LOCK_SH):  # an engine is looking, for an instant
        time.sleep(0.05)
    _held.append(lock)
    _end_without({os.getppid(), int(os.environ[ENGINE_VARIABLE])})


def _await_jobs(folder: Path, patience: float) -> None:
    """Return once no job of an earlier engine is left."""
    lock = _open(folder, JOBS_LOCK)
    end = time.monotonic() + patience
    try:
        while not _try(folder, lock, fcntl.LOCK_EX):
            if time.monotonic() > end:
                raise RunLockError(
                    f"{folder}: jobs of an earlier run are still at work in this folder; wait for "
                    "their end, or end them (on Slurm: squeue --me, scancel)"
                )
            time.sleep(_SECONDS_BETWEEN_LOOKS)
    finally:
        os.close(lock)


def _tidy(folder: Path) -> None:
    now = time.time()
    for parent, folders, files in os.walk(folder):
        for name in [name for name in folders if name.startswith(TEMPORARY)]:
            folders.remove(name)
            _mend(Path(parent, name), "is left of a writer that was killed", shutil.rmtree)
        for name in [*files, *folders]:
            path = Path(parent, name)
            if name.startswith(TEMPORARY):
                _mend(path, "is left of a writer that was killed", os.unlink)
            elif path.lstat().st_mtime > now:
                _mend(path, "is of the future", partial(os.utime, follow_symlinks=False))


def _mend(path: Path, what: str, do: Callable[[Path], None]) -> None:
    try:
        do(path)
    except PermissionError as error:
        raise RunLockError(
            f"{path}: {what}, and belongs to another user (id {path.lstat().st_uid}); let them "
            "touch or remove it, or give this run another name (run in config.yaml)"
        ) from error


def _open(folder: Path, name: str) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o664)
    except OSError as error:
        raise RunLockError(
            f"{folder}: nothing can be written here ({error.strerror}); make the folder writable, "
            "or run in another one"
        ) from error


def _try(folder: Path, lock: int, kind: int) -> bool:
    """Return whether the lock could be had at once."""
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
            raise
        print(
            f"{folder}: the file system has no locks, so nothing keeps a second run out of this "
            "folder; mount it with locks (Lustre: -o flock)"
        )
    return True


def _end_without(needed: set[int]) -> None:
    """End this process with SIGKILL once one of `needed` is gone."""

    def look() -> None:
        if not all(map(_alive, needed)):
            os.kill(os.getpid(), signal.SIGKILL)

    look()
    threading.Thread(target=_forever, args=(look,), daemon=True).start()


def _forever(look: Callable[[], None]) -> None:
    while True:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
        look()


def _alive(process: int) -> bool:
    """Return whether a process runs; one that is dead but not yet reaped does not."""
    with contextlib.suppress(OSError):
        stat = Path(f"/proc/{process}/stat").read_bytes()
        return stat.rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    return False
