"""Run the DAG on a tiny cohort, once for all tests, and let them look at it."""

import fcntl

import pytest

from support.workflow import TINY, Workflow, copy_of, recording


@pytest.fixture(scope="session")
def finished(tmp_path_factory, worker_id):
    """A finished run of the tiny cohort, the same for all processes of the tests: only to look at.

    The first process that wants it runs it on two cores; the others wait. The file
    ``imports.jsonl`` in its folder says what its jobs have imported.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "finished"
    folder.mkdir(exist_ok=True)
    with open(folder.with_suffix(".lock"), "a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        workflow = Workflow(folder, TINY)
        if not lock.read():
            workflow.surroundings = recording(folder / "imports.jsonl")
            done = workflow()
            workflow.surroundings = {}
            assert done.returncode == 0, done.stdout[-8000:]
            lock.write("finished")
    return workflow


@pytest.fixture(scope="session")
def tiny(finished, tmp_path_factory):
    """A copy of the finished run for the tests of this process, to work in."""
    return copy_of(finished, tmp_path_factory.mktemp("tiny"))
