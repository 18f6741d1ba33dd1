"""Whatever is killed, the same command again ends in the same bytes (50 kills: see docs)."""

import random

import pytest

from reliability import kills
from support.workflow import TINY, Workflow
from voxplain.run.fingerprints import file_sha256
from voxplain.run.manifest import is_timed, results_of

pytestmark = pytest.mark.slow


def test_a_run_under_fire_ends_in_the_same_bytes(tiny, tmp_path):
    workflow = Workflow(tmp_path, TINY)
    targets = [
        "results/tiny/tables/accuracy.tsv",
        "results/tiny/attribution/grad_cam/group/maps.npy",
    ]
    counts = kills.under_fire(workflow, 5, 4.0, random.Random(1), *targets)
    assert set(counts) > {"engine", "starts"}
    names = [name for name in results_of(workflow.path("tiny")) if not is_timed(name)]
    assert {"tables/accuracy.tsv", "cnn/fold-01/model.pt", "volumes/volumes.npy"} <= set(names)
    for name in names:
        expected = tiny.path("tiny", name)
        assert file_sha256(workflow.path("tiny", name)) == file_sha256(expected), name
    assert not list(workflow.path("tiny").rglob(".tmp-*"))
    assert not list(workflow.path("tiny").rglob("checkpoint.pt"))
