"""The project's workflow on a tiny cohort, in a folder of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import yaml

from support.places import ROOT

BIN = Path(sys.executable).parent

TINY = {
    "run": "tiny",
    "cohort": {"synthetic": {"n_subjects": 24, "voxel_size_mm": 6}},
    "volumes": {"shape": [22, 26, 22], "batches": 2},
    "folds": {"n_splits": 2, "repeats": 2},
    "cnn": {"channels": [2, 2, 2], "epochs": 2, "batch_size": 6, "milestones": [1]},
    "baselines": {
        "inner_splits": 2,
        "xgboost": {"max_depth": [2], "n_estimators": [5], "learning_rate": [0.3]},
        "knn": {"n_neighbors": [3]},
        "logistic_regression": {"C": [0.01]},
    },
    "attribution": {
        "training_sample": 2,
        "meaningful_perturbation": {"iterations": 3, "draws": 1, "jitter": 2},
    },
    "evaluation": {
        "permutations": 99,
        "random_masks": 19,
        "surrogates": 99,
        "refits": 19,
        "bootstraps": 199,
        "faithfulness": {"participants": 1, "random_orders": 1, "sigma": 2},
        "robustness": {"participants": 2, "seeds": 1, "noise": [0.1]},
        "ablation": {
            "participants": 2,
            "knobs": {
                **{knob: [] for knob in ("sigma_0", "lambda_1", "lambda_2", "beta", "jitter")},
                **{knob: [] for knob in ("draws", "learning_rate", "mask_scale")},
                "sigma_m": [0.0],
            },
        },
        "roar": {"shares": [0.2], "random_masks": 1, "fill": "mean"},
        "learning": {"shares": [0.5], "draws": 2},
        "grids": [[24, 28, 24]],
        "retraining": {"seeds": 1, "folds": 1, "shuffled": 1},
    },
}

# Enough people for a network to learn, and to ask whether it found what was planted
COHORT_OF_80 = {"n_subjects": 80, "voxel_size_mm": 4}
STUDY_OF_80 = {
    "folds": {"n_splits": 4},
    "volumes": {"batches": 2},
    "baselines": {
        "inner_splits": 2,
        "xgboost": {"max_depth": [2], "n_estimators": [30], "learning_rate": [0.3]},
        "knn": {"n_neighbors": [15]},
        "logistic_regression": {"C": [0.01]},
    },
    "attribution": {"training_sample": 1},
}


class Workflow:
    """The project's Snakefile in a working directory of its own.

    `root` holds the Snakefile, this checkout's by default; `surroundings` are environment variables
    besides those of the tests.
    """

    def __init__(self, folder: Path, config: dict, cores: int = 2) -> None:
        self.folder, self.cores = folder, cores
        self.root, self.surroundings = ROOT, {}
        self.configfile = folder / "tiny.yaml"
        self.configfile.write_text(yaml.safe_dump(config))

    def command(self, *arguments: str, config: tuple[str, ...] = ()) -> list[str]:
        """Command line; targets go first, because --config takes what follows it."""
        return [
            str(BIN / "snakemake"),
            *arguments,
            *("--snakefile", str(self.root / "Snakefile"), "--quiet", "host"),
            *("--cores", str(self.cores)),
            *("--workflow-profile", str(self.root / "profiles" / "default")),
            *("--configfile", str(self.root / "config.yaml"), str(self.configfile)),
            *(("--config", *config) if config else ()),
        ]

    def __call__(
        self, *arguments: str, config: tuple[str, ...] = ()
    ) -> subprocess.CompletedProcess:
        """Run Snakemake and return what it said, both streams together."""
        return subprocess.run(
            self.command(*arguments, config=config),
            cwd=self.folder,
            env=os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"} | self.surroundings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def path(self, *parts: str) -> Path:
        return self.folder.joinpath("results", *parts)


def jobs(output: str) -> list[tuple[str, str]]:
    """Rule name and wildcards' text of every job that Snakemake lists."""
    _, *parts = re.split(r"^(?:local)?(?:rule|checkpoint) (\w+):", output, flags=re.M)
    return list(zip(parts[::2], parts[1::2], strict=True))


def copy_of(tiny, folder, config=TINY, cores=2):
    """A workflow with all results of the tiny run, times included."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["cp", "-a", f"{tiny.folder}/.", str(folder)], check=True)
    return Workflow(folder, config, cores)


def recording(path: Path) -> dict[str, str]:
    """Return an environment in which each job appends what it imports to a file."""
    folders = [str(ROOT / "tests" / "support" / "recorder"), os.environ.get("PYTHONPATH", "")]
    return {"VOXPLAIN_RECORD": str(path), "PYTHONPATH": os.pathsep.join(filter(None, folders))}
