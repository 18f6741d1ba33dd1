"""One job after another or several at once: two clean runs give the same bytes."""

import pytest

from reliability import kills
from support.workflow import TINY, Workflow, copy_of
from voxplain.run.files import read_json
from voxplain.run.fingerprints import file_sha256
from voxplain.run.manifest import is_timed, results_of

pytestmark = pytest.mark.slow


def test_one_core_and_two_give_the_same_bytes(finished, tmp_path):
    alone = Workflow(tmp_path, TINY, cores=1)
    done = alone()
    assert done.returncode == 0, done.stdout[-8000:]
    run, reference = alone.path("tiny"), finished.path("tiny")
    assert len([name for name in results_of(run) if not is_timed(name)]) > 200
    assert kills.differences(run, reference) == []


def test_more_threads_than_cores_give_the_same_bytes(finished, tmp_path):
    """Snakemake gives a job at most as many threads as it has cores: the job takes its own."""
    names = ("cnn/fold-01/model.pt", "logistic_regression/fold-01/predictions.tsv")
    found = {}
    for cores in (1, 2):
        workflow = copy_of(finished, tmp_path / str(cores), TINY | {"threads": 2}, cores)
        done = workflow(*(f"results/tiny/{name}" for name in names))
        assert done.returncode == 0, done.stdout[-4000:]
        run = workflow.path("tiny")
        assert "2 thread(s)" in read_json(run / "cnn/fold-01/metrics.json")["device"]
        found[cores] = [file_sha256(run / name) for name in names]
    assert found[1] == found[2]
