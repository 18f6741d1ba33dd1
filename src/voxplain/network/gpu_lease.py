"""One GPU per job on a machine where nobody deals them out.

Slurm gives each job devices that no other job has. Elsewhere every job sees all that
CUDA_VISIBLE_DEVICES leaves, and leases one of them by a file lock, which the kernel takes back when
the process ends.
"""

import fcntl
import os
import time
from collections.abc import Sequence
from pathlib import Path

from voxplain.errors import StorageError

# The same for every job of this user on this machine, whatever TMPDIR says; no RAM, and not emptied
# at a logout as /run/user and /dev/shm are.
_FOLDER = Path(f"/var/tmp/voxplain-gpus-{os.getuid()}")
_leases: dict[str, int] = {}  # this process's locks; closing a descriptor would give its device up


def lease(names: Sequence[str], folder: Path = _FOLDER) -> int:
    """Take a device that no other job of this user has; wait for one if need be.

    Parameters
    ----------
    names : sequence of str
        The devices' UUIDs, so that all jobs mean the same by a name. A single one that Slurm gave
        to this job is not asked for.
    folder : pathlib.Path
        Where the locks lie.

    Returns
    -------
    int
        Its place in `names`. It is given back when the process ends.

    Raises
    ------
    StorageError
        No lock can be made in `folder`.
    """
    if len(names) == 1 and "SLURM_JOB_ID" in os.environ:
        return 0
    for place, name in enumerate(names):
        if name in _leases:
            return place
    locks = [_open(folder, name) for name in names]
    told = False
    while True:
        for place, lock in enumerate(locks):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            for other in locks:
                if other != lock:
                    os.close(other)
            _leases[names[place]] = lock
            return place
        if not told:
            print(f"waiting for one of the GPUs {', '.join(names)}", flush=True)
            told = True
        time.sleep(1)


def _open(folder: Path, name: str) -> int:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        return os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise StorageError(
            f"{folder / name} cannot be written ({error.strerror}), which keeps jobs off each "
            "other's GPUs; make room, or the folder yours"
        ) from error
