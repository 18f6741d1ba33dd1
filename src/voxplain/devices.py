"""One GPU per job on a machine that has several, and where nobody else deals them out.

A cluster shows each job its own device alone. On a workstation every job sees all of them; there a
job leases one by a file lock, which the kernel takes back when the process ends.
"""

import fcntl
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

_leases: list[int] = []  # descriptors of this process's locks; closing one would give it up


def visible_names(count: int) -> list[str]:
    """Name `count` devices as CUDA_VISIBLE_DEVICES does, so that all jobs mean the same by a name.

    Parameters
    ----------
    count : int
        How many torch sees, in the variable's order.
    """
    listed = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    names = [name.strip() for name in listed.split(",") if name.strip()]
    return names[:count] if names else [str(k) for k in range(count)]


def lease(names: Sequence[str], folder: str | os.PathLike | None = None) -> int:
    """Take a device that no other job of this user has; wait for one if need be.

    Parameters
    ----------
    names : sequence of str
        The devices. A single one is this job's already, and is not asked for.
    folder : path_like, optional
        Where the locks lie; the machine's temporary folder by default.

    Returns
    -------
    int
        Its place in `names`. It is given back when the process ends.
    """
    if len(names) == 1:
        return 0
    folder = Path(folder or Path(tempfile.gettempdir(), f"voxplain-gpus-{os.getuid()}"))
    folder.mkdir(mode=0o700, exist_ok=True)
    locks = [
        os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600) for name in names
    ]
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
            _leases.append(lock)
            return place
        if not told:
            print(f"waiting for one of the GPUs {', '.join(names)}", flush=True)
            told = True
        time.sleep(1)
