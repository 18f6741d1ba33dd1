"""More threads than cores: the same bytes. One core and two: see test_kills.py."""

import pytest

from support.workflow import TINY, copy_of
from voxplain.run.files import read_json
from voxplain.run.fingerprints import file_sha256

pytestmark = pytest.mark.slow


def test_more_threads_than_cores_give_the_same_bytes(finished, tmp_path):
    """Snakemake gives a job at most as many threads as it has cores: the job takes its own."""
    names = ("cnn/fold-01/model.pt", "logistic_regression/fold-01/predictions.tsv")
    digests = {}
    for cores in (1, 2):
        workflow = copy_of(finished, tmp_path / str(cores), TINY | {"threads": 2}, cores)
        done = workflow(*(f"results/tiny/{name}" for name in names))
        assert done.returncode == 0, done.stdout[-4000:]
        run = workflow.path("tiny")
        assert "2 thread(s)" in read_json(run / "cnn/fold-01/metrics.json")["device"]
        digests[cores] = [file_sha256(run / name) for name in names]
    assert digests[1] == digests[2]
