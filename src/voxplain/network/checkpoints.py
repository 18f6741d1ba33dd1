"""How far a training or a search has come, so that a killed one goes on with the same bits."""

import dataclasses
import hashlib
import io
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from voxplain.image.stack import Stack
from voxplain.run.atomic import write_bytes


@dataclass
class Checkpoint:
    """A file that holds how far a long computation has come.

    Parameters
    ----------
    path : pathlib.Path
        Its place.
    made_by : str
        Digest of whatever else makes the computation what it is, such as its source code.
    every : float
        Seconds between two writings, at least.
    name : str
        What messages call the computation; its folder's name by default, such as ``fold-03``.
    """

    path: Path
    made_by: str
    every: float = 0.0
    name: str = ""

    def __post_init__(self) -> None:
        self.name = self.name or self.path.parent.name
        self._start = self._written = time.monotonic()
        self._before = 0.0
        self._parts: list[Checkpoint] = []

    @property
    def seconds(self) -> float:
        """Time that the computation has taken, what was kept of ended attempts included."""
        before = self._before + sum(part._before for part in self._parts)
        return before + time.monotonic() - self._start

    def part(self, number: int, name: str = "") -> "Checkpoint":
        """Return the checkpoint of one part of the computation; the first has this one's file.

        Parameters
        ----------
        number : int
            Which part, counted from 0.
        name : str
            What messages call it, unless as the whole.
        """
        path = self.path.with_name(f"{number}-{self.path.name}") if number else self.path
        self._parts.append(dataclasses.replace(self, path=path, name=name or self.name))
        return self._parts[-1]

    def key(
        self, settings: Any, seed: int, device: torch.device, *arrays: np.ndarray | Stack
    ) -> str:
        """Return a digest of all that decides the bits of a computation.

        Parameters
        ----------
        settings : dataclass
            Such as `TrainingSettings`.
        seed : int
            As the computation takes it.
        device : torch.device
            Where it computes.
        arrays : numpy.ndarray or Stack
            All that it computes with.
        """
        about = (dataclasses.astuple(settings), seed, device.type, torch.get_num_threads())
        digest = hashlib.sha256(f"{self.made_by} {about} {torch.__version__}".encode())
        for array in arrays:
            digest.update(f"{array.dtype} {array.shape}".encode())
            for part in array if isinstance(array, Stack) else [array]:
                digest.update(np.ascontiguousarray(part))
        return digest.hexdigest()

    def read(self, key: str) -> dict[str, Any] | None:
        """Return the state of the computation with this key; None if there is none, or another's.

        The file is read as tensors and plain values, never as code.
        """
        if not self.path.is_file():
            return None
        content = torch.load(self.path, map_location="cpu", weights_only=True)
        if content["key"] != key:
            return None
        self._before = content["seconds"]
        return content["state"]

    def write(self, key: str, state: Mapping[str, Any]) -> None:
        """Replace the file's content, unless it is younger than `every`."""
        if time.monotonic() - self._written < self.every:
            return
        buffer = io.BytesIO()
        torch.save({"key": key, "seconds": self.seconds, "state": dict(state)}, buffer)
        write_bytes(self.path, buffer.getvalue())
        self._written = time.monotonic()

    def remove(self) -> None:
        """Remove the file, and those of parts, once the results are written."""
        for one in (self, *self._parts):
            one.path.unlink(missing_ok=True)


def random_states(device: torch.device) -> dict[str, torch.Tensor]:
    """Return the states of torch's global generators that a training draws from."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states


def set_random_states(states: Mapping[str, torch.Tensor], device: torch.device) -> None:
    """Put torch's global generators where `random_states` found them."""
    torch.set_rng_state(states["cpu"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(states["cuda"], device)


class Termination:
    """Notes SIGTERM while its block runs, so that the block ends where nothing is lost."""

    def __enter__(self) -> "Termination":
        self.asked = False
        self._before = signal.signal(signal.SIGTERM, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        signal.signal(signal.SIGTERM, self._before)

    def _note(self, *_: object) -> None:
        self.asked = True
