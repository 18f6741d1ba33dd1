"""Kill a run at random moments, run it again, and compare its results with an uninterrupted run's.

    python tests/reliability/kills.py --kills 50 --folder /tmp/kills

runs the tiny study once undisturbed and once under fire: SIGKILL to the main Snakemake, to a script
or to a child between them, whichever lives at the moment. Nothing but the same command is ever
given again. A study that finishes before all kills are spent is removed and begun anew.
"""

import argparse
import collections
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.workflow import BIN, TINY, Workflow
from voxplain.run.fingerprints import file_sha256
from voxplain.run.manifest import is_timed, results_of


def start(workflow, *targets):
    """Start the run in the background; its words go to run.log of its folder."""
    with open(workflow.folder / "run.log", "ab") as log:
        return subprocess.Popen(
            workflow.command(*targets),
            cwd=workflow.folder,
            env=os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"},
            stdout=log,
            stderr=log,
        )


def victims(engine):
    """Return the processes of a run by kind: engine, script, child."""
    alive = {"engine": [psutil.Process(engine.pid)], "script": [], "child": []}
    for process in alive["engine"][0].children(recursive=True):
        try:
            kind = "script" if ".snakemake/scripts/" in " ".join(process.cmdline()) else "child"
            alive["child" if process.name() == "bash" else kind].append(process)
        except psutil.NoSuchProcess:
            continue
    return {kind: processes for kind, processes in alive.items() if processes}


def at_work(engine):
    """Return whether a run has started jobs."""
    try:
        return len(victims(engine)) > 1
    except psutil.NoSuchProcess:
        return False


def fire(engine, rng, counts):
    """Kill one process of the run; return its kind, or None if it was gone by then.

    The kind is one of those alive that were killed least so far: a few kills reach them all.
    """
    try:
        alive = victims(engine)
        least = min(counts[kind] for kind in alive)
        kind = rng.choice(sorted(kind for kind in alive if counts[kind] == least))
        rng.choice(alive[kind]).kill()
    except psutil.NoSuchProcess:
        return None
    if kind == "engine":
        engine.wait()
    return kind


def differences(folder, reference):
    """Return the results that two runs do not share byte for byte, those with run times apart."""
    names = set(results_of(folder)) | set(results_of(reference))
    return sorted(
        name
        for name in names
        if not is_timed(name)
        and (
            not all((run / name).is_file() for run in (folder, reference))
            or file_sha256(folder / name) != file_sha256(reference / name)
        )
    )


def under_fire(workflow, kills, mean_seconds, rng, *targets):
    """Run under fire until `kills` are spent, then undisturbed to the end.

    Returns
    -------
    counts : collections.Counter
        Kills by kind, and `starts`: how often the command was given.
    """
    counts = collections.Counter()
    run = workflow.folder / "results" / TINY["run"]
    engine = None
    while counts.total() - counts["starts"] < kills:
        if engine is None or engine.poll() is not None:
            if engine is not None and engine.returncode == 0:
                shutil.rmtree(run)
            engine = start(workflow, *targets)
            counts["starts"] += 1
        while engine.poll() is None and not at_work(engine):
            time.sleep(0.1)  # before its first job a run has nothing to lose
        time.sleep(rng.uniform(0, 2 * mean_seconds))
        if engine.poll() is None and (kind := fire(engine, rng, counts)):
            counts[kind] += 1
    engine.wait()
    while engine.returncode != 0 and counts["starts"] < 2 * kills + 2:
        engine = start(workflow, *targets)
        counts["starts"] += 1
        engine.wait()
    if engine.returncode:
        raise RuntimeError((workflow.folder / "run.log").read_text()[-4000:])
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--mean-seconds", type=float, default=8.0, help="between two kills")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="kept; holds reference/ and killed/")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="kills-"))
    workflows = {}
    for name in ("reference", "killed"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        workflows[name] = Workflow(folder / name, TINY)
    if start(workflows["reference"]).wait():
        sys.exit("the undisturbed run failed, see " + str(folder / "reference" / "run.log"))
    begin = time.monotonic()
    counts = under_fire(
        workflows["killed"], options.kills, options.mean_seconds, random.Random(options.seed)
    )
    killed, reference = (workflows[name].path(TINY["run"]) for name in ("killed", "reference"))
    differing = differences(killed, reference)
    n = sum(not is_timed(name) for name in results_of(reference))
    print(f"{dict(counts)} in {time.monotonic() - begin:.0f} s")
    print(f"{n - len(differing)} of {n} results byte-identical; differing: {differing}")
    sys.exit(bool(differing))


if __name__ == "__main__":
    main()
