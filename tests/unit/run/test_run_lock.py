"""One engine per folder, whatever became of the one before, and no job without its engine."""

import os
import signal
import subprocess
import sys
import time

import pytest

from voxplain.errors import RunLockError
from voxplain.run import lock

HOLD = "import sys, time; from voxplain.run import lock; lock.hold(sys.argv[1], patience=0.5)"
# A job under a shell of its own, as Snakemake starts it.
JOB = 'import time; from voxplain.run import lock; lock.join(); print("in", flush=True)'
SLEEP = "; time.sleep(60)"


def engine(folder, code):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("VOXPLAIN_")}
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def run(tmp_path):
    """An engine that has started one job through a shell, and sleeps."""
    start = f"""
import os, subprocess
os.environ.update(VOXPLAIN_RUN=sys.argv[1], VOXPLAIN_ENGINE=str(os.getpid()))
job = subprocess.Popen(
    ["bash", "-c", '"$0" -c "$1"; true', sys.executable, {JOB + SLEEP!r}],
    stdout=subprocess.PIPE, text=True)
print(job.stdout.readline().strip(), flush=True)
time.sleep(60)
"""
    process = engine(tmp_path, HOLD + start)
    assert process.stdout.readline() == "in\n"
    yield process
    process.kill()
    process.wait()


def test_a_second_engine_is_refused_by_name(run, tmp_path):
    with pytest.raises(RunLockError, match=f"is locked by another run .process {run.pid} on"):
        lock.hold(tmp_path)


def test_after_a_kill_the_jobs_end_and_the_next_engine_starts(run, tmp_path):
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / ".tmp-7-half.tsv").write_text("ha")
    run.send_signal(signal.SIGKILL)  # not waited for: a dead engine that nobody has reaped is dead
    time.sleep(0.1)
    done = engine(tmp_path, HOLD.replace("0.5", "20") + "; print('held')")
    out, err = done.communicate(timeout=30)
    assert out == "held\n", err
    assert not list(tmp_path.rglob(".tmp-*"))


def test_a_job_that_outlives_its_engine_is_waited_for_and_named(tmp_path):
    job = subprocess.Popen(
        [sys.executable, "-c", JOB + SLEEP],
        env=os.environ | {"VOXPLAIN_RUN": str(tmp_path), "VOXPLAIN_ENGINE": str(os.getpid())},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert job.stdout.readline() == "in\n"
        failed = engine(tmp_path, HOLD)
        assert "jobs of an earlier run are still running" in failed.communicate(timeout=30)[1]
    finally:
        job.kill()
        job.wait()


def test_a_job_whose_engine_is_gone_does_not_start(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    job = subprocess.run(
        [sys.executable, "-c", JOB],
        env=os.environ | {"VOXPLAIN_RUN": str(tmp_path), "VOXPLAIN_ENGINE": str(gone.pid)},
        capture_output=True,
        check=False,
    )
    assert job.returncode == -signal.SIGKILL
    assert job.stdout == b""


def test_a_job_ends_with_the_shell_that_started_it(tmp_path):
    shell = subprocess.Popen(
        ["bash", "-c", '"$0" -c "$1"; true', sys.executable, JOB + SLEEP],
        env=os.environ | {"VOXPLAIN_RUN": str(tmp_path), "VOXPLAIN_ENGINE": str(os.getpid())},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert shell.stdout.readline() == "in\n"
    shell.kill()
    shell.wait()
    assert shell.stdout.read() == ""  # ends when the job, the pipe's last holder, has ended


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RunLockError, match="is not writable"):
        lock.hold(tmp_path / "file" / "run")


def test_folders_of_killed_writers_are_removed(tmp_path):
    (tmp_path / "volumes" / ".tmp-x").mkdir(parents=True)
    (tmp_path / "volumes" / ".tmp-x" / "0GenericAffine.mat").touch()
    assert engine(tmp_path, HOLD).wait() == 0
    assert list((tmp_path / "volumes").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("late.tsv", "has a modification time in the future"),
        (".tmp-7-x.tsv", "was left by a writer"),
    ],
)
def test_files_of_another_user_are_named_with_a_remedy(tmp_path, monkeypatch, name, problem):
    def refuse(*_, **__):
        raise PermissionError(1, "Operation not permitted")

    (tmp_path / name).touch()
    os.utime(tmp_path / name, (0, time.time() + 3600))
    monkeypatch.setattr("os.utime", refuse)  # root, who runs these tests in CI, may do all of it
    monkeypatch.setattr("os.unlink", refuse)
    with pytest.raises(RunLockError, match=rf"{name} {problem}.*ask them to touch or remove it"):
        lock._tidy(tmp_path)


def test_files_from_the_future_become_present(tmp_path):
    for name, hours in (("early", -1), ("late", 1)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (0, time.time() + 3600 * hours))
    before = (tmp_path / "early").stat().st_mtime
    assert engine(tmp_path, HOLD).wait() == 0
    assert (tmp_path / "early").stat().st_mtime == before
    assert (tmp_path / "late").stat().st_mtime <= time.time()
