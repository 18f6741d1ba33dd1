"""How much a network's decision depends on each planted region, and what its maps find there.

    OMP_NUM_THREADS=1 python benchmarks/planted_regions.py results/demo

For a finished run of the embedded cohort. The difference between the classes in a region (voxel by
voxel, in the fold's training participants) is removed from held-out images: each image is moved by
half of it towards the other class. The margin of the true class then falls by the contribution of
that region. The areas under the ROC curve are those of group maps in one region, without the other
regions; the last rows are for all regions, and for those with at least a tenth of the total
contribution.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from voxplain.cohort.folds import fold_names, read_split, rows_of
from voxplain.evaluation.maps.group_maps import GroupMaps
from voxplain.evaluation.maps.localisation import planted_regions
from voxplain.image.nifti import read_volume
from voxplain.image.stack import Stack
from voxplain.network.cnn import load_model
from voxplain.network.device import prepare_device
from voxplain.network.training import predict_logits
from voxplain.run.files import read_json, read_table
from voxplain.run.paths import RunPaths

MAPS = ("group_difference", "meaningful_perturbation", "guided_backprop", "grad_cam")


def margins(paths, volumes, participants, regions, settings) -> dict[str, np.ndarray]:
    """Return the true class's margin (n,) of held-out images, intact and without regions."""
    labels, everything = participants["label"].to_numpy(int), list(regions)
    removed = {"intact": [], "without all": everything}
    removed |= {f"without {name}": [name] for name in regions}
    removed |= {f"only {name}": [x for x in everything if x != name] for name in regions}
    by_case = {case: [] for case in removed}
    for fold in fold_names(settings["folds"]["n_splits"]):
        split = read_split(paths.split.format(fold=fold), participants)
        train, test = rows_of(split.train, participants), rows_of(split.test, participants)
        images, classes = volumes.take(train), labels[train]
        half = (images[classes == 1].mean(axis=0) - images[classes == 0].mean(axis=0)) / 2
        signs = np.where(labels[test] == 1, 1, -1)
        source = settings["cnn"]["network"]
        model, _ = load_model(paths.cnn_model.format(fold=fold), "cpu", source)
        for case, names in removed.items():
            gone = np.any([regions[name] for name in names], axis=0) if names else False
            moved = volumes.take(test) - signs[:, None, None, None] * np.where(gone, half, 0)
            logits = predict_logits(model, list(moved.astype(np.float32)))
            by_case[case].append(signs * (logits[:, 1] - logits[:, 0]))
    return {case: np.concatenate(values) for case, values in by_case.items()}


def main() -> None:
    """Print one row per region."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("run", help="folder of a finished run, such as results/demo")
    root = Path(parser.parse_args().run)
    prepare_device(1, 0)
    paths, settings = (
        RunPaths(root.name, root.parent),
        read_json(root / "provenance.json")["config"],
    )
    brain = read_volume(paths.brain_mask)[0] > 0
    regions = planted_regions(paths.truth, paths.truth_names, brain.shape)
    regions = {name: region & brain for name, region in regions.items()}
    participants = read_table(paths.participants)
    by_case = margins(paths, Stack(paths.volumes), participants, regions, settings)
    maps = {
        method: GroupMaps.read(paths.group_maps.format(method=method)).conjoined for method in MAPS
    }
    intact, all_cost = by_case["intact"], (by_case["intact"] - by_case["without all"]).mean()
    planted = np.any(list(regions.values()), axis=0)
    cost = {name: (intact - by_case[f"without {name}"]).mean() / all_cost for name in regions}
    used = [regions[name] for name in regions if cost[name] >= 0.1]
    truths = regions | {"all": planted, "used": np.any(used, axis=0)}
    rows = []
    for name, truth in truths.items():
        row = {"region": name, "voxels": truth.sum()}
        if name in regions:
            row |= {"share of the margin": cost[name]}
            row |= {"accuracy without": (by_case[f"without {name}"] > 0).mean()}
            row |= {"accuracy, it alone": (by_case[f"only {name}"] > 0).mean()}
        voxels = brain & (truth | ~planted)
        row |= {
            f"AUC {m}": roc_auc_score(truth[voxels], values[voxels]) for m, values in maps.items()
        }
        rows.append(row)
    print(pd.DataFrame(rows).round(2).T.to_string(header=False))
    for case in ("intact", "without all"):
        print(f"accuracy {case}: {(by_case[case] > 0).mean():.2f}")


if __name__ == "__main__":
    main()
