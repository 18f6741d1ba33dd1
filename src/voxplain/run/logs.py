"""Where a job's words go: its log file, and errors of the input without a traceback."""

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
    """Send all output of a job to its log file, and let it end with its run.

    An error of the input ends the job with its message alone; any other exception is a defect of
    the program and keeps its traceback, in the log as well.
    """
    lock.join()
    # What the imports made is no garbage. Walking it, above all when the interpreter ends, takes a
    # job with torch half a second.
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
            _tell("Interrupted. The same command goes on from here.", log)
            raise SystemExit(130) from None
        except Exception as error:
            if _is_out_of_memory(error):
                _tell(
                    f"out of memory: {error or 'an allocation failed'}; give the job more (mem_mb "
                    "on a cluster), start fewer at once (--cores), or lower cnn.batch_size if it "
                    "is the GPU's",
                    log,
                )
                raise SystemExit(1) from None
            traceback.print_exc(file=log)
            raise


def peak_memory_mb() -> float:
    """Return the most memory that this process has held, MB; NaN where there is no /proc."""
    with contextlib.suppress(FileNotFoundError):
        [kilobytes] = re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
        return int(kilobytes) * 1024 / 1e6
    return float("nan")


def _is_out_of_memory(error: Exception) -> bool:
    """Return whether Python, torch's CPU allocator or CUDA had no memory left."""
    if isinstance(error, MemoryError):
        return True
    words = ("can't allocate memory", "out of memory")
    return isinstance(error, RuntimeError) and any(word in str(error) for word in words)


def _tell(message: str, log: TextIO) -> None:
    """Put an error on the screen first: the disk that the log is on may be what is full."""
    print(f"\n{message}\n", file=sys.__stderr__)
    log.write(f"\n{message}\n")


class Progress:
    """Print "done of all" to the log, at most once per `every` seconds, and at the end."""

    def __init__(self, what: str, every: float = 10.0) -> None:
        self.what = what
        self.every = every
        self._last = -float("inf")

    def __call__(self, done: int, total: int) -> None:
        """Report that `done` of `total` units are finished."""
        now = time.monotonic()
        if done < total and now - self._last < self.every:
            return
        self._last = now
        print(f"{self.what}: {done} of {total}", flush=True)
