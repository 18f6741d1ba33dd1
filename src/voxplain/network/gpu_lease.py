"""One GPU per job on a machine without a scheduler.

Slurm gives each job devices that no other job has. Elsewhere every job sees all devices in
CUDA_VISIBLE_DEVICES, and reserves one by a file lock, which the kernel releases when the process
ends.
"""

import fcntl
import os
import time
from collections.abc import Sequence
from pathlib import Path

from voxplain.errors import StorageError
from voxplain.run.lock import try_lock

# The same for every job of this user on this machine, whatever TMPDIR is; unlike /run/user and
# /dev/shm it is not in RAM and not emptied at logout.
_FOLDER = Path(f"/var/tmp/voxplain-gpus-{os.getuid()}")
_leases: dict[str, int] = {}  # this process's locks by device; closing a descriptor releases it


def lease(names: Sequence[str], folder: Path = _FOLDER) -> int:
    """Reserve a device that no other job of this user has; wait if all are taken.

    Parameters
    ----------
    names : sequence of str
        The devices' UUIDs, which are the same in all jobs. A single device that Slurm gave to this
        job needs no lock.
    folder : pathlib.Path
        Folder of the locks.

    Returns
    -------
    int
        The device's index in `names`. The device is released when the process ends.

    Raises
    ------
    StorageError
        No lock can be created in `folder`.
    """
    if len(names) == 1 and "SLURM_JOB_ID" in os.environ:
        return 0
    for held, name in enumerate(names):
        if name in _leases:
            return held
    locks = [_open(folder, name) for name in names]
    index = _first_free(locks)
    if index is None:
        print(f"waiting for one of the GPUs {', '.join(names)}", flush=True)
    while index is None:
        time.sleep(1)
        index = _first_free(locks)
    _leases[names[index]] = locks.pop(index)
    for lock in locks:
        os.close(lock)
    return index


def _first_free(locks: Sequence[int]) -> int | None:
    """Take the first lock that no other process holds and return its index."""
    return next((i for i, lock in enumerate(locks) if try_lock(lock, fcntl.LOCK_EX)), None)


def _open(folder: Path, name: str) -> int:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        return os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise StorageError(
            f"{folder / name}, by which a job reserves its GPU, cannot be created "
            f"({error.strerror}); free some space, or make the folder yours"
        ) from error
