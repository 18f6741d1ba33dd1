"""Whether a larger training sample changes the masked accuracy of the gradient methods.

    python benchmarks/training_sample.py results/demo

In every fold of a finished run, group masks are computed from samples of several sizes, as with
`attribution.training_sample`, and the fold's network is tested on its masked held-out participants.
Prints per method and size the accuracy with the conjoined mask (mean and standard deviation over
folds) and with smooth random masks, Pearson's r of the conjoined mask with that of the largest
sample, and the processor seconds of the maps of one fold.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

from voxplain.attribution import METHODS
from voxplain.attribution.cohorts import explain_parts, targets_of
from voxplain.cohort.folds import read_split, rows_of, training_sample
from voxplain.evaluation.maps.group_maps import class_means, needs_scale
from voxplain.evaluation.trust.masked_accuracy import masked_accuracy
from voxplain.image.nifti import read_volume
from voxplain.image.stack import Stack
from voxplain.network.cnn import load_model
from voxplain.network.device import prepare_device
from voxplain.run.files import read_json, read_table
from voxplain.run.paths import RunPaths, fold_names


def of_fold(fold: str, paths: RunPaths, config: dict, sizes: list[int], n_random: int) -> list:
    participants = read_table(paths.participants)
    labels = participants["label"].to_numpy(int)
    split = read_split(paths.split.format(fold=fold), participants)
    model, _ = load_model(paths.cnn_model.format(fold=fold))
    volumes, brain = Stack(paths.volumes), read_volume(paths.brain_mask)[0] > 0
    test = rows_of(split.test, participants)
    rows = []
    for method in ("grad_cam", "guided_backprop"):
        masks = {}
        for size in sizes:
            names = training_sample(split, participants, size, config["seed"])
            sample = rows_of(names, participants)
            start = time.process_time()
            settings = config["attribution"][method]
            targets = targets_of(config["attribution"]["target"], labels[sample])
            results = explain_parts(METHODS[method], model, volumes.take(sample), targets, settings)
            maps = np.concatenate([result.maps.numpy() for result in results])
            row = {"method": method, "size": size, "seconds": time.process_time() - start}
            masks[size] = class_means(maps, labels[sample], needs_scale(method)).conjoined
            table = masked_accuracy(
                model,
                volumes.take(test),
                labels[test],
                {"conjoined": masks[size]},
                brain,
                n_random,
                config["seed"],
            )
            rows.append(
                row | table.groupby("control")["accuracy"].mean()[["mask", "random"]].to_dict()
            )
        for row in rows[-len(sizes) :]:
            pair = masks[row["size"]][brain], masks[sizes[-1]][brain]
            row["r"] = np.corrcoef(*pair)[0, 1]
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("--sizes", nargs="+", type=int, default=[4, 10, 30], help="per class")
    parser.add_argument("--random-masks", type=int, default=20)
    options = parser.parse_args()
    prepare_device(1)
    paths = RunPaths(options.run.name, options.run.parent)
    config = read_json(paths.provenance)["config"]
    rows = []
    for fold in fold_names(config["folds"]["n_splits"]):
        rows += of_fold(fold, paths, config, sorted(options.sizes), options.random_masks)
    table = pd.DataFrame(rows).groupby(["method", "size"])
    columns = table[["mask", "random", "r", "seconds"]].mean()
    columns.insert(1, "sd", table["mask"].std())
    print(columns.round(3).to_string())


if __name__ == "__main__":
    main()
