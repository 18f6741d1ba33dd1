"""Time and memory that Snakemake needs to plan a study of a large cohort.

    python benchmarks/planning.py --participants 1000 10000 40000

Plans (`snakemake -n`) a `table` cohort of empty image files with config.yaml: planning checks only
the size and time of images. The whole default run is planned from the start, then
one participant's page with the folds already drawn. Prints jobs, processor seconds, wall seconds
and peak memory.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from contenders import children_usage, in_new_process

from voxplain.cohort.folds import folds_table, make_splits
from voxplain.run.files import write_json, write_table
from voxplain.run.paths import RunPaths

ROOT = Path(__file__).resolve().parents[1]
BATCHES = 99  # the maximum
LIMITS = {"wall_s": 60, "MB": 2000}  # about the size of UK Biobank's imaging study


def make_cohort(folder: Path, participants: int) -> pd.DataFrame:
    """Write a participants table and an empty file for each image."""
    ids = [f"sub-{k:06d}" for k in range(participants)]
    table = pd.DataFrame({"participant_id": ids, "sex": ["F", "M"] * (participants // 2)})
    table["path"] = table["participant_id"] + ".nii.gz"
    write_table(folder / "participants.tsv", table)
    for name in table["path"]:
        (folder / name).touch()
    return table


def draw_folds(folder: Path, table: pd.DataFrame, n_splits: int = 10) -> None:
    """Write the files that a run has after its folds are drawn."""
    paths = RunPaths("large", results=str(folder / "results"))
    label = (table["sex"] == "M").astype(int)
    people = pd.DataFrame({"participant_id": table["participant_id"], "label": label})
    people = people.assign(class_name=table["sex"], family_id=pd.NA)
    splits = make_splits(people, n_splits, seed=0)
    batches = [paths.batch.format(batch=f"{k:02d}") for k in range(BATCHES)]
    read = [paths.read_participants, paths.read_left_out, *batches]
    stacked = [paths.volumes, paths.grid, paths.brain_mask, paths.mean_volume, paths.quality]
    stacked += [paths.volumes_sidecar, paths.brain_mask_sidecar, paths.mean_volume_sidecar]
    for path in (*read, *stacked, paths.left_out, paths.participants):  # planning reads none
        write_table(path, people)
    for split in splits:
        write_json(paths.split.format(fold=split.fold), split.to_dict())
    write_table(paths.folds, folds_table(splits, people))


def plan(folder: Path, *targets: str) -> dict[str, float]:
    """Plan a run in a folder; return its jobs and the cost of planning."""
    cohort = {"layout": "table", "classes": {"negative": "F", "positive": "M"}}
    settings = {"run": "large", "cohort_root": str(folder), "cohort": cohort}
    write_json(folder / "large.json", settings | {"volumes": {"batches": BATCHES}})
    command = [sys.executable, "-m", "snakemake", *targets, "--dry-run", "--quiet", "host"]
    command += ["--snakefile", str(ROOT / "Snakefile")]
    command += ["--workflow-profile", str(ROOT / "profiles" / "default")]
    command += ["--configfile", str(ROOT / "config.yaml"), str(folder / "large.json")]
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    wall = time.perf_counter() - begin
    cpu, largest = children_usage()
    jobs = int(re.search(r"^total +(\d+)$", done.stdout, re.M)[1])
    return {"jobs": jobs, "cpu_s": cpu, "wall_s": wall, "MB": largest}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--participants", type=int, nargs="+", default=[1000, 40000])
    rows = []
    for n in parser.parse_args().participants:
        with tempfile.TemporaryDirectory(prefix="planning-") as name:
            folder = Path(name)
            table = make_cohort(folder, n)
            rows.append({"participants": n, "target": "all"} | in_new_process(plan, folder))
            draw_folds(folder, table)
            page = RunPaths("large").participant_page.format(participant=f"sub-{n - 1:06d}")
            made = in_new_process(plan, folder, page)
            rows.append({"participants": n, "target": "one page"} | made)
    result = pd.DataFrame(rows)
    print(result.round(1).to_string(index=False))
    over = {key: result[key].max() for key, limit in LIMITS.items() if result[key].max() > limit}
    sys.exit(f"over the limits {LIMITS}: {over}" if over else 0)


if __name__ == "__main__":
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    main()
