"""Training gives the same bits for the same seed."""

from functools import partial

import numpy as np
import pytest
import torch

from voxplain.image.stack import Stack
from voxplain.network.cnn import CNN3D
from voxplain.network.training import TrainingSettings, predict_logits, train
from voxplain.run.files import write_array

SHAPE = (22, 24, 22)
CPU = torch.device("cpu")


def small(channels=(2, 2, 2), dropout=0.5):
    return partial(CNN3D, SHAPE, channels, dropout)


def toy(n=24, seed=0):
    """Images whose class is the brightness of one corner."""
    rng = np.random.default_rng(seed)
    images = rng.normal(size=(n, *SHAPE)).astype(np.float32)
    labels = np.arange(n) % 2
    images[labels == 1, :9, :9, :9] += 1.5
    return images, labels


def test_training_learns_and_repeats_itself_bit_by_bit():
    images, labels = toy()
    settings = TrainingSettings(epochs=6, batch_size=5, learning_rate=3e-3)
    before = torch.get_rng_state()
    first, history = train(
        small((4, 4, 4)), images, labels, settings, 3, CPU, (images[:6], labels[:6])
    )
    second, again = train(
        small((4, 4, 4)), images, labels, settings, 3, CPU, (images[:6], labels[:6])
    )
    assert torch.equal(before, torch.get_rng_state())
    assert history.equals(again)
    for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    assert history["loss"].iloc[-1] < history["loss"].iloc[0]
    fresh, fresh_labels = toy(seed=9)
    hits = predict_logits(first, fresh).argmax(1) == fresh_labels
    assert hits.mean() > 0.8


def test_the_held_out_set_changes_nothing():
    images, labels = toy()
    settings = TrainingSettings(epochs=2, batch_size=8)
    watched, _ = train(small(), images, labels, settings, 1, CPU, (images[:4], labels[:4]))
    alone, _ = train(small(), images, labels, settings, 1, CPU)
    assert torch.equal(watched.linear.weight, alone.linear.weight)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_images_that_do_not_fit_on_the_gpu_give_the_same_bits(monkeypatch, tmp_path):
    images, labels = toy()
    settings, gpu = TrainingSettings(epochs=2, batch_size=5), torch.device("cuda")
    kept, _ = train(small(), images, labels, settings, 1, gpu)
    write_array(tmp_path / "images.npy", images)
    monkeypatch.setattr("voxplain.network.batches._SHARE_FOR_IMAGES", 0)
    copied, _ = train(small(), Stack(tmp_path / "images.npy"), labels, settings, 1, gpu)
    assert torch.equal(kept.linear.weight, copied.linear.weight)


def test_images_on_disk_train_the_same_bits(tmp_path):
    images, labels = toy()
    settings = TrainingSettings(epochs=2, batch_size=5)
    write_array(tmp_path / "images.npy", images)
    rows = np.arange(20)[::-1].copy()
    whole, history = train(small(), images[rows], labels[rows], settings, 1, CPU)
    stack = Stack(tmp_path / "images.npy").take(rows)
    read, again = train(small(), stack, labels[rows], settings, 1, CPU)
    assert torch.equal(whole.linear.weight, read.linear.weight)
    assert history.equals(again)


def test_learning_rate_follows_the_milestones():
    images, labels = toy(8)
    settings = TrainingSettings(epochs=4, batch_size=8, learning_rate=0.1, milestones=(1, 3))
    _, history = train(small(), images, labels, settings, 1, CPU)
    np.testing.assert_allclose(history["learning_rate"], [0.1, 0.01, 0.01, 0.001])


def test_the_last_epochs_are_averaged():
    images, labels = toy(12)
    settings = {"batch_size": 6, "milestones": ()}
    build = small(dropout=0.0)
    states = [
        train(build, images, labels, TrainingSettings(epochs=epochs, **settings), 1, CPU)[0]
        for epochs in (2, 3)
    ]
    states = [model.state_dict() for model in states]
    both = TrainingSettings(epochs=3, average_last=2, **settings)
    averaged = train(build, images, labels, both, 1, CPU)[0].state_dict()
    for name in ("blocks.0.conv.weight", "blocks.2.norm.running_var", "linear.bias"):
        expected = (states[0][name] + states[1][name]) / 2
        torch.testing.assert_close(averaged[name], expected)


def test_prediction_in_batches_is_that_of_the_whole(monkeypatch):
    torch.manual_seed(0)
    model = CNN3D((22, 22, 22), (2, 2, 2)).train()
    images = np.random.default_rng(0).normal(size=(5, 22, 22, 22)).astype(np.float32)
    monkeypatch.setattr("voxplain.network.training._VOXELS", 2 * 22**3)  # batches of 2, 2 and 1
    logits = predict_logits(model, images)
    assert logits.dtype == np.float64
    assert model.training
    with torch.no_grad():
        whole = model.eval()(torch.from_numpy(images).unsqueeze(1)).numpy()
    np.testing.assert_allclose(logits, whole, rtol=1e-5, atol=1e-6)
