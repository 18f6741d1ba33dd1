"""One workflow per run folder, and no job without its workflow.

The engine, which is the workflow's main process, holds a lock on the run's folder that the kernel
releases when the process ends, however it ends. Each job holds a shared lock of its own and ends
itself when the engine or its parent process is gone, so that jobs of a killed run never write into
the next one.
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
_POLL_SECONDS = 0.5
_held: list[int] = []  # descriptors of this process's locks; closing one would release the lock


def hold(folder: str | os.PathLike[str], patience: float = 20.0) -> None:
    """Make this process the run's engine until it ends.

    Leftovers of killed writers (files named ``.tmp-*``) are removed. Files with a modification time
    in the future, written by a machine with a fast clock, get the present time: otherwise whatever
    depends on them would be computed again at each start until that time.

    Parameters
    ----------
    folder : path_like
        The run's folder, created if it does not exist.
    patience : float
        Seconds to wait for the jobs of an engine that was killed just before.

    Raises
    ------
    RunLockError
        The folder has another engine or jobs of an earlier one, or is not writable.
    """
    folder = Path(folder)
    if ENGINE_VARIABLE in os.environ:  # a run inside a job ends with that job
        _end_without({os.getppid()})
    lock = _open(folder, LOCK)
    if not _try(folder, lock, fcntl.LOCK_EX):
        owner = os.pread(lock, 200, 0).decode() or "an unknown process"
        raise RunLockError(
            f"{folder} is locked by another run ({owner}); wait until it ends, or give this run "
            "another name (run in config.yaml)"
        )
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
    _held.append(lock)
    _await_jobs(folder, patience)
    _tidy(folder)


def join() -> None:
    """Tie this job to the run that started it; does nothing outside a workflow."""
    if FOLDER_VARIABLE not in os.environ:
        return
    folder = Path(os.environ[FOLDER_VARIABLE])
    lock = _open(folder, JOBS_LOCK)
    while not _try(folder, lock, fcntl.LOCK_SH):  # an engine holds it for an instant
        time.sleep(0.05)
    _held.append(lock)
    _end_without({os.getppid(), int(os.environ[ENGINE_VARIABLE])})


def _await_jobs(folder: Path, patience: float) -> None:
    """Wait until no job of an earlier engine is left."""
    lock = _open(folder, JOBS_LOCK)
    end = time.monotonic() + patience
    try:
        while not _try(folder, lock, fcntl.LOCK_EX):
            if time.monotonic() > end:
                raise RunLockError(
                    f"{folder}: jobs of an earlier run are still running in this folder; wait "
                    "until they end, or cancel them (on Slurm: squeue --me, scancel)"
                )
            time.sleep(_POLL_SECONDS)
    finally:
        os.close(lock)


def _tidy(folder: Path) -> None:
    """Remove leftovers of killed writers, and set times in the future to the present."""
    leftover = "was left by a writer that was killed"
    now = time.time()
    for parent, folders, files in os.walk(folder):
        for name in [name for name in folders if name.startswith(TEMPORARY)]:
            folders.remove(name)
            _repair(Path(parent, name), leftover, shutil.rmtree)
        for name in [*files, *folders]:
            path = Path(parent, name)
            if name.startswith(TEMPORARY):
                _repair(path, leftover, os.unlink)
            elif path.lstat().st_mtime > now:
                touch = partial(os.utime, follow_symlinks=False)
                _repair(path, "has a modification time in the future", touch)


def _repair(path: Path, problem: str, action: Callable[[Path], None]) -> None:
    try:
        action(path)
    except PermissionError as error:
        raise RunLockError(
            f"{path} {problem} and belongs to another user (id {path.lstat().st_uid}); ask them to "
            "touch or remove it, or give this run another name (run in config.yaml)"
        ) from error


def _open(folder: Path, name: str) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o664)
    except OSError as error:
        raise RunLockError(
            f"{folder} is not writable ({error.strerror}); make it writable, or run in another "
            "folder"
        ) from error


def try_lock(lock: int, kind: int) -> bool:
    """Take a lock without waiting.

    Parameters
    ----------
    lock : int
        Descriptor of the lock's file.
    kind : int
        `fcntl.LOCK_EX` or `fcntl.LOCK_SH`.

    Returns
    -------
    bool
        False if another process holds it.

    Raises
    ------
    OSError
        The file system has no locks.
    """
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _try(folder: Path, lock: int, kind: int) -> bool:
    """Take a lock of a run without waiting; a file system without locks earns a warning."""
    try:
        return try_lock(lock, kind)
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
            raise
        print(
            f"{folder}: the file system has no locks, so nothing prevents a second run in this "
            "folder; mount it with locks (Lustre: -o flock)"
        )
    return True


def _end_without(processes: set[int]) -> None:
    """End this process with SIGKILL when one of `processes` has ended."""

    def check() -> None:
        if not all(map(_alive, processes)):
            os.kill(os.getpid(), signal.SIGKILL)

    def keep_checking() -> None:
        while True:
            time.sleep(_POLL_SECONDS)
            check()

    check()
    threading.Thread(target=keep_checking, daemon=True).start()


def _alive(process: int) -> bool:
    """Whether a process is running; one that has ended but is not reaped yet is not."""
    with contextlib.suppress(OSError):
        stat = Path(f"/proc/{process}/stat").read_bytes()
        return stat.rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    return False
