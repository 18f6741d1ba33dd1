"""How well a voxel SVM predicts head size after a polynomial in it has been regressed out.

    python benchmarks/head_size_residuals.py
    python benchmarks/head_size_residuals.py --run results/demo

In simulated cohorts of 80, one per seed, the classes differ only in head size, by 1.8 standard
deviations. Prints the accuracy of the linear SVM by the degree of the polynomial (0: only the
mean), which should be at chance. --run does the same for a finished run, where a planted effect
should remain.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from voxplain.baselines import head_size, voxel_svm
from voxplain.cohort.folds import read_split, rows_of
from voxplain.run.files import read_table
from voxplain.run.paths import RunPaths

ROOT = Path(__file__).resolve().parents[1]
ALONE = {"n_subjects": 80, "voxel_size_mm": 4, "null_cohort": True, "head_size_effect": 1.8}
DEGREES = range(4)


def simulate(seed: int, folder: Path) -> RunPaths:
    paths = RunPaths(f"heads_{seed}")
    settings = {"run": f"heads_{seed}", "seed": seed, "cohort": {"synthetic": ALONE}}
    settings |= {"folds": {"n_splits": 4}, "volumes": {"batches": 2}}
    settings |= {"baselines": {"inner_splits": 2, "knn": {"n_neighbors": [15]}}}
    config = folder / f"{seed}.yaml"
    config.write_text(yaml.safe_dump(settings))
    command = [sys.executable, "-m", "snakemake", paths.gram, paths.folds, "--cores", "2"]
    command += ["--quiet", "all", "--snakefile", ROOT / "Snakefile", "--directory", folder]
    command += ["--configfile", ROOT / "config.yaml", config]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return RunPaths(f"heads_{seed}", str(folder / "results"))


def accuracies(paths: RunPaths) -> dict[int, float]:
    participants = read_table(paths.participants)
    labels = participants["label"].to_numpy(int)
    sizes = head_size.measured(participants, read_table(paths.quality)).to_numpy(float)
    gram = np.load(paths.gram)
    files = sorted(Path(paths.split).parent.glob("split-[0-9]*.json"))
    splits = [read_split(path, participants) for path in files]
    accuracies = {}
    for degree in DEGREES:
        voxel_svm.DEGREE = degree
        hits = 0
        for split in splits:
            train, test = (rows_of(side, participants) for side in (split.train, split.test))
            fitted = voxel_svm.fit_predict_residuals(gram, labels, train, test, sizes)
            hits += (fitted.predictions == labels[test]).sum()
        accuracies[degree] = hits / len(labels)
    return accuracies


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=range(21, 33))
    parser.add_argument("--run", type=Path)
    options = parser.parse_args()
    if options.run:
        print(pd.Series(accuracies(RunPaths(options.run.name, options.run.parent))).round(3))
        return
    with tempfile.TemporaryDirectory() as folder:
        rows = {seed: accuracies(simulate(seed, Path(folder))) for seed in options.seeds}
    table = pd.DataFrame(rows).T
    print(table.round(3).to_string())
    print(table.agg(["mean", "std"]).round(3).to_string())


if __name__ == "__main__":
    main()
