"""Every job has a GPU of its own."""

import os
import subprocess
import sys

import pytest

from voxplain import devices

JOB = """
import sys, time
from voxplain.devices import lease
print(lease(sys.argv[2:], sys.argv[1]), flush=True)
time.sleep(60)
"""


def job(folder, *names):
    return subprocess.Popen(
        [sys.executable, "-c", JOB, str(folder), *names], stdout=subprocess.PIPE, text=True
    )


def test_two_jobs_take_two_devices_and_a_third_waits_for_one(tmp_path):
    jobs = [job(tmp_path, "3", "GPU-abc") for _ in range(2)]
    try:
        places = [int(one.stdout.readline()) for one in jobs]
        assert sorted(places) == [0, 1]
        jobs.append(job(tmp_path, "3", "GPU-abc"))
        assert jobs[2].stdout.readline() == "waiting for one of the GPUs 3, GPU-abc\n"
        jobs[1].kill()
        assert int(jobs[2].stdout.readline()) == places[1]
    finally:
        for one in jobs:
            one.kill()
            one.wait()


def test_the_same_device_under_another_order_is_the_same_device(tmp_path):
    first = job(tmp_path, "0", "1")
    try:
        assert first.stdout.readline() == "0\n"
        assert devices.lease(["1", "0"], tmp_path) == 0
    finally:
        first.kill()
        first.wait()


def test_a_single_device_is_not_asked_for(tmp_path):
    assert devices.lease(["0"], tmp_path) == devices.lease(["0"], tmp_path) == 0
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("listed", "count", "names"),
    [(None, 2, ["0", "1"]), ("2,3", 2, ["2", "3"]), ("GPU-a, GPU-b", 2, ["GPU-a", "GPU-b"])],
)
def test_devices_are_called_what_cuda_calls_them(monkeypatch, listed, count, names):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if listed is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", listed)
    assert devices.visible_names(count) == names
