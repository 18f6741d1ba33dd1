"""Growth of a run with participants, voxels and folds: jobs, time, memory, disk and slopes.

    OMP_NUM_THREADS=1 python benchmarks/scaling.py --subjects 50 200 800 2000 \\
        --edges 22 30 --folds 2 5
    python benchmarks/scaling.py --computed 1113 10000 40000

Generated cohorts with the tests' tiny settings or smaller, so only sizes differ (22 is the smallest
edge that the network accepts), up to the tables of the stages whose work grows. Along each axis the
other two stay at their first value. Processor time and the largest process cover Snakemake and all
its jobs; the peak memory of a rule is the largest in its jobs' logs. A slope is the exponent
between the two largest sizes: 1 is growth in proportion. With --computed nothing is run; it prints
the estimate of `voxplain check` for such cohorts, for the default settings on the CPU and the
paper's on one GPU.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from contenders import children_usage, in_new_process, slope

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.places import ROOT
from support.workflow import TINY, Workflow
from voxplain.plan.costs import Costs
from voxplain.run.config import read_config

QUANTITIES = ("jobs", "cpu_s", "wall_s", "largest_process_MB", "disk_MB")
IMAGE_VOXELS = 260 * 311 * 260  # HCP's
MEMORY_RULES = ("train_cnn", "explain", "gram_matrix", "voxel_svm", "map_properties")
TABLES = ("accuracy", "masked_accuracy", "agreement", "map_properties", "first_layer")
METHODS = ["meaningful_perturbation", "grad_cam"]
QUICK = {"iterations": 2, "draws": 1, "jitter": 2}


def study(subjects: int, edge: int, folds: int) -> dict:
    """Return the tiny study's settings at another size."""
    synthetic = TINY["cohort"]["synthetic"] | {"n_subjects": subjects}
    return TINY | {
        "cohort": {"synthetic": synthetic},
        "volumes": {"shape": [edge, round(edge * 1.2), edge], "batches": max(2, subjects // 100)},
        "folds": TINY["folds"] | {"n_splits": folds},
        "cnn": TINY["cnn"] | {"epochs": 1},
        "attribution": TINY["attribution"] | {"methods": METHODS, METHODS[0]: QUICK},
    }


def measure(
    subjects: int, edge: int, folds: int, wheels: Path | None
) -> tuple[dict[str, float], dict[str, float]]:
    """Run one study in a new folder; return its cost and each rule's peak memory."""
    with tempfile.TemporaryDirectory(prefix="scaling-") as name:
        workflow = Workflow(Path(name), study(subjects, edge, folds), cores=1)
        if wheels:
            workflow.path().mkdir()
            workflow.path("wheels").symlink_to(wheels.resolve())
        begin = time.perf_counter()
        done = workflow(*(f"results/tiny/tables/{name}.tsv" for name in TABLES))
        wall = time.perf_counter() - begin
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, "snakemake", done.stdout[-4000:])
        cpu, largest = children_usage()
        files = [path for path in workflow.path("tiny").rglob("*") if path.is_file()]
        jobs = sum(path.is_relative_to(workflow.path("tiny", "logs")) for path in files)
        disk = sum(path.stat().st_size for path in files) / 1e6
        figures = dict(zip(QUANTITIES, (jobs, cpu, wall, largest, disk), strict=True))
        return figures, peaks(workflow.path("tiny", "logs"))


def peaks(logs: Path) -> dict[str, float]:
    """Return the largest peak memory (MB) in the logs of each rule's jobs."""
    largest: dict[str, float] = {}
    for path in logs.rglob("*.log"):
        rule = path.relative_to(logs).parts[0].removesuffix(".log")
        for megabytes in re.findall(r"^peak memory: (\d+) MB$", path.read_text(), re.M):
            largest[rule] = max(float(megabytes), largest.get(rule, 0))
    return dict(sorted(largest.items()))


def computed(participants: list[int]) -> pd.DataFrame:
    """Return the estimate of `voxplain check`: hours, memory of the largest job, and disk."""
    rows = []
    for preset, gpu in ((None, 0), ("kan2020", 1)):
        files = [ROOT / "config.yaml"]
        files += [ROOT / "workflow" / "presets" / f"{preset}.yaml"] if preset else []
        config = read_config(files) | {"gpu": gpu}
        config["cohort"]["layout"] = "table"
        for n in participants:
            costs = Costs(config, n, IMAGE_VOXELS)
            memory = {rule: costs.memory_mb(rule) / 1000 for rule in MEMORY_RULES}
            hours = sum(costs.work_s(rule) for rule in work_rules()) / 3600
            named = {"settings": preset or "default", "participants": n}
            rows.append(named | {"hours": hours, "disk_GB": costs.disk_mb / 1000} | memory)
    return pd.DataFrame(rows)


def work_rules() -> set[str]:
    """Return the rules of the workflow, except the one that generates synthetic images."""
    rules = (ROOT / "workflow" / "rules").glob("*.smk")
    names = {
        name for file in rules for name in re.findall(r"^ *rule (\w+):", file.read_text(), re.M)
    }
    return names - {"make_images"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--subjects", type=int, nargs="+", default=[50, 200, 800, 2000])
    parser.add_argument("--edges", type=int, nargs="+", default=[22, 30])
    parser.add_argument("--folds", type=int, nargs="+", default=[2, 5])
    parser.add_argument(
        "--wheels", type=Path, help="folder of atlas wheels, such as results/wheels"
    )
    parser.add_argument("--computed", type=int, nargs="+", metavar="N", help="run nothing")
    options = parser.parse_args()
    if options.computed:
        print(computed(options.computed).round(1).to_string(index=False))
        return
    axes = {"subjects": options.subjects, "edge": options.edges, "folds": options.folds}
    base = {axis: sizes[0] for axis, sizes in axes.items()}
    measured: dict[tuple, tuple[dict[str, float], dict[str, float]]] = {}
    for axis, sizes in axes.items():
        for size in sizes:
            point = tuple((base | {axis: size}).values())
            if point not in measured:
                measured[point] = in_new_process(measure, *point, options.wheels)
                print(dict(zip(axes, point, strict=True)), measured[point], flush=True)
        if len(sizes) < 2:
            continue
        points = [measured[tuple((base | {axis: size}).values())] for size in sizes]
        table, memory = (pd.DataFrame(column, index=sizes) for column in zip(*points, strict=True))
        grown = np.array(sizes) ** (3 if axis == "edge" else 1)
        slopes = {name: round(slope(grown, table[name].to_numpy()), 2) for name in QUANTITIES}
        print(table.round(1).rename_axis(axis).to_string())
        print(f"slopes by {'voxels' if axis == 'edge' else axis}: {slopes}")
        print(f"peak memory of a job, MB\n{memory.T.to_string()}", flush=True)


if __name__ == "__main__":
    main()
