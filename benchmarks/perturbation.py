"""Meaningful Perturbations compared with the network alone, the published loop and MONAI's filter.

    OMP_NUM_THREADS=1 python benchmarks/perturbation.py
    OMP_NUM_THREADS=1 python benchmarks/perturbation.py --shape 30 36 30 --channels 8 16 32

All contenders have the same network, draws, iterations, thread count and memory allocator settings
and run in turn in one process. The result is the minimum processor time over the rounds, so other
load on the machine has little effect. Ratios are accurate to about 10 %.

published: one participant and one draw at a time, image and mask smoothed by a dense
5x5x5 box in every draw, parameters with gradients, as in Kan et al.'s code. MONAI: the same
with MONAI's GaussianFilter and the paper's sigmas. Ours: `blur` box and gaussian.
"""

import argparse
from collections.abc import Callable

import numpy as np
import torch
from contenders import (
    convolution_flops,
    fastest,
    in_new_process,
    make_network,
    network_parser,
    peak,
    reset_peak,
)
from monai.networks.layers import GaussianFilter
from torch.nn import functional as F

from voxplain.attribution import meaningful_perturbation
from voxplain.attribution.perturbation_search import draw_offsets
from voxplain.attribution.perturbation_settings import PerturbationSettings
from voxplain.network.device import prepare_device

JITTER, SCALE, SIGMA, BOX = 5, 4, 10.0, 5


def box_filter(volume: torch.Tensor) -> torch.Tensor:
    kernel = torch.full((1, 1, BOX, BOX, BOX), BOX**-3)
    return F.conv3d(volume, kernel, padding=BOX // 2)


def one_by_one(
    model: torch.nn.Module,
    images: torch.Tensor,
    draws: int,
    iterations: int,
    axes: int,
    smooth: Callable[[torch.Tensor], torch.Tensor],
) -> None:
    """Optimise one image after the other and evaluate one draw after the other."""
    shape = images.shape[2:]
    rng = np.random.default_rng(0)
    for image in images:
        coarse = [-(-size // SCALE) for size in shape]
        mask = torch.ones(1, 1, *coarse, requires_grad=True)
        optimiser = torch.optim.Adam([mask], lr=0.3, betas=(0.9, 0.99))
        padded = F.pad(image[None], (0, JITTER) * 3)
        for _ in range(iterations):
            full = smooth(F.interpolate(mask, size=shape, mode="trilinear"))
            probability = 0
            for offset in rng.integers(JITTER, size=(draws, axes)):
                a, b, c = np.broadcast_to(offset, 3)
                crop = padded[..., a : a + shape[0], b : b + shape[1], c : c + shape[2]]
                perturbed = crop * full + smooth(crop) * (1 - full)
                probability = probability + model(perturbed).softmax(1)[0, 0] / draws
            variation = sum(full.diff(dim=axis).abs().pow(7).mean() for axis in (2, 3, 4))
            loss = probability + 3 * (1 - mask).abs().mean() + variation
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            mask.data.clamp_(0, 1)


def contenders(options: argparse.Namespace, n: int) -> dict[str, Callable[[int], object]]:
    """Return functions of the number of iterations over `n` images, by name."""
    torch.manual_seed(0)
    model = make_network(options.shape, options.channels)
    images = torch.rand(n, 1, *options.shape)
    gaussian = GaussianFilter(3, SIGMA)
    axes = 1 if options.jitter_axes == "common" else 3

    def ours(iterations, **settings):
        targets = torch.zeros(n, dtype=torch.int64)
        settings = {"draws": options.draws, "jitter_axes": options.jitter_axes} | settings
        meaningful_perturbation(model, images, targets, iterations, **settings)

    def naive(smooth):
        return lambda iterations: one_by_one(model, images, options.draws, iterations, axes, smooth)

    return {
        "published (a)": naive(box_filter),
        "MONAI filter (b)": naive(gaussian),
        "ours, box": lambda iterations: ours(iterations, blur="box", box_width=BOX),
        "ours, Gaussian": ours,
        "ours, Gaussian, 2 draws": lambda iterations: ours(iterations, draws=2),
    }


def bare_pass(options: argparse.Namespace, n: int) -> Callable[[], object]:
    """Return a forward pass and input gradient of all draws of `n` images, without the method."""
    torch.manual_seed(0)
    model = make_network(options.shape, options.channels).requires_grad_(False)
    model.to(memory_format=torch.channels_last_3d)
    images = torch.rand(n, 1, *options.shape)
    # All draws of an image at once, or fewer where fewer is faster.
    size = max(1, min(options.draws, 2**19 // images[0].numel()))

    def run():
        for image in images:
            for start in range(0, options.draws, size):
                leaf = image[None].repeat(min(size, options.draws - start), 1, 1, 1, 1)
                leaf.requires_grad_()
                torch.autograd.grad(model(leaf).softmax(1)[:, 0].sum(), leaf)

    return run


def passes_per_iteration(options: argparse.Namespace) -> float:
    """Return the mean number of distinct jitters in our timed iterations."""
    settings = PerturbationSettings(
        1 + options.iterations, options.draws, jitter_axes=options.jitter_axes
    )
    return np.mean([len(np.unique(draws, axis=0)) for draws in draw_offsets(settings)[1:]])


def best_rate() -> float:
    """Return the highest FLOP/s that a matrix product or convolution reaches on this machine."""
    matrix = torch.rand(2048, 2048)
    features, weight = torch.rand(2, 32, 28, 34, 28), torch.rand(64, 32, 3, 3, 3)
    features = features.to(memory_format=torch.channels_last_3d)
    works = {
        "matmul": (lambda: matrix @ matrix, 2 * 2048**3),
        "conv3d": (lambda: F.conv3d(features, weight), 2 * 2 * 27 * 32 * 64 * 26 * 32 * 26),
    }
    times = fastest({name: work for name, (work, _) in works.items()}, rounds=5)
    return max(flops / times[name] for name, (_, flops) in works.items())


def memory(options: argparse.Namespace, n: int, name: str) -> float:
    """Return the peak memory of two iterations above the memory before them, MB."""
    prepare_device()
    run = contenders(options, n)[name]
    before = reset_peak()
    run(2)
    return peak() - before


def compare(options: argparse.Namespace, n: int) -> None:
    runs = contenders(options, n)
    timed = {"bare": bare_pass(options, n)}
    for name, run in runs.items():
        # The difference of two lengths is the time of the iterations, without the set-up.
        timed |= {f"{name} short": lambda run=run: run(1)}
        timed |= {f"{name} long": lambda run=run: run(1 + options.iterations)}
    times = fastest(timed, options.rounds)
    bare = times["bare"]
    print(f"\n{n} subject(s), {options.draws} draws ({options.jitter_axes} jitter): per iteration")
    print(f"  {'':26s}{'ms/subject':>11s}{'/ bare':>8s}{'MB peak':>9s}")
    print(f"  {'bare forward + gradient':26s}{1e3 * bare / n:11.1f}{1:8.2f}")
    seconds = {}
    for name in runs:
        seconds[name] = (times[f"{name} long"] - times[f"{name} short"]) / options.iterations
        held = in_new_process(memory, options, n, name)
        print(f"  {name:26s}{1e3 * seconds[name] / n:11.1f}{seconds[name] / bare:8.2f}{held:9.0f}")
    print(f"  published / ours, box:         {seconds['published (a)'] / seconds['ours, box']:.1f}")
    ratio = seconds["MONAI filter (b)"] / seconds["ours, Gaussian"]
    print(f"  MONAI's filter / ours, Gaussian: {ratio:.1f}")
    passes = passes_per_iteration(options)
    flops = 2 * n * convolution_flops(options.shape, options.channels)
    ours, alone = flops * passes / seconds["ours, Gaussian"], flops * options.draws / bare
    print(
        f"  convolutions, GFLOP/s: ours {ours / 1e9:.0f}, bare {alone / 1e9:.0f}, "
        f"the best that one conv3d or matmul reaches here {best_rate() / 1e9:.0f}"
    )
    print(f"  {passes:.2f} of {options.draws} draws per iteration are distinct, and evaluated")


def main() -> None:
    parser = network_parser(__doc__, rounds=3)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--jitter-axes", choices=("common", "independent"), default="common")
    parser.add_argument("--iterations", type=int, default=3)
    options = parser.parse_args()
    prepare_device(torch.get_num_threads())
    threads = torch.get_num_threads()
    print(f"shape {options.shape}, channels {options.channels}, {threads} thread(s)")
    for n in options.batches:
        compare(options, n)


if __name__ == "__main__":
    main()
