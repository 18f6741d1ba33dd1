"""Whatever is killed, on however many cores: the same bytes in the end (50 kills: see docs)."""

import random

import pytest

from reliability import kills
from support.workflow import TINY, Workflow
from voxplain.run.manifest import is_timed, results_of

pytestmark = pytest.mark.slow


def test_a_run_under_fire_on_one_core_ends_in_the_bytes_of_one_on_two(finished, tmp_path):
    workflow = Workflow(tmp_path, TINY, cores=1)
    counts = kills.under_fire(workflow, 5, 8.0, random.Random(1))
    assert set(counts) > {"engine", "starts"}
    run = workflow.path("tiny")
    assert len([name for name in results_of(run) if not is_timed(name)]) > 200
    assert kills.differences(run, finished.path("tiny")) == []
    assert not list(run.rglob(".tmp-*"))
    assert not list(run.rglob("checkpoint.pt"))
