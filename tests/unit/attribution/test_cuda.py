"""On a GPU: the same maps as on the CPU, and the same bits twice."""

import pytest
import torch

from voxplain.attribution import METHODS
from voxplain.network import CNN3D

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]
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
