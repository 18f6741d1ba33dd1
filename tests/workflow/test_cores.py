"""One job after another or several at once: two clean runs give the same bytes."""

import pandas as pd
import pytest

from reliability import kills
from support.workflow import TINY, WORKER, Workflow, copy_of
from voxplain.run.files import read_json
from voxplain.run.fingerprints import file_sha256
from voxplain.run.manifest import is_timed, results_of

pytestmark = pytest.mark.slow

# These rest on every stage up to the maps and their tables.
TABLES = ("accuracy", "agreement", "table2_brainnetome", "head_size")
FIGURES = ("fig2a.png", "fig2a.svg")


def test_one_core_and_two_give_the_same_bytes(tiny, tmp_path):
    alone = Workflow(tmp_path, TINY, cores=3 - tiny.cores)
    targets = [f"tables/{name}.tsv" for name in TABLES] + [f"figures/{name}" for name in FIGURES]
    done = alone(*(f"results/tiny/{name}" for name in targets))
    assert done.returncode == 0, done.stdout[-4000:]
    run, reference = alone.path("tiny"), tiny.path("tiny")
    made = {name for name in results_of(run) if not is_timed(name)}
    assert len(made) > 100
    assert made >= set(targets)
    assert made.isdisjoint(kills.differences(run, reference))


def test_all_results_are_those_of_the_other_process(tiny, tiny_manifests):
    """Of `make test`, whose two processes run the whole tiny study, on one core and on two."""
    if WORKER is None:
        pytest.skip("one process runs these tests, so that there is one tiny study (pytest -n 2)")
    tables = [pd.read_csv(path, sep="\t") for path in tiny_manifests.glob("gw*")]
    if len(tables) == 1:
        pytest.skip("the tests' other process has not run the tiny study yet")
    one, two = (table[~table["path"].map(is_timed)].reset_index(drop=True) for table in tables[:2])
    assert len(one) > 200
    assert one.equals(two)


def test_more_threads_than_cores_give_the_same_bytes(tiny, tmp_path):
    """Snakemake gives a job at most as many threads as it has cores: the job takes its own."""
    names = ("cnn/fold-01/model.pt", "logistic_regression/fold-01/predictions.tsv")
    found = {}
    for cores in (1, 2):
        workflow = copy_of(tiny, tmp_path / str(cores), TINY | {"threads": 2}, cores)
        done = workflow(*(f"results/tiny/{name}" for name in names))
        assert done.returncode == 0, done.stdout[-4000:]
        run = workflow.path("tiny")
        assert "2 thread(s)" in read_json(run / "cnn/fold-01/metrics.json")["device"]
        found[cores] = [file_sha256(run / name) for name in names]
    assert found[1] == found[2]
