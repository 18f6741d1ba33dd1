"""Checkpoints of a training or a search, from which a killed one resumes with the same bits."""

import dataclasses
import hashlib
import io
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from voxplain.image.stack import Stack
from voxplain.run.atomic import write_bytes


@dataclass
class Checkpoint:
    """A file with the state of a long computation.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    made_by : str
        Digest of what else determines the computation, such as its source code.
    every : float
        Seconds between two writes, at least.
    name : str
        Name of the computation in messages; by default that of its folder, such as ``fold-03``.
    """

    path: Path
    made_by: str
    every: float = 0.0
    name: str = ""

    def __post_init__(self) -> None:
        self.name = self.name or self.path.parent.name
        self._start = self._written = time.monotonic()
        self._before = 0.0
        self._parts: list[Self] = []

    @property
    def seconds(self) -> float:
        """Time that the computation has taken, including earlier attempts that were resumed."""
        before = self._before + sum(part._before for part in self._parts)
        return before + time.monotonic() - self._start

    def part(self, number: int, name: str = "") -> Self:
        """Return the checkpoint of one part of the computation.

        Parameters
        ----------
        number : int
            Number of the part, from 0. Part 0 has the file of the whole.
        name : str
            Name of the part in messages; by default that of the whole.
        """
        path = self.path.with_name(f"{number}-{self.path.name}") if number else self.path
        self._parts.append(dataclasses.replace(self, path=path, name=name or self.name))
        return self._parts[-1]

    def key(
        self, settings: Any, seed: int, device: torch.device, *arrays: np.ndarray | Stack
    ) -> str:
        """Return a digest of all that determines the bits of a computation.

        Parameters
        ----------
        settings : dataclass
            Such as `TrainingSettings`.
        seed : int
            The computation's seed.
        device : torch.device
            Where it computes.
        *arrays : numpy.ndarray or Stack
            All its data.
        """
        about = (dataclasses.astuple(settings), seed, device.type, torch.get_num_threads())
        digest = hashlib.sha256(f"{self.made_by} {about} {torch.__version__}".encode())
        for array in arrays:
            digest.update(f"{array.dtype} {array.shape}".encode())
            for part in array if isinstance(array, Stack) else [array]:
                digest.update(np.ascontiguousarray(part).data)
        return digest.hexdigest()

    def read(self, key: str) -> dict[str, Any] | None:
        """Return the state that was written with this key; None if there is none.

        The file is read as tensors and plain values, never as code.

        Parameters
        ----------
        key : str
            From `key`. The state of another computation is not used.
        """
        if not self.path.is_file():
            return None
        content = torch.load(self.path, map_location="cpu", weights_only=True)
        if content["key"] != key:
            return None
        self._before = content["seconds"]
        return content["state"]

    def write(self, key: str, state: Mapping[str, Any]) -> None:
        """Write the state, unless the last write was less than `every` seconds ago.

        Parameters
        ----------
        key : str
            From `key`.
        state : mapping
            Tensors and plain values.
        """
        if time.monotonic() - self._written < self.every:
            return
        buffer = io.BytesIO()
        torch.save({"key": key, "seconds": self.seconds, "state": dict(state)}, buffer)
        write_bytes(self.path, buffer.getvalue())
        self._written = time.monotonic()

    def remove(self) -> None:
        """Remove the file, and those of the parts; call it when the results are written."""
        for path in (self.path, *(part.path for part in self._parts)):
            path.unlink(missing_ok=True)


def random_states(device: torch.device) -> dict[str, torch.Tensor]:
    """Return the states of torch's global generators that a training draws from."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states


def set_random_states(states: Mapping[str, torch.Tensor], device: torch.device) -> None:
    """Set torch's global generators.

    Parameters
    ----------
    states : mapping
        From `random_states`.
    device : torch.device
        As for `random_states`.
    """
    torch.set_rng_state(states["cpu"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(states["cuda"], device)


class Termination:
    """Context that only notes a SIGTERM, so that its block can end where nothing is lost."""

    def __enter__(self) -> Self:
        self.requested = False
        self._before = signal.signal(signal.SIGTERM, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        signal.signal(signal.SIGTERM, self._before)

    def _note(self, *_: object) -> None:
        self.requested = True
