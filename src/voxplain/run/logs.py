"""Logs of jobs; errors in the input are reported without a traceback."""

import contextlib
import gc
import os
import re
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from voxplain.errors import VoxplainError
from voxplain.run import lock


@contextlib.contextmanager
def job_log(path: str | os.PathLike[str]) -> Iterator[None]:
    """Send all output of a job to its log file, and end the job when its run ends.

    A `VoxplainError` ends the job with its message alone; any other exception is a bug and keeps
    its traceback, also in the log.

    Parameters
    ----------
    path : path_like
        The log file; missing folders are created.
    """
    lock.join()
    # Objects made by imports are never garbage. Checking them, above all when the interpreter ends,
    # takes half a second in a job with torch.
    gc.freeze()
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with (
        open(path, "w", buffering=1, encoding="utf-8") as log,
        contextlib.redirect_stdout(log),
        contextlib.redirect_stderr(log),
    ):
        try:
            yield
            print(f"peak memory: {peak_memory_mb():.0f} MB")
        except VoxplainError as error:
            _tell(f"{type(error).__name__}: {error}", log)
            raise SystemExit(1) from None
        except KeyboardInterrupt:
            _tell("Interrupted. Run the same command again to resume.", log)
            raise SystemExit(130) from None
        except Exception as error:
            if _is_out_of_memory(error):
                _tell(
                    f"out of memory: {error or 'an allocation failed'}; give the job more memory "
                    "(mem_mb on a cluster), run fewer jobs at once (--cores), or, if it is the "
                    "GPU's memory, lower cnn.batch_size",
                    log,
                )
                raise SystemExit(1) from None
            traceback.print_exc(file=log)
            raise


def peak_memory_mb() -> float:
    """Return the peak memory of this process, MB; NaN where there is no /proc."""
    with contextlib.suppress(FileNotFoundError):
        [kilobytes] = re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
        return int(kilobytes) * 1024 / 1e6
    return float("nan")


def _is_out_of_memory(error: Exception) -> bool:
    """Whether the error says that Python, torch's CPU allocator or CUDA ran out of memory."""
    if isinstance(error, MemoryError):
        return True
    phrases = ("can't allocate memory", "out of memory")
    return isinstance(error, RuntimeError) and any(phrase in str(error) for phrase in phrases)


def _tell(message: str, log: TextIO) -> None:
    """Print an error to the screen, then to the log: the log's disk may be full."""
    print(f"\n{message}\n", file=sys.__stderr__)
    log.write(f"\n{message}\n")


class Progress:
    """Print "<what>: <done> of <total>" at most every so often, and at the end.

    Parameters
    ----------
    what : str
        Name of the work in the log.
    every : float
        Seconds between two lines, at least.
    """

    def __init__(self, what: str, every: float = 10.0) -> None:
        self.what = what
        self.every = every
        self._last = -float("inf")

    def __call__(self, done: int, total: int) -> None:
        """Report that `done` of `total` units of work are finished."""
        now = time.monotonic()
        if done < total and now - self._last < self.every:
            return
        self._last = now
        print(f"{self.what}: {done} of {total}", flush=True)
