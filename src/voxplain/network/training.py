"""Training a network and predicting with it; the same seed gives the same bits."""

import contextlib
import math
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import convert_conv3d_weight_memory_format

from voxplain.errors import TrainingError
from voxplain.image.stack import Stack, parts
from voxplain.network.batches import Images, batches, images_on, labels_on
from voxplain.network.checkpoints import Checkpoint, Termination, random_states, set_random_states

_VOXELS = 2**20  # in a batch of images for prediction


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of one training run; the defaults are those of the authors' code.

    Parameters
    ----------
    epochs, batch_size : int
        Passes over the training set and participants per step.
    learning_rate, weight_decay : float
        Of Adam.
    milestones : tuple of int
        Epochs after which the learning rate is multiplied by `gamma`.
    gamma : float
        See `milestones`.
    average_last : int
        Number of last epochs whose weights and BatchNorm statistics are averaged; 1 takes the last
        epoch alone. More give steadier results on small cohorts (docs/methods.md).
    """

    epochs: int = 20
    batch_size: int = 45
    learning_rate: float = 3e-4
    weight_decay: float = 0.0
    milestones: tuple[int, ...] = (5, 15)
    gamma: float = 0.1
    average_last: int = 1


def train(
    build: Callable[[], nn.Module],
    images: np.ndarray | Stack,
    labels: np.ndarray,
    settings: TrainingSettings,
    seed: int,
    device: torch.device,
    held_out: tuple[np.ndarray | Stack, np.ndarray] | None = None,
    checkpoint: Checkpoint | None = None,
) -> tuple[nn.Module, pd.DataFrame]:
    """Train a network for a fixed number of epochs; no epoch is selected by its result.

    Parameters
    ----------
    build : callable
        Returns the network, (n, 1, X, Y, Z) -> (n, 2) logits, with weights drawn from torch's
        global generator, which is seeded before and restored after the training.
    images : numpy.ndarray or Stack
        ``(n, X, Y, Z)`` float32, normalised; a stack is read batch by batch.
    labels : numpy.ndarray
        ``(n,)`` 0/1.
    settings : TrainingSettings
        Epochs, batches and optimiser.
    seed : int
        Determines initial weights, order of participants and dropout.
    device : torch.device
        Where to train. On a GPU the images stay there throughout if they fit.
    held_out : tuple, optional
        Images and labels whose loss is recorded per epoch. It has no effect on the training.
    checkpoint : Checkpoint, optional
        Stores the state after each epoch. A training that was ended resumes from it, and gives the
        same bits as one that was not.

    Returns
    -------
    model : torch.nn.Module
        In eval mode.
    history : pandas.DataFrame
        epoch, learning_rate, loss, accuracy, and test_loss, test_accuracy if `held_out` is given.

    Raises
    ------
    TrainingError
        The loss of an epoch, a weight or a statistic is not finite. That epoch is not stored.
    SystemExit
        SIGTERM was received; with a checkpoint, at the end of the epoch.
    """
    key = ""
    if checkpoint is not None:
        key = checkpoint.key(settings, seed, device, images, labels, *(held_out or ()))
    x, y = images_on(device, images, settings.batch_size), labels_on(device, labels)
    with _seeded(seed, device):
        model = convert_conv3d_weight_memory_format(build().to(device), torch.channels_last_3d)
        run = _Run(model, settings, seed, device)
        if checkpoint is not None and (state := checkpoint.read(key)) is not None:
            run.load(state)
            print(f"Resuming after epoch {len(run.rows)}", flush=True)
        with Termination() if checkpoint is not None else contextlib.nullcontext() as termination:
            while len(run.rows) < settings.epochs:
                row = run.epoch(x, y, held_out)
                print(" ".join(f"{name} {value:.4g}" for name, value in row.items()), flush=True)
                if (problem := run.not_finite()) is not None:
                    raise _diverged(problem, len(run.rows), checkpoint)
                if checkpoint is not None:
                    checkpoint.write(key, run.state())
                if termination is not None and termination.requested:
                    raise SystemExit(128 + signal.SIGTERM)
        run.model.load_state_dict(_mean_state(run.last))
    return run.model.eval(), pd.DataFrame(run.rows)


class _Run:
    """The state of a training between two epochs: everything that the next epoch depends on."""

    def __init__(
        self, model: nn.Module, settings: TrainingSettings, seed: int, device: torch.device
    ) -> None:
        self.model, self._settings, self._device = model, settings, device
        self._generator = torch.Generator().manual_seed(seed)
        self._optimiser = torch.optim.Adam(
            model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self._schedule = torch.optim.lr_scheduler.MultiStepLR(
            self._optimiser, list(settings.milestones), settings.gamma
        )
        # A network may contain infinities on purpose, for example as a mask.
        self._finite = [k for k, value in model.state_dict().items() if _is_finite(value)]
        self.rows: list[dict[str, float]] = []
        self.last: list[dict[str, torch.Tensor]] = []  # states to be averaged

    def epoch(
        self, x: Images, y: torch.Tensor, held_out: tuple[np.ndarray | Stack, np.ndarray] | None
    ) -> dict[str, float]:
        """Train for one more epoch and return its row of the history."""
        number, rate = len(self.rows) + 1, self._optimiser.param_groups[0]["lr"]
        loss, accuracy = _run_epoch(
            self.model, self._optimiser, x, y, self._settings, self._generator
        )
        self._schedule.step()
        row = {"epoch": number, "learning_rate": rate, "loss": loss, "accuracy": accuracy}
        if held_out is not None:
            row |= _held_out_row(self.model, *held_out)
        self.rows.append(row)
        if number > self._settings.epochs - self._settings.average_last:
            self.last.append({k: value.clone() for k, value in self.model.state_dict().items()})
        return row

    def not_finite(self) -> str | None:
        """Describe the first loss, weights or statistics of the last epoch that are not finite."""
        for name in ("loss", "test_loss"):
            if not math.isfinite(value := self.rows[-1].get(name, 0.0)):
                return f"the {name.replace('_', ' ')} is {value}"
        state = self.model.state_dict()
        names = [name for name in self._finite if not _is_finite(state[name])]
        return f"{names[0]} of the network holds values that are not finite" if names else None

    def state(self) -> dict[str, Any]:
        """Return tensors and plain values from which `load` resumes."""
        return {
            "model": self.model.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
            "order": self._generator.get_state(),
            "random": random_states(self._device),
            "rows": self.rows,
            "last": self.last,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Return to the point at which `state` was taken."""
        self.model.load_state_dict(state["model"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.load_state_dict(state["schedule"])
        self._generator.set_state(state["order"])
        set_random_states(state["random"], self._device)
        self.rows = state["rows"]
        self.last = [
            {name: value.to(self._device) for name, value in weights.items()}
            for weights in state["last"]
        ]


@contextlib.contextmanager
def _seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch's global generators and restore them afterwards; gradients are enabled."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), torch.enable_grad():
        torch.manual_seed(seed)
        yield


def _is_finite(value: torch.Tensor) -> bool:
    return bool(torch.isfinite(value).all())


def _diverged(problem: str, epoch: int, checkpoint: Checkpoint | None) -> TrainingError:
    name = last_good = ""
    if checkpoint is not None:
        name = f"{checkpoint.name}: "
        if epoch > 1:
            last_good = f"; epoch {epoch - 1} is the last good one and is in {checkpoint.path}"
    return TrainingError(
        f"{name}{problem} in epoch {epoch}{last_good}; lower cnn.learning_rate, or look for images "
        "with extreme intensities (volumes/quality.tsv)"
    )


def images_per_batch(images: np.ndarray | Stack | Sequence[np.ndarray]) -> int:
    """Return how many images (X, Y, Z) of this size are predicted at a time."""
    return max(1, _VOXELS // images[0].size)


def predict_logits(
    model: nn.Module, images: np.ndarray | Stack | Sequence[np.ndarray]
) -> np.ndarray:
    """Predict in eval mode, in batches, without gradients; the model's mode is restored.

    Parameters
    ----------
    model : torch.nn.Module
        (n, 1, X, Y, Z) -> (n, n_classes) logits, on any device.
    images : (n, X, Y, Z) array, Stack or sequence of (X, Y, Z) arrays
        Normalised.

    Returns
    -------
    logits : (n, n_classes) float64 array
    """
    parameter = next(model.parameters())
    training, logits = model.training, []
    model.eval()
    with torch.no_grad():
        for part in parts(len(images), images_per_batch(images)):
            batch = torch.from_numpy(np.stack(list(images[part]))).unsqueeze(1)
            logits.append(model(batch.to(parameter)).double().cpu().numpy())
    model.train(training)
    return np.concatenate(logits)


def _run_epoch(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    x: Images,
    y: torch.Tensor,
    settings: TrainingSettings,
    generator: torch.Generator,
) -> tuple[float, float]:
    """Train for one pass over the training set; return its mean loss and accuracy."""
    model.train()
    order = torch.randperm(len(y), generator=generator)
    total = torch.zeros((), device=y.device)
    hits = torch.zeros((), device=y.device)
    for rows in batches(order, settings.batch_size):
        target = y[rows.to(y.device)]
        logits = model(x(rows))
        loss = F.cross_entropy(logits, target)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        total += loss.detach() * len(rows)
        hits += (logits.detach().argmax(1) == target).sum()
    return (total / len(y)).item(), (hits / len(y)).item()


def _mean_state(states: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Average weights and buffers; integer buffers, which are counters, are those of the last."""
    return {
        name: torch.stack([state[name] for state in states]).mean(dim=0)
        if value.is_floating_point()
        else value
        for name, value in states[-1].items()
    }


def _held_out_row(
    model: nn.Module, images: np.ndarray | Stack, labels: np.ndarray
) -> dict[str, float]:
    logits = predict_logits(model, images)
    loss = F.cross_entropy(torch.from_numpy(logits), labels_on(torch.device("cpu"), labels))
    return {
        "test_loss": loss.item(),
        "test_accuracy": float(np.mean(logits.argmax(axis=1) == labels)),
    }
