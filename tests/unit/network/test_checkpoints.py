"""A training that was ended goes on with the same bits, and never from another's checkpoint."""

import os
import pickle
import signal
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from voxplain.errors import TrainingError
from voxplain.network.checkpoints import Checkpoint
from voxplain.network.cnn import CNN3D
from voxplain.network.training import TrainingSettings, train

SHAPE = (22, 22, 22)
CPU = torch.device("cpu")
SETTINGS = TrainingSettings(
    epochs=5, batch_size=4, learning_rate=0.01, milestones=(2, 4), average_last=3
)
build = partial(CNN3D, SHAPE, (2, 2, 2), 0.5)


class Killed(BaseException):
    """Stands for a process that is no more."""


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(10, *SHAPE)).astype(np.float32), np.arange(10) % 2


def run(data, path=None, settings=SETTINGS, made_by="this"):
    checkpoint = None if path is None else Checkpoint(path, made_by)
    images, labels = data
    return train(build, images, labels, settings, 7, CPU, (images[:3], labels[:3]), checkpoint)


def kill_in_epoch(monkeypatch, number, how):
    """Do `how` while epoch `number`'s last batch is at work; return the count of epochs begun."""
    begun = []

    def batches(order, size):
        begun.append(len(begun) + 1)
        yield from order.split(size)
        if len(begun) == number:
            how()

    monkeypatch.setattr("voxplain.network.training.batches", batches)
    return begun


@pytest.mark.parametrize("epoch", [1, 3, 5])
def test_it_goes_on_after_a_kill_with_the_same_bits(data, tmp_path, monkeypatch, epoch):
    expected, history = run(data)
    path = tmp_path / "checkpoint.pt"

    def kill():
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_in_epoch(patch, epoch, kill)
        run(data, path)
    before = torch.get_rng_state()
    begun = kill_in_epoch(monkeypatch, 0, kill)
    model, again = run(data, path)
    assert len(begun) == SETTINGS.epochs - epoch + 1  # the epoch that was cut, and those after it
    assert torch.equal(before, torch.get_rng_state())
    assert again.equals(history)
    for name, value in expected.state_dict().items():
        assert torch.equal(value, model.state_dict()[name]), name


def test_sigterm_ends_it_after_the_epoch(data, tmp_path, monkeypatch):
    path = tmp_path / "checkpoint.pt"
    with monkeypatch.context() as patch, pytest.raises(SystemExit) as end:
        kill_in_epoch(patch, 2, lambda: os.kill(os.getpid(), signal.SIGTERM))
        run(data, path)
    assert end.value.code == 143
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    assert len(torch.load(path, weights_only=True)["state"]["rows"]) == 2
    assert run(data, path)[1].equals(run(data)[1])


@pytest.mark.parametrize("changed", ["settings", "images", "source"])
def test_a_checkpoint_of_another_training_is_not_used(data, tmp_path, changed):
    path = tmp_path / "checkpoint.pt"
    run(data, path)
    images, labels = data
    settings = replace(SETTINGS, learning_rate=0.02) if changed == "settings" else SETTINGS
    data = (images + 1, labels) if changed == "images" else data
    made_by = "that" if changed == "source" else "this"
    fresh, _ = run(data, settings=settings)
    resumed, _ = run(data, path, settings, made_by)
    assert torch.equal(fresh.linear.weight, resumed.linear.weight)


def test_a_loss_that_is_not_a_number_names_fold_epoch_and_checkpoint(data, tmp_path, monkeypatch):
    path = tmp_path / "fold-03" / "checkpoint.pt"
    images, labels = data
    spoiled = images.copy()
    with pytest.raises(TrainingError, match="fold-03: the loss is nan in epoch 1; lower"):
        spoiled[4, 0, 0, 0] = np.nan
        run((spoiled, labels), path)

    real = torch.nn.functional.cross_entropy
    calls = []

    def spoil(logits, target):
        calls.append(1)
        return real(logits, target) * (float("nan") if len(calls) > 9 else 1)  # 4 calls per epoch

    monkeypatch.setattr("torch.nn.functional.cross_entropy", spoil)
    with pytest.raises(TrainingError, match=r"fold-03: .* in epoch 3; epoch 2 is .*checkpoint.pt"):
        run(data, path)
    assert len(torch.load(path, weights_only=True)["state"]["rows"]) == 2


def test_a_loss_of_held_out_images_that_is_not_a_number_is_told(data, tmp_path):
    images, labels = data
    checkpoint = Checkpoint(tmp_path / "fold-03" / "checkpoint.pt", "this")
    held_out = np.full_like(images[:1], np.nan), labels[:1]
    with pytest.raises(TrainingError, match="fold-03: the test loss is nan in epoch 1; lower"):
        train(build, images, labels, SETTINGS, 7, CPU, held_out, checkpoint)
    assert not checkpoint.path.exists()


class Spoiled(CNN3D):
    """A network with an infinity of its own, one of whose values is lost in the second epoch."""

    def __init__(self, lost):
        super().__init__(SHAPE, (2, 2, 2), 0.5)
        self.register_buffer("mask", torch.tensor([0.0, -torch.inf]))
        self.lost, self.passes = lost, 0

    def forward(self, images):
        logits = super().forward(images)
        self.passes += self.training
        if self.lost and self.passes > 5:  # three batches make an epoch
            with torch.no_grad():
                self.get_parameter(self.lost)[..., 0] = torch.inf
        return logits.nan_to_num(0.0, 0.0, 0.0)


@pytest.mark.parametrize("lost", ["blocks.0.norm.bias", None])
def test_weights_that_are_not_numbers_are_never_kept(data, tmp_path, lost):
    images, labels = data
    checkpoint = Checkpoint(tmp_path / "checkpoint.pt", "this", name="fold-03, grad_cam")

    def trained():
        return train(partial(Spoiled, lost), images, labels, SETTINGS, 7, CPU, None, checkpoint)

    if lost is None:  # what was infinite from the start is the network's own affair
        assert len(trained()[1]) == SETTINGS.epochs
        return
    words = rf"fold-03, grad_cam: {lost} of .* not finite in epoch 2; epoch 1 is the last good one"
    with pytest.raises(TrainingError, match=words):
        trained()
    assert len(torch.load(checkpoint.path, weights_only=True)["state"]["rows"]) == 1


def test_a_crafted_checkpoint_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "owned"),)

    path = tmp_path / "checkpoint.pt"
    torch.save({"key": "k", "state": Evil()}, path)
    with pytest.raises(pickle.UnpicklingError):
        Checkpoint(path, "this").read("k")
    assert not (tmp_path / "owned").exists()
