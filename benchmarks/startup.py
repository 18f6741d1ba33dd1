"""How much of a run is start-up: ``python benchmarks/startup.py results/demo``.

Start-up is, per job, a fresh interpreter that runs the imports of the job's script, and for the run
as a whole what Snakemake needs to build the DAG. The rest of every job's wall time is useful work.
"""

import ast
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]


def import_seconds(script, repeats=3):
    """Return the shortest wall time of an interpreter that only imports what a script imports."""
    tree = ast.parse(script.read_text())
    lines = [ast.unparse(n) for n in tree.body if isinstance(n, (ast.Import, ast.ImportFrom))]
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True)
        times.append(time.perf_counter() - start)
    return min(times)


def main(run):
    rows = []
    for script in sorted((ROOT / "workflow" / "scripts").glob("*.py")):
        rule = script.stem
        files = [*run.glob(f"benchmarks/{rule}.tsv"), *run.glob(f"benchmarks/{rule}/**/*.tsv")]
        if files:
            seconds = sum(pd.read_csv(file, sep="\t")["s"].iloc[0] for file in files)
            start = import_seconds(script)
            rows.append((rule, len(files), seconds, start * len(files), start))
    columns = ["rule", "jobs", "wall_s", "startup_s", "startup_per_job_s"]
    table = pd.DataFrame(rows, columns=columns)
    begin = time.perf_counter()
    subprocess.run(
        [Path(sys.executable).parent / "snakemake", "--dry-run", "--quiet", "all"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    dag = time.perf_counter() - begin
    print(table.sort_values("wall_s", ascending=False).round(2).to_string(index=False))
    total, startup = table["wall_s"].sum(), table["startup_s"].sum()
    print(f"\n{table['jobs'].sum()} jobs: {total:.0f} s in all, {startup:.0f} s of it start-up")
    print(f"Snakemake's own start: {dag:.1f} s")
    print(f"share of start-up: {(startup + dag) / (total + dag):.0%}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
