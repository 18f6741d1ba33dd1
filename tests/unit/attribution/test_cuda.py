"""On a GPU: the same maps as on the CPU, and the same bits twice."""

from functools import partial

import numpy as np
import pytest
import torch

from voxplain.attribution import METHODS
from voxplain.network.cnn import CNN3D
from voxplain.network.training import TrainingSettings, predict_logits, train

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]
CPU, SHAPE = torch.device("cpu"), (30, 36, 30)
SETTINGS = {"meaningful_perturbation": {"iterations": 20, "draws": 3, "sigma_m": 2.0}}


@pytest.fixture
def case():
    torch.manual_seed(0)
    model = CNN3D((30, 36, 30), (8, 16, 32)).double()
    images = torch.rand(3, 1, 30, 36, 30, dtype=torch.float64)
    return model, images, torch.tensor([0, 1, 1])


@pytest.mark.parametrize("method", METHODS)
def test_cuda_agrees_with_the_cpu_in_float64(method, case):
    model, images, targets = case
    settings = SETTINGS.get(method, {})
    on_cpu = METHODS[method](model, images, targets, **settings).maps
    on_gpu = METHODS[method](model.cuda(), images.cuda(), targets.cuda(), **settings).maps.cpu()
    assert on_cpu.any()
    assert (on_cpu - on_gpu).norm() / on_cpu.norm() < 1e-6


@pytest.mark.parametrize("method", METHODS)
def test_cuda_repeats_itself_bit_by_bit(method, case):
    model, images, targets = case
    model, images, targets = model.float().cuda(), images.float().cuda(), targets.cuda()
    # torch before 2.13 has no deterministic mark on max_pool3d's backward and would refuse it
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        maps = [
            METHODS[method](model, images, targets, **SETTINGS.get(method, {})).maps
            for _ in range(2)
        ]
    finally:
        torch.use_deterministic_algorithms(False)
    assert torch.equal(*maps)


@pytest.fixture(scope="module")
def trained():
    """A network that tells a bright corner, trained on the CPU, and images that it has not seen."""
    rng = np.random.default_rng(0)
    images = rng.normal(size=(56, *SHAPE)).astype(np.float32)
    labels = np.arange(56) % 2
    images[labels == 1, :9, :9, :9] += 1.0
    settings = TrainingSettings(epochs=6, batch_size=8, learning_rate=2e-3)
    build = partial(CNN3D, SHAPE, (8, 16, 32))
    model, _ = train(build, images[:32], labels[:32], settings, 1, CPU)
    return build, settings, model, images, labels


def test_predictions_in_float32_are_those_of_the_cpu(trained):
    _, _, model, images, labels = trained
    on_cpu = predict_logits(model.cpu(), images[32:])
    on_gpu = predict_logits(model.cuda(), images[32:])
    margin = np.abs(on_cpu[:, 1] - on_cpu[:, 0])
    clear = margin > 1e-3 * np.abs(on_cpu).max()
    assert clear.sum() > 12
    assert (on_cpu.argmax(axis=1) == labels[32:]).mean() > 0.7  # else they would say little
    np.testing.assert_array_equal(on_cpu.argmax(axis=1)[clear], on_gpu.argmax(axis=1)[clear])


@pytest.mark.parametrize("method", METHODS)
def test_maps_in_float32_correlate_with_those_of_the_cpu(method, trained):
    _, _, model, images, labels = trained
    inputs = torch.from_numpy(images[32:36]).unsqueeze(1), torch.from_numpy(labels[32:36])
    settings = SETTINGS.get(method, {})
    on_cpu = METHODS[method](model.cpu(), *inputs, **settings).maps
    on_gpu = METHODS[method](
        model.cuda(), *(tensor.cuda() for tensor in inputs), **settings
    ).maps.cpu()
    for a, b in zip(on_cpu, on_gpu, strict=True):
        assert torch.corrcoef(torch.stack([a.flatten(), b.flatten()]))[0, 1] > 0.999


def test_training_on_a_gpu_repeats_its_bits(trained, monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # as `prepare_device` does
    build, settings, _, images, labels = trained
    torch.use_deterministic_algorithms(True)
    try:
        first, second = (
            train(build, images[:32], labels[:32], settings, 1, torch.device("cuda"))
            for _ in range(2)
        )
    finally:
        torch.use_deterministic_algorithms(False)
    assert first[1].equals(second[1])
    for a, b in zip(first[0].state_dict().values(), second[0].state_dict().values(), strict=True):
        assert torch.equal(a, b)
