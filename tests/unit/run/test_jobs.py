"""Logs, files, seeds and the device: what every job uses."""

import os
import resource
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch

from voxplain.errors import ConfigError, ImageError, StorageError
from voxplain.network.device import prepare_device
from voxplain.run import files
from voxplain.run.logs import Progress, job_log
from voxplain.run.paths import RunPaths, fold_names
from voxplain.run.seeds import stream_seed


def test_a_users_error_ends_the_job_without_a_traceback(tmp_path, capfd):
    log = tmp_path / "logs" / "job.log"
    with pytest.raises(SystemExit) as end, job_log(log):
        print("working")
        raise ImageError("sub-01: scan.nii.gz is truncated")
    assert end.value.code == 1
    text = log.read_text()
    assert text.startswith("working")
    assert "ImageError: sub-01: scan.nii.gz is truncated" in text
    assert "Traceback" not in text


def test_an_interruption_says_how_to_go_on(tmp_path, capfd):
    with pytest.raises(SystemExit) as end, job_log(tmp_path / "job.log"):
        raise KeyboardInterrupt
    assert end.value.code == 130
    assert "Run the same command again to resume." in capfd.readouterr().err
    assert "Traceback" not in (tmp_path / "job.log").read_text()


def test_a_defect_keeps_its_traceback(tmp_path):
    with pytest.raises(ZeroDivisionError), job_log(tmp_path / "job.log"):
        1 / 0  # noqa: B018
    assert "Traceback" in (tmp_path / "job.log").read_text()


def test_progress_is_told_at_the_end_and_not_too_often(capsys):
    progress = Progress("maps", every=1000)
    for done in range(1, 6):
        progress(done, 5)
    assert capsys.readouterr().out.splitlines() == ["maps: 1 of 5", "maps: 5 of 5"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "table.tsv"
    files.write_text(path, "old")
    with pytest.raises(RuntimeError), files.atomic_path(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["table.tsv"]


def test_a_full_disk_names_the_file_and_the_remedy(tmp_path):
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limit[1]))
    try:
        with pytest.raises(
            StorageError, match=r"maps\.npy cannot be written: File too large; free"
        ):
            files.write_array(tmp_path / "maps.npy", np.zeros(1000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, before)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("allocate", [np.empty, torch.empty])
def test_a_job_without_memory_says_so(tmp_path, allocate):
    with pytest.raises(SystemExit), job_log(tmp_path / "job.log"):
        allocate(2**58)
    text = (tmp_path / "job.log").read_text()
    assert "out of memory: " in text
    assert "allocate" in text
    assert "Traceback" not in text


GREEDY = """
import sys
import numpy as np
from voxplain.run.logs import job_log
with job_log(sys.argv[1]):
    np.ones(2**27)  # 1 GB
"""


@pytest.mark.parametrize(("megabytes", "status"), [(4000, 0), (600, 1)])
def test_a_job_over_its_memory_limit_says_so(tmp_path, megabytes, status):
    """A limit as `ulimit -v` sets it, and as clusters without cgroups do."""
    command = f'ulimit -v {megabytes * 1000}; exec "$@"'
    log = tmp_path / "job.log"
    done = subprocess.run(
        ["bash", "-c", command, "bash", sys.executable, "-c", GREEDY, str(log)],
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status
    expected = "out of memory: Unable to allocate 1.00 GiB" if status else "peak memory: 1"
    assert expected in log.read_text()
    assert "Traceback" not in done.stderr


def test_tables_keep_identifiers_and_missing_values(tmp_path):
    table = pd.DataFrame({"participant_id": ["007", "8"], "age": [1.5, np.nan]})
    files.write_table(tmp_path / "t.tsv", table)
    assert (tmp_path / "t.tsv").read_text() == "participant_id\tage\n007\t1.5\n8\tn/a\n"
    back = files.read_table(tmp_path / "t.tsv")
    assert back["participant_id"].tolist() == ["007", "8"]
    assert back["age"].isna().tolist() == [False, True]


def test_arrays_and_json_come_back(tmp_path):
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    files.write_array(tmp_path / "a.npy", array)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), array)
    files.write_json(tmp_path / "a.json", {"name": "Ångström", "shape": [1, 2]})
    assert files.read_json(tmp_path / "a.json") == {"name": "Ångström", "shape": [1, 2]}


def test_streams_differ_by_name_and_repeat():
    assert stream_seed(1, "training", "01") == stream_seed(1, "training", "01")
    seeds = {stream_seed(s, *n) for s in (1, 2) for n in (("a",), ("b",), ("a", "b"), ("ab",))}
    assert len(seeds) == 8


def test_a_gpu_that_is_not_there_is_an_error(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match="gpu: 1"):
        prepare_device(gpus=1)


def test_preparing_torch_asks_for_determinism_without_importing_its_compiler():
    code = (
        "import sys, torch; from voxplain.network.device import prepare_device; prepare_device(); "
        "assert torch.are_deterministic_algorithms_enabled(); "
        "assert not torch.is_deterministic_algorithms_warn_only_enabled(); "
        "assert 'torch._inductor' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_paths_are_below_the_run():
    paths = RunPaths("mine")
    assert fold_names(10)[-1] == "10"
    assert paths.report == "results/mine/report.html"
    assert paths.table("table1") == "results/mine/tables/table1.tsv"
    assert paths.figure("fig2a")[1] == "results/mine/figures/fig2a.svg"
