"""The network is the paper's, and training gives the same bits for the same seed."""

import numpy as np
import pytest
import torch

from voxplain.errors import ConfigError
from voxplain.network import CNN3D, load_model, save_model
from voxplain.training import TrainingSettings, predict_logits, train

SHAPE = (22, 24, 22)
CPU = torch.device("cpu")


def toy(n=24, seed=0):
    """Images whose class is the brightness of one corner."""
    rng = np.random.default_rng(seed)
    images = rng.normal(size=(n, *SHAPE)).astype(np.float32)
    labels = np.arange(n) % 2
    images[labels == 1, :9, :9, :9] += 1.5
    return images, labels


def test_the_papers_network_has_the_papers_size():
    model = CNN3D()
    assert sum(p.numel() for p in model.parameters()) == 322_818
    assert model.linear.in_features == 22_400
    kinds = [type(layer).__name__ for layer in model.blocks[0]]
    assert kinds == ["Conv3d", "BatchNorm3d", "ReLU", "MaxPool3d"]


def test_a_grid_too_small_says_how_small_it_may_be():
    with pytest.raises(ConfigError, match="at least 22 voxels"):
        CNN3D((21, 30, 30), (4, 4, 4))
    assert CNN3D((22, 22, 22), (4, 4, 4)).linear.in_features == 4


def test_training_learns_and_repeats_itself_bit_by_bit():
    images, labels = toy()
    settings = TrainingSettings(channels=(4, 4, 4), epochs=6, batch_size=5, learning_rate=3e-3)
    before = torch.get_rng_state()
    first, history = train(images, labels, settings, 3, CPU, (images[:6], labels[:6]))
    second, again = train(images, labels, settings, 3, CPU, (images[:6], labels[:6]))
    assert torch.equal(before, torch.get_rng_state())
    assert history.equals(again)
    for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    assert history["loss"].iloc[-1] < history["loss"].iloc[0]
    fresh, fresh_labels = toy(seed=9)
    hits = predict_logits(first, fresh, CPU).argmax(1) == fresh_labels
    assert hits.mean() > 0.8


def test_the_held_out_set_changes_nothing():
    images, labels = toy()
    settings = TrainingSettings(channels=(2, 2, 2), epochs=2, batch_size=8)
    watched, _ = train(images, labels, settings, 1, CPU, (images[:4], labels[:4]))
    alone, _ = train(images, labels, settings, 1, CPU)
    assert torch.equal(watched.linear.weight, alone.linear.weight)


def test_learning_rate_follows_the_milestones():
    images, labels = toy(8)
    settings = TrainingSettings(
        channels=(2, 2, 2), epochs=4, batch_size=8, learning_rate=0.1, milestones=(1, 3)
    )
    _, history = train(images, labels, settings, 1, CPU)
    np.testing.assert_allclose(history["learning_rate"], [0.1, 0.01, 0.01, 0.001])


def test_a_saved_model_comes_back_and_has_the_same_bytes(tmp_path):
    torch.manual_seed(0)
    model = CNN3D(SHAPE, (2, 3, 4)).eval()
    save_model(tmp_path / "a.pt", model, fold="01")
    save_model(tmp_path / "b.pt", model, fold="01")
    assert (tmp_path / "a.pt").read_bytes() == (tmp_path / "b.pt").read_bytes()
    loaded, extra = load_model(tmp_path / "a.pt")
    assert extra == {"fold": "01"}
    images = toy(4)[0]
    np.testing.assert_array_equal(
        predict_logits(model, images, CPU), predict_logits(loaded, images, CPU)
    )


def test_the_last_epochs_are_averaged():
    images, labels = toy(12)
    settings = {"channels": (2, 2, 2), "batch_size": 6, "milestones": (), "dropout": 0.0}
    states = [
        train(images, labels, TrainingSettings(epochs=epochs, **settings), 1, CPU)[0].state_dict()
        for epochs in (2, 3)
    ]
    both = TrainingSettings(epochs=3, average_last=2, **settings)
    averaged = train(images, labels, both, 1, CPU)[0].state_dict()
    for name in ("blocks.0.conv.weight", "blocks.2.norm.running_var", "linear.bias"):
        expected = (states[0][name] + states[1][name]) / 2
        torch.testing.assert_close(averaged[name], expected)
