"""Share of start-up in a run.

    time snakemake --cores 2
    python benchmarks/startup.py results/demo --processor-seconds 900  # user + sys of that
    python benchmarks/startup.py --computed 1113

The start-up of a job is a new interpreter with the imports of its script, the code that Snakemake
adds, and the modules that torch's optimiser imports on first use. The start-up of the run also
includes the time that Snakemake needs to build the DAG. Everything else is useful work. All times
are processor time, so other load does not matter. The first form compares start-up with the
processor time of a whole run (the jobs' records miss their last seconds), the second with the
estimate of `voxplain check` for that many participants, with the default and the paper's settings
on CPU cores.
"""

import argparse
import ast
import functools
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
import yaml

from voxplain.plan.costs import Costs
from voxplain.plan.jobs import planned_jobs
from voxplain.report.jobs import time_per_rule
from voxplain.run.config import read_config

ROOT = Path(__file__).resolve().parents[1]
IMAGE_VOXELS = 260 * 311 * 260  # HCP's
PREAMBLE = ["import pickle", "from snakemake import script"]
OPTIMISER = "import torch; torch.optim.Adam([torch.zeros(1)])"  # imports torch's compiler
FREEZE = "import gc; gc.freeze()"  # as `voxplain.run.logs.job_log` does
TRAINING = ("train_cnn", "train_variant")
OTHERS_SCRIPTS = {"control_maps": "group_maps"}


def processor_seconds(command: list[str], repeats: int = 3) -> float:
    """Return the minimum processor time of a command."""
    times = []
    for _ in range(repeats):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times)


@functools.cache
def import_seconds(rule: str) -> float:
    """Return the processor time of an interpreter that only runs the imports of a rule's script."""
    script = ROOT / "workflow" / "scripts" / f"{OTHERS_SCRIPTS.get(rule, rule)}.py"
    tree = ast.parse(script.read_text())
    lines = [ast.unparse(n) for n in tree.body if isinstance(n, (ast.Import, ast.ImportFrom))]
    lines += [OPTIMISER] * (rule in TRAINING)
    return processor_seconds([sys.executable, "-c", "\n".join([*PREAMBLE, *lines, FREEZE])])


def share(table: pd.DataFrame, total: float | None = None) -> None:
    """Print jobs, seconds and start-up per rule, and start-up's share of `total` or the sum."""
    table["startup_per_job"] = [import_seconds(rule) for rule in table["rule"]]
    table["startup"] = table["jobs"] * table["startup_per_job"]
    plan = [str(Path(sys.executable).parent / "snakemake"), "--dry-run", "--quiet", "all"]
    engine = processor_seconds([*plan, "--config", "run=startup"], repeats=1)
    print(table.sort_values("seconds", ascending=False).round(2).to_string(index=False))
    total, startup = total or table["seconds"].sum() + engine, table["startup"].sum() + engine
    print(f"{table['jobs'].sum()} jobs: {total:.0f} s, of which start-up {startup:.0f} s")
    print(f"(Snakemake's own: {engine:.1f} s); share of start-up: {startup / total:.1%}\n")


def computed(participants: int, *presets: str) -> pd.DataFrame:
    """Return the rules of a run of this size: jobs as planned, seconds as estimated."""
    cohort = {"layout": "synthetic", "space": "MNI152", "synthetic": {"n_subjects": participants}}
    files = [
        ROOT / "config.yaml",
        *(ROOT / "workflow/presets" / f"{preset}.yaml" for preset in presets),
    ]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as overlay:
        yaml.safe_dump({"run": "startup", "cohort": cohort}, overlay)
        overlay.flush()
        files.append(Path(overlay.name))
        jobs, config = planned_jobs(files, ROOT), read_config(files)
    costs = Costs(config | {"gpu": 0}, participants, IMAGE_VOXELS)
    names = [rule for rule in jobs if rule not in ("make_images", "plan_cohort", "gather_cohort")]
    rows = [(rule, jobs[rule], costs.seconds(rule, jobs[rule])) for rule in names]
    return pd.DataFrame(rows, columns=["rule", "jobs", "seconds"])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("run", type=Path, nargs="?", help="folder of a finished run")
    parser.add_argument("--processor-seconds", type=float, help="user + sys of that whole run")
    parser.add_argument("--computed", type=int, metavar="N")
    options = parser.parse_args()
    if options.run:
        recorded = time_per_rule(options.run / "benchmarks")[["rule", "jobs", "seconds"]]
        share(recorded, options.processor_seconds)
    if options.computed:
        share(computed(options.computed))
        share(computed(options.computed, "kan2020"))


if __name__ == "__main__":
    main()
