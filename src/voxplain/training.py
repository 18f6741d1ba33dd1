"""Training one network and predicting with it, the same bits for the same seed."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional as F

from voxplain.network import CNN3D


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of one training run; the defaults are those of the authors' code.

    Parameters
    ----------
    channels : tuple of int
        Feature maps per block.
    dropout : float
        Dropout before the linear layer.
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

    channels: tuple[int, ...] = (32, 64, 128)
    dropout: float = 0.5
    epochs: int = 20
    batch_size: int = 45
    learning_rate: float = 3e-4
    weight_decay: float = 0.0
    milestones: tuple[int, ...] = (5, 15)
    gamma: float = 0.1
    average_last: int = 1


def train(
    images: np.ndarray,
    labels: np.ndarray,
    settings: TrainingSettings,
    seed: int,
    device: torch.device,
    held_out: tuple[np.ndarray, np.ndarray] | None = None,
) -> tuple[CNN3D, pd.DataFrame]:
    """Train the CNN for a fixed number of epochs; no epoch is chosen by its result.

    Parameters
    ----------
    images : numpy.ndarray
        ``(n, X, Y, Z)`` float32, normalised.
    labels : numpy.ndarray
        ``(n,)`` 0/1.
    settings : TrainingSettings
        See there.
    seed : int
        Fixes initial weights, order of participants and dropout.
    device : torch.device
        Where to train; the data stay there throughout.
    held_out : tuple of numpy.ndarray, optional
        Images and labels whose loss is recorded per epoch. Nothing is chosen by it.

    Returns
    -------
    model : CNN3D
        In eval mode.
    history : pandas.DataFrame
        epoch, learning_rate, loss, accuracy, and test_loss, test_accuracy if `held_out` is given.
    """
    x = torch.from_numpy(np.ascontiguousarray(images, np.float32)).unsqueeze(1).to(device)
    y = torch.from_numpy(np.ascontiguousarray(labels, np.int64)).to(device)
    generator = torch.Generator().manual_seed(seed)
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), torch.enable_grad():
        torch.manual_seed(seed)
        model = CNN3D(images.shape[1:], settings.channels, settings.dropout)
        model = model.to(device, memory_format=torch.channels_last_3d)
        optimiser = torch.optim.Adam(
            model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        schedule = torch.optim.lr_scheduler.MultiStepLR(
            optimiser, list(settings.milestones), settings.gamma
        )
        rows, last = [], []
        for epoch in range(1, settings.epochs + 1):
            rate = optimiser.param_groups[0]["lr"]
            loss, accuracy = _run_epoch(model, optimiser, x, y, settings, generator)
            schedule.step()
            row = {"epoch": epoch, "learning_rate": rate, "loss": loss, "accuracy": accuracy}
            if held_out is not None:
                row |= _held_out_row(model, *held_out, device)
            rows.append(row)
            print(" ".join(f"{name} {value:.4g}" for name, value in row.items()), flush=True)
            if epoch > settings.epochs - settings.average_last:
                last.append({name: value.clone() for name, value in model.state_dict().items()})
        model.load_state_dict(_mean_state(last))
    return model.eval(), pd.DataFrame(rows)


def predict_logits(
    model: nn.Module, images: np.ndarray, device: torch.device, batch_size: int = 32
) -> np.ndarray:
    """Return logits ``(n, n_classes)`` of images ``(n, X, Y, Z)`` in eval mode, float64."""
    training = model.training
    model.eval()
    with torch.no_grad():
        parts = [
            model(torch.from_numpy(np.ascontiguousarray(part, np.float32)).unsqueeze(1).to(device))
            for part in (images[k : k + batch_size] for k in range(0, len(images), batch_size))
        ]
    model.train(training)
    return torch.cat(parts).double().cpu().numpy()


def _run_epoch(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    x: torch.Tensor,
    y: torch.Tensor,
    settings: TrainingSettings,
    generator: torch.Generator,
) -> tuple[float, float]:
    """Pass once over the training set; return mean loss and accuracy as seen while training."""
    model.train()
    order = torch.randperm(len(y), generator=generator)
    total = torch.zeros((), device=x.device)
    hits = torch.zeros((), device=x.device)
    for rows in _batches(order, settings.batch_size):
        rows = rows.to(x.device)
        target = y[rows]
        logits = model(x[rows])
        loss = F.cross_entropy(logits, target)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        total += loss.detach() * len(rows)
        hits += (logits.detach().argmax(1) == target).sum()
    return (total / len(y)).item(), (hits / len(y)).item()


def _batches(order: torch.Tensor, size: int) -> list[torch.Tensor]:
    """Cut an order into batches; a last batch of one joins its neighbour, for BatchNorm's sake."""
    parts = list(order.split(size))
    if len(parts) > 1 and len(parts[-1]) == 1:
        last = parts.pop()
        parts[-1] = torch.cat([parts[-1], last])
    return parts


def _mean_state(states: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Average weights and buffers; counters, which are whole numbers, are taken from the last."""
    return {
        name: torch.stack([state[name] for state in states]).mean(dim=0)
        if value.is_floating_point()
        else value
        for name, value in states[-1].items()
    }


def _held_out_row(
    model: nn.Module, images: np.ndarray, labels: np.ndarray, device: torch.device
) -> dict[str, float]:
    logits = torch.from_numpy(predict_logits(model, images, device))
    target = torch.from_numpy(np.asarray(labels, np.int64))
    return {
        "test_loss": F.cross_entropy(logits, target).item(),
        "test_accuracy": (logits.argmax(1) == target).double().mean().item(),
    }
