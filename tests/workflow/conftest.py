"""Run the DAG on a tiny cohort, once per session, and let tests look at it."""

import pytest

from support.workflow import TINY, WORKER, Workflow, recording
from voxplain.run.atomic import write_bytes


@pytest.fixture(scope="session")
def tiny_manifests(tmp_path_factory):
    """Where each process of these tests leaves the manifest of its tiny run: common to all."""
    return tmp_path_factory.getbasetemp().parent / "manifests" if WORKER else None


@pytest.fixture(scope="session")
def tiny(tmp_path_factory, tiny_manifests):
    """A finished run of the tiny cohort; the second process of `make test` gives it one core.

    The file ``imports.jsonl`` in its folder says what its jobs have imported.
    """
    cores = 1 if WORKER == "gw1" else 2
    workflow = Workflow(tmp_path_factory.mktemp("tiny"), TINY, cores)
    workflow.surroundings = recording(workflow.folder / "imports.jsonl")
    done = workflow()
    workflow.surroundings = {}
    assert done.returncode == 0, done.stdout[-8000:]
    if tiny_manifests:
        write_bytes(tiny_manifests / WORKER, workflow.path("tiny", "manifest.tsv").read_bytes())
    return workflow
