"""Every job has a GPU of its own."""

import os
import re
import subprocess
import sys

import pytest
import torch

from voxplain.errors import StorageError
from voxplain.network import gpu_lease

JOB = """
import sys, time
from pathlib import Path
from voxplain.network.gpu_lease import lease
print(lease(sys.argv[2:], Path(sys.argv[1])), flush=True)
time.sleep(60)
"""


def job(folder, *names):
    return subprocess.Popen(
        [sys.executable, "-c", JOB, str(folder), *names], stdout=subprocess.PIPE, text=True
    )


def test_two_jobs_take_two_devices_and_a_third_waits_for_one(tmp_path):
    jobs = [job(tmp_path, "3", "GPU-abc") for _ in range(2)]
    try:
        places = [int(process.stdout.readline()) for process in jobs]
        assert sorted(places) == [0, 1]
        jobs.append(job(tmp_path, "3", "GPU-abc"))
        assert jobs[2].stdout.readline() == "waiting for one of the GPUs 3, GPU-abc\n"
        jobs[1].kill()
        assert int(jobs[2].stdout.readline()) == places[1]
    finally:
        for process in jobs:
            process.kill()
            process.wait()


def test_the_same_device_under_another_order_is_the_same_device(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu_lease, "_leases", {})
    first = job(tmp_path, "0", "1")
    try:
        assert first.stdout.readline() == "0\n"
        assert gpu_lease.lease(["1", "0"], tmp_path) == 0
    finally:
        first.kill()
        first.wait()


def test_a_single_device_is_leased_too_unless_slurm_gave_it(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu_lease, "_leases", {})
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    first = job(tmp_path, "GPU-abc")
    try:
        assert first.stdout.readline() == "0\n"
        second = job(tmp_path, "GPU-abc")
        assert second.stdout.readline() == "waiting for one of the GPUs GPU-abc\n"
        second.kill()
        second.wait()
        monkeypatch.setenv("SLURM_JOB_ID", "7")
        assert gpu_lease.lease(["GPU-abc"], tmp_path) == 0
    finally:
        first.kill()
        first.wait()


def test_a_job_keeps_the_device_that_it_has(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu_lease, "_leases", {})
    assert gpu_lease.lease(["a", "b"], tmp_path) == gpu_lease.lease(["a", "b"], tmp_path) == 0
    assert gpu_lease.lease(["b", "a"], tmp_path) == 1


def test_the_locks_lie_where_every_job_looks_whatever_its_temporary_folder():
    show = "from voxplain.network import gpu_lease; print(gpu_lease._FOLDER)"
    folders = {
        subprocess.run(
            [sys.executable, "-c", show],
            env=os.environ | {"TMPDIR": folder},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for folder in ("/tmp", "/dev/shm")
    }
    assert folders == {f"/var/tmp/voxplain-gpus-{os.getuid()}\n"}


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_devices_have_uuids():
    uuid = str(torch.cuda.get_device_properties(0).uuid)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", uuid)


def test_a_folder_that_cannot_hold_locks_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"file/a, .* cannot be created"):
        gpu_lease.lease(["a"], tmp_path / "file")
