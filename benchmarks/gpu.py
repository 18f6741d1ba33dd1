"""Time the paper's study on one GPU: ``python benchmarks/gpu.py``.

58x70x58 voxels, 32/64/128 channels, 300 iterations with 10 draws. Images and weights are random,
because the time does not depend on them. Meaningful Perturbations are measured on part of the 1113
participants and extrapolated; everything else is measured in full.
"""

import json
import time

import numpy as np
import torch

from voxplain.attribution import grad_cam, guided_backprop, meaningful_perturbation
from voxplain.network.cnn import CNN3D
from voxplain.network.device import prepare_device
from voxplain.network.training import TrainingSettings, train

N = 1113
N_PERTURBED = 28
SHAPE = (58, 70, 58)


def timed(function, *arguments, **keywords):
    """Return the seconds of a call, including the device's queue."""
    torch.cuda.synchronize()
    start = time.perf_counter()
    function(*arguments, **keywords)
    torch.cuda.synchronize()
    return time.perf_counter() - start


def main():
    device = prepare_device(threads=8, gpus=1)
    # torch before 2.13 does not mark max_pool3d's backward as deterministic and would reject it
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.manual_seed(0)
    model = CNN3D(SHAPE).to(device)
    images = torch.rand(N, 1, *SHAPE, device=device)
    few = images[:N_PERTURBED]
    grad_cam(model, few), guided_backprop(model, few)  # warm up
    meaningful_perturbation(model, few[:2], iterations=3)
    results = {"device": torch.cuda.get_device_name(), "torch": torch.__version__}
    results["grad_cam, 1113 participants, s"] = timed(grad_cam, model, images)
    results["guided_backprop, 1113 participants, s"] = timed(guided_backprop, model, images)
    seconds = timed(meaningful_perturbation, model, few)
    results[f"meaningful_perturbation, {N_PERTURBED} participants, s"] = seconds
    results["meaningful_perturbation, 1113 extrapolated, min"] = seconds / N_PERTURBED * N / 60
    rng = np.random.default_rng(0)
    volumes, labels = images[:1002, 0].cpu().numpy(), rng.integers(0, 2, 1002)
    results["training, one fold of 1002, 20 epochs, s"] = timed(
        train, CNN3D, volumes, labels, TrainingSettings(), 0, device
    )
    results["peak GPU memory, GB"] = torch.cuda.max_memory_allocated() / 1e9
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
