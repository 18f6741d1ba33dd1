"""Shared by the benchmarks: the paper's network with random weights, and how time is measured."""

import argparse
import multiprocessing
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn


def make_network(shape: Sequence[int], channels: Sequence[int]) -> nn.Module:
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


def network_parser(description: str, rounds: int) -> argparse.ArgumentParser:
    """Return a parser of the network's size, the batches and the rounds, the paper's by default."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--shape", type=int, nargs=3, default=(58, 70, 58))
    parser.add_argument("--channels", type=int, nargs=3, default=(32, 64, 128))
    parser.add_argument("--batches", type=int, nargs="+", default=(1, 8))
    parser.add_argument("--rounds", type=int, default=rounds)
    return parser


def fastest(contenders: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the minimum processor time of each contender in seconds, run in turn."""
    times = {name: [] for name in contenders}
    for _ in range(rounds + 1):  # the first round is a warm-up
        for name, run in contenders.items():
            start = time.process_time()
            run()
            times[name].append(time.process_time() - start)
    return {name: min(values[1:]) for name, values in times.items()}


def convolution_flops(shape: Sequence[int], channels: Sequence[int]) -> int:
    """Return the operations of all convolutions in one image's forward pass.

    The gradient with respect to a convolution's input takes the same number again.
    """
    total, n_in, sizes = 0, 1, np.array(shape)
    for n_out in channels:
        sizes = sizes - 2
        total += 2 * 27 * n_in * n_out * int(sizes.prod())
        n_in, sizes = n_out, sizes // 2
    return total


def reset_peak() -> float:
    """Reset the peak memory of this process; return its current memory, MB (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak()


def peak() -> float:
    """Return the peak memory of this process, MB (Linux)."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def in_new_process(function: Callable, *args: Any) -> Any:
    """Call a function in a new process, so that nothing else affects its memory."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, args)


def children_usage() -> tuple[float, float]:
    """Return processor seconds of all child processes, and the largest peak memory among them (MB).

    Grandchildren count if their parents waited for them.
    """
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def slope(sizes: np.ndarray, values: np.ndarray) -> float:
    """Return the exponent of the growth between the two largest sizes."""
    return float(np.log(values[-1] / values[-2]) / np.log(sizes[-1] / sizes[-2]))
