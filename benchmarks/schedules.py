"""Whether cheaper schedules of Meaningful Perturbations give the masks of the full schedule.

    snakemake --cores 2 --configfile config.yaml workflow/presets/ixi.yaml \
        --config cohort_root=../shared/data/ixi run=ixi
    python benchmarks/schedules.py results/ixi

Held-out participants of a finished run are explained by their fold's network with the paper's 300
iterations of 10 draws and with cheaper schedules. Prints per schedule Pearson's r with the full
mask (median and lowest), the difference between its drop in probability and that of the full
schedule (median and largest), both measured over every possible jitter, and processor time. A
second full run with other jitters shows how well the full schedule agrees with itself.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.nn import functional as F

from voxplain.attribution import meaningful_perturbation, separable
from voxplain.cohort.folds import read_split, rows_of
from voxplain.network.cnn import load_model
from voxplain.network.device import prepare_device
from voxplain.run.files import read_json, read_table
from voxplain.run.paths import RunPaths

SCHEDULES = {
    "full, other jitters": {"seed": 1},
    "full, early stopping": {"early_stopping": True},
    "150 iterations": {"iterations": 150},
    "5 draws": {"draws": 5},
    "3 draws": {"draws": 3},
    "2 draws": {"draws": 2},
    "1 draw": {"draws": 1},
    "3 draws, early stopping": {"draws": 3, "early_stopping": True},
    "2 draws, early stopping": {"draws": 2, "early_stopping": True},
}


def remaining_probability(model, images, targets, maps, settings) -> torch.Tensor:
    """Return the target's mean probability over all jitters of images replaced by `maps`."""
    shape, jitter = images.shape[2:], settings["jitter"]
    padded = F.pad(images[:, 0], (0, jitter) * 3)
    replaced = separable.gaussian_blur(padded, settings["sigma_0"])
    total = torch.zeros(len(images))
    for k in range(jitter):
        crop = (slice(None), *(slice(k, k + size) for size in shape))
        altered = padded[crop] * (1 - maps) + replaced[crop] * maps
        with torch.no_grad():
            total += model(altered[:, None]).softmax(1).gather(1, targets[:, None])[:, 0]
    return total / jitter


def compare(model, images, targets, settings) -> list[dict]:
    """Return one row per participant and schedule."""

    def run(**changes):
        start = time.process_time()
        result = meaningful_perturbation(model, images, targets, **(settings | changes))
        seconds = (time.process_time() - start) / len(images)
        left = remaining_probability(model, images, targets, result.maps, settings)
        return result, left, seconds

    full, full_left, full_seconds = run()
    rows = []
    for name, changes in SCHEDULES.items():
        result, left, seconds = run(**changes)
        for i in range(len(images)):
            flat = full.maps[i].flatten(), result.maps[i].flatten()
            rows.append(
                {
                    "schedule": name,
                    "r": np.corrcoef(*map(np.asarray, flat))[0, 1],
                    "drop_difference": float(left[i] - full_left[i]),
                    "time": seconds / full_seconds,
                    "iterations": int(result.details["iterations"][i]),
                }
            )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("--folds", nargs="+", default=["01", "02", "03"])
    parser.add_argument("--participants", type=int, default=6, help="of each fold")
    parser.add_argument("--iterations", type=int, default=300)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--jitter", type=int, default=5)
    options = parser.parse_args()
    prepare_device(1)
    paths = RunPaths(options.run.name)
    config = read_json(paths.provenance)["config"]
    settings = config["attribution"]["meaningful_perturbation"]
    settings |= {name: getattr(options, name) for name in ("iterations", "draws", "jitter")}
    participants = read_table(paths.participants)
    volumes = np.load(paths.volumes, mmap_mode="r")
    rows = []
    for fold in options.folds:
        split = read_split(paths.split.format(fold=fold), participants)
        chosen = rows_of(split.test, participants)[: options.participants]
        model, _ = load_model(paths.cnn_model.format(fold=fold))
        images = torch.from_numpy(volumes[chosen]).unsqueeze(1)
        targets = torch.from_numpy(participants["label"].to_numpy(int)[chosen])
        rows += compare(model, images, targets, settings)
    table = pd.DataFrame(rows).groupby("schedule", sort=False)
    size = table["drop_difference"].apply(lambda values: values.abs().max())
    print(
        pd.DataFrame(
            {
                "r, median": table["r"].median(),
                "r, lowest": table["r"].min(),
                "drop, median difference": table["drop_difference"].median(),
                "largest": size,
                "iterations": table["iterations"].mean(),
                "time": table["time"].mean(),
            }
        )
        .round(3)
        .to_string()
    )
    print(f"{len(rows) // len(SCHEDULES)} held-out participants of {options.run}")


if __name__ == "__main__":
    main()
