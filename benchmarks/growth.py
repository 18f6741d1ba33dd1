"""Growth of the methods' time and memory with participants, voxels and draws: plot and slopes.

    OMP_NUM_THREADS=1 python benchmarks/growth.py benchmarks/growth.svg

The network has 8, 16 and 32 channels. Each point is the minimum processor time of two calls, and
the peak memory of one call in a new process, above the memory before it. A slope of 1 on these
logarithmic axes is growth in proportion.
"""

import argparse
from functools import partial

import pandas as pd
import torch
from contenders import fastest, in_new_process, make_network, peak, reset_peak, slope
from matplotlib.figure import Figure

from voxplain.attribution import grad_cam, guided_backprop, meaningful_perturbation
from voxplain.network.device import prepare_device

BASE = {"subjects": 4, "edge": 30, "draws": 4}
STEPS = {
    "subjects": (1, 2, 4, 8, 16, 32),
    "edge": (24, 30, 38, 48, 60),
    "draws": (1, 2, 4, 8, 16),
}
METHODS = {
    "Meaningful Perturbations": meaningful_perturbation,
    "Guided Backpropagation": guided_backprop,
    "Grad-CAM": grad_cam,
}
ITERATIONS = 3


def call(name: str, subjects: int, edge: int, draws: int):
    torch.manual_seed(0)
    shape = (edge, edge, edge)
    model, images = make_network(shape, (8, 16, 32)), torch.rand(subjects, 1, *shape)
    targets = torch.zeros(subjects, dtype=torch.int64)
    settings = {}
    if name == "Meaningful Perturbations":
        # One jitter per axis, so that hardly any two draws of an iteration are the same.
        settings = {"iterations": ITERATIONS, "draws": draws, "jitter_axes": "independent"}
    return partial(METHODS[name], model, images, targets, **settings)


def measure(name: str, point: dict[str, int]) -> tuple[float, float]:
    """Return seconds and MB of one method at one size."""
    prepare_device()
    run = call(name, **point)
    before = reset_peak()
    run()
    held = peak() - before
    return fastest({name: run}, rounds=2)[name], held


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("plot")
    options = parser.parse_args()
    rows = []
    for quantity, steps in STEPS.items():
        for name in METHODS:
            if quantity == "draws" and name != "Meaningful Perturbations":
                continue
            for step in steps:
                seconds, held = in_new_process(measure, name, BASE | {quantity: step})
                size = step**3 if quantity == "edge" else step
                rows.append((quantity, name, size, seconds, held))
    table = pd.DataFrame(rows, columns=["quantity", "method", "size", "seconds", "MB"])
    figure = Figure((9, 5), layout="constrained")
    panels = figure.subplots(2, 3)
    for column, quantity in enumerate(STEPS):
        for name, part in table[table["quantity"] == quantity].groupby("method", sort=False):
            for row, value in enumerate(("seconds", "MB")):
                size, values = part["size"].to_numpy(), part[value].to_numpy().clip(0.1**3)
                exponent = slope(size, values)
                print(f"{value:8s} by {quantity:9s} {name:26s} slope {exponent:5.2f}", values)
                panels[row, column].loglog(size, values, "o-", label=f"{name}: {exponent:.2f}")
        for row, value in enumerate(("processor time, s", "peak memory, MB")):
            panels[row, column].set_ylabel(value)
            panels[row, column].legend(fontsize=6)
        panels[1, column].set_xlabel("voxels" if quantity == "edge" else quantity)
    figure.savefig(options.plot)


if __name__ == "__main__":
    main()
