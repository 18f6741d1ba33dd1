"""Time of the three attribution methods per subject, beside Captum and a naive loop.

    OMP_NUM_THREADS=1 python benchmarks/attribution.py
    OMP_NUM_THREADS=1 python benchmarks/attribution.py --shape 58 70 58 --channels 32 64 128

All contenders run in turn in the same process and the minimum over the rounds is kept, in
processor time of this process, so that other work on the machine counts little. Ratios are to be
trusted to about 10 %. glibc gives large freed buffers back to the system and faults them in again
at each pass; MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=16000000000 MALLOC_TOP_PAD_=268435456 in
the environment keep them.
"""

import argparse
import time
import warnings
from collections.abc import Callable

import numpy as np
import torch
from captum.attr import GuidedBackprop, LayerAttribution, LayerGradCam
from torch import nn
from torch.nn import functional as F

from voxplain.attribution import grad_cam, guided_backprop, meaningful_perturbation
from voxplain.attribution.separable import gaussian_matrix


def make_network(shape: tuple[int, ...], channels: tuple[int, ...]) -> nn.Module:
    """Return the paper's architecture with random weights and BatchNorm statistics."""
    blocks, n_in, sizes = [], 1, np.array(shape)
    for n_out in channels:
        norm = nn.BatchNorm3d(n_out)
        norm.running_mean.normal_(0, 0.1)
        norm.running_var.uniform_(0.5, 2)
        blocks.append(nn.Sequential(nn.Conv3d(n_in, n_out, 3), norm, nn.ReLU(), nn.MaxPool3d(2)))
        n_in, sizes = n_out, (sizes - 2) // 2
    head = [nn.Flatten(), nn.Dropout(0.5), nn.Linear(n_in * int(sizes.prod()), 2)]
    return nn.Sequential(*blocks, *head).eval()


def naive_iterations(model: nn.Module, images: torch.Tensor, draws: int, iterations: int) -> None:
    """Run Meaningful Perturbations as published: one image, one draw, and one blur at a time."""
    shape = images.shape[2:]
    matrices = [torch.as_tensor(gaussian_matrix(size, 10.0)).float() for size in shape]

    def blur(volume):
        for axis, matrix in enumerate(matrices):
            volume = torch.tensordot(volume, matrix, dims=([axis], [1])).movedim(-1, axis)
        return volume

    rng = np.random.default_rng(0)
    for image in images[:, 0]:
        coarse = [-(-size // 4) for size in shape]
        mask = torch.ones(1, 1, *coarse, requires_grad=True)
        optimiser = torch.optim.Adam([mask], lr=0.3, betas=(0.9, 0.99))
        padded = F.pad(image, (0, 5) * 3)
        for _ in range(iterations):
            full = blur(F.interpolate(mask, size=shape, mode="trilinear")[0, 0])
            probability = 0
            for k in rng.integers(5, size=draws):
                crop = padded[k : k + shape[0], k : k + shape[1], k : k + shape[2]]
                perturbed = crop * full + blur(crop) * (1 - full)
                probability = probability + model(perturbed[None, None]).softmax(1)[0, 0] / draws
            variation = sum(full.diff(dim=axis).abs().pow(7).mean() for axis in range(3))
            loss = probability + 3 * (1 - mask).abs().mean() + variation
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            mask.data.clamp_(0, 1)


def fastest(contenders: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return each contender's least processor time in seconds, all run in turn."""
    times = {name: [] for name in contenders}
    for _ in range(rounds + 1):  # the first round warms up
        for name, run in contenders.items():
            start = time.process_time()
            run()
            times[name].append(time.process_time() - start)
    return {name: min(values[1:]) for name, values in times.items()}


def compare_gradient_methods(model: nn.Module, images: torch.Tensor, rounds: int) -> None:
    """Print Grad-CAM and Guided Backpropagation beside the bare forward pass and Captum."""
    targets = torch.zeros(len(images), dtype=torch.int64)
    layer = model[2][2]

    def captum_grad_cam():
        cams = LayerGradCam(model, layer).attribute(images, targets, relu_attributions=True)
        return LayerAttribution.interpolate(cams, tuple(images.shape[2:]), "trilinear")

    times = fastest(
        {
            "bare forward": torch.no_grad()(lambda: model(images)),
            "Grad-CAM": lambda: grad_cam(model, images, targets),
            "Grad-CAM, layer named": lambda: grad_cam(model, images, targets, layer="2.2"),
            "Grad-CAM, Captum": captum_grad_cam,
            "Guided Backprop": lambda: guided_backprop(model, images, targets),
            "Guided Backprop, Captum": lambda: GuidedBackprop(model).attribute(images, targets),
        },
        rounds,
    )
    print(f"\nbatch {len(images)}: ms per subject, and times the bare forward pass")
    for name, seconds in times.items():
        ratio = seconds / times["bare forward"]
        print(f"  {name:28s}{1e3 * seconds / len(images):9.1f}{ratio:8.2f}")


def compare_perturbations(
    model: nn.Module, images: torch.Tensor, draws: int, iterations: int, rounds: int
) -> None:
    """Print an iteration beside the network alone and the naive loop."""
    bare = make_network(images.shape[2:], [block[0].out_channels for block in model[:3]])
    bare.load_state_dict(model.state_dict())
    bare.requires_grad_(False).to(memory_format=torch.channels_last_3d)
    # All draws of an image at once, or fewer where fewer is faster.
    size = max(1, min(draws, 2**19 // images[0].numel()))

    def bare_passes():
        for image in images:
            for start in range(0, draws, size):
                leaf = image[None].repeat(min(size, draws - start), 1, 1, 1, 1).requires_grad_()
                torch.autograd.grad(bare(leaf).softmax(1)[:, 0].sum(), leaf)

    def ours(n):
        meaningful_perturbation(model, images, iterations=n, draws=draws)

    # The difference of two lengths is the iterations' own time, without what is done once.
    times = fastest(
        {
            "bare forward + input gradient": bare_passes,
            "short": lambda: ours(1),
            "long": lambda: ours(1 + iterations),
            "naive loop": lambda: naive_iterations(model, images, draws, 1),
        },
        rounds,
    )
    iteration = (times["long"] - times["short"]) / iterations
    base = times["bare forward + input gradient"]
    n = len(images)
    print(f"\nMeaningful Perturbations, {n} subjects, {draws} draws: ms per subject and iteration")
    for name, seconds in (
        ("bare forward + input gradient", base),
        ("ours", iteration),
        ("naive loop", times["naive loop"]),
    ):
        print(f"  {name:32s}{1e3 * seconds / n:9.1f}{seconds / base:8.2f}")
    print(f"  once per run, ms per subject: {1e3 * (times['short'] - iteration) / n:.1f}")
    print(f"  300 iterations, s per subject: {300 * iteration / n:.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--shape", type=int, nargs=3, default=(30, 36, 30))
    parser.add_argument("--channels", type=int, nargs=3, default=(8, 16, 32))
    parser.add_argument("--batches", type=int, nargs="+", default=(1, 8))
    parser.add_argument("--subjects", type=int, default=3, help="of Meaningful Perturbations")
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--iterations", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", module="captum")
    torch.manual_seed(0)
    shape, channels = tuple(options.shape), tuple(options.channels)
    model = make_network(shape, channels)
    images = torch.rand(max(*options.batches, options.subjects), 1, *shape)
    print(f"shape {shape}, channels {channels}, {torch.get_num_threads()} threads, CPU")
    for n in options.batches:
        compare_gradient_methods(model, images[:n], options.rounds)
    few = images[: options.subjects]
    compare_perturbations(model, few, options.draws, options.iterations, options.rounds)


if __name__ == "__main__":
    main()
