"""Training one network and predicting with it, the same bits for the same seed."""

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

from voxplain.errors import TrainingError
from voxplain.image.stack import Stack, parts
from voxplain.network.batches import Images, batches, images_on, labels_on
from voxplain.network.checkpoints import Checkpoint, Termination, random_states, set_random_states

_VOXELS = 2**20  # of a batch that is only predicted


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
        The result is the mean of the last so many epochs' weights and BatchNorm statistics; 1 is
        the last epoch alone. Steadier on small cohorts (docs/methods.md).
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
    """Train a network for a fixed number of epochs; no epoch is chosen by its result.

    Parameters
    ----------
    build : callable
        Returns the network, (n, 1, X, Y, Z) -> (n, 2) logits, with weights drawn from torch's
        global generator, which is seeded first and left as it was.
    images : numpy.ndarray or Stack
        ``(n, X, Y, Z)`` float32, normalised; a stack is read batch by batch.
    labels : numpy.ndarray
        ``(n,)`` 0/1.
    settings : TrainingSettings
        See there.
    seed : int
        Fixes initial weights, order of participants and dropout.
    device : torch.device
        Where to train. On a GPU the images stay there throughout if they fit.
    held_out : tuple, optional
        Images and labels whose loss is recorded per epoch. Nothing is chosen by it.
    checkpoint : Checkpoint, optional
        Where each epoch is kept, and where a training that was ended goes on: with the same bits.

    Returns
    -------
    model : torch.nn.Module
        In eval mode.
    history : pandas.DataFrame
        epoch, learning_rate, loss, accuracy, and test_loss, test_accuracy if `held_out` is given.

    Raises
    ------
    TrainingError
        The loss of an epoch, a weight or a statistic is not finite. Nothing of that epoch is kept.
    SystemExit
        SIGTERM came; with a checkpoint, after the epoch that it came in.
    """
    key = None
    if checkpoint is not None:
        key = checkpoint.key(settings, seed, device, images, labels, *(held_out or ()))
    x, y = images_on(device, images, settings.batch_size), labels_on(device, labels)
    with _seeded(seed, device):
        run = _Run(_channels_last(build().to(device)), settings, seed, device)
        if checkpoint is not None and (state := checkpoint.read(key)) is not None:
            run.load(state)
            print(f"going on after epoch {len(run.rows)}", flush=True)
        with Termination() if checkpoint is not None else contextlib.nullcontext() as termination:
            while len(run.rows) < settings.epochs:
                row = run.epoch(x, y, held_out)
                print(" ".join(f"{name} {value:.4g}" for name, value in row.items()), flush=True)
                if (wrong := run.not_finite()) is not None:
                    raise _diverged(wrong, row["epoch"], checkpoint)
                if checkpoint is not None:
                    checkpoint.write(key, run.state())
                    if termination.asked:
                        raise SystemExit(128 + signal.SIGTERM)
        run.model.load_state_dict(_mean_state(run.last))
    return run.model.eval(), pd.DataFrame(run.rows)


class _Run:
    """A training between two epochs: all that the next one depends on."""

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
        # A network may hold an infinity on purpose, such as a mask of its own.
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
        """Name what of the last epoch is no finite number: a loss, weights or statistics."""
        for name in ("loss", "test_loss"):
            if not math.isfinite(value := self.rows[-1].get(name, 0.0)):
                return f"the {name.replace('_', ' ')} is {value}"
        state = self.model.state_dict()
        wrong = [name for name in self._finite if not _is_finite(state[name])]
        return f"{wrong[0]} of the network holds values that are not finite" if wrong else None

    def state(self) -> dict[str, Any]:
        """Return tensors and plain values that `load` goes on from."""
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
        """Go back to where `state` was taken."""
        self.model.load_state_dict(state["model"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.load_state_dict(state["schedule"])
        self._generator.set_state(state["order"])
        set_random_states(state["random"], self._device)
        self.rows = state["rows"]
        self.last = [{k: v.to(self._device) for k, v in one.items()} for one in state["last"]]


@contextlib.contextmanager
def _seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch's global generators and leave them as they were; gradients are on."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), torch.enable_grad():
        torch.manual_seed(seed)
        yield


def _is_finite(value: torch.Tensor) -> bool:
    return bool(torch.isfinite(value).all())


def _diverged(wrong: str, epoch: int, checkpoint: Checkpoint | None) -> TrainingError:
    kept = where = ""
    if checkpoint is not None:
        where = f"{checkpoint.name}: "
        if epoch > 1:
            kept = f"; epoch {epoch - 1} is the last good one and lies in {checkpoint.path}"
    return TrainingError(
        f"{where}{wrong} in epoch {epoch}{kept}; lower cnn.learning_rate, or look for images with "
        "extreme intensities (volumes/quality.tsv)"
    )


def images_per_batch(images: Sequence[np.ndarray]) -> int:
    """Return how many images of this size are predicted at a time."""
    return max(1, _VOXELS // images[0].size)


def predict_logits(model: nn.Module, images: Sequence[np.ndarray]) -> np.ndarray:
    """Predict in eval mode, in batches, without a graph; the model's mode is left as it was.

    Parameters
    ----------
    model : torch.nn.Module
        (n, 1, X, Y, Z) -> (n, n_classes) logits, on any device.
    images : sequence of numpy.ndarray, (X, Y, Z)
        Normalised; an array (n, X, Y, Z) is such a sequence, a `Stack` too.

    Returns
    -------
    numpy.ndarray of float64, (n, n_classes)
    """
    parameter = next(model.parameters())
    training, logits = model.training, []
    model.eval()
    with torch.no_grad():
        for part in parts(len(images), images_per_batch(images)):
            batch = torch.from_numpy(np.stack(images[part])).unsqueeze(1)
            logits.append(model(batch.to(parameter)).double().cpu().numpy())
    model.train(training)
    return np.concatenate(logits)


def _channels_last(model: nn.Module) -> nn.Module:
    """Lay out 3-D kernels with the channels last; a network may have other layers beside them."""
    for module in model.modules():
        if isinstance(module, nn.Conv3d):
            module.to(memory_format=torch.channels_last_3d)
    return model


def _run_epoch(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    x: Images,
    y: torch.Tensor,
    settings: TrainingSettings,
    generator: torch.Generator,
) -> tuple[float, float]:
    """Pass once over the training set; return mean loss and accuracy as seen while training."""
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
    """Average weights and buffers; counters, which are whole numbers, are taken from the last."""
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
