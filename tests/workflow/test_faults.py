"""Disks that are full or read-only, clocks that differ, inputs that change: docs/reliability.md."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import nibabel as nib
import pandas as pd
import pytest
import yaml

from reliability import kills
from support.workflow import BIN, TINY, Workflow, copy_of
from voxplain.run.fingerprints import file_sha256

pytestmark = pytest.mark.slow

VOLUMES = "results/tiny/volumes/volumes.npy"


@contextlib.contextmanager
def small_disk(folder, options):
    """Put a file system of its own at `folder` while the block runs."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting needs privileges that this machine does not give")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def with_wheels(tiny, folder):
    """A workflow that has its atlas wheels already."""
    shutil.copytree(tiny.path("wheels"), folder / "results" / "wheels", copy_function=os.link)
    return Workflow(folder, TINY)


def test_a_full_disk_stops_the_run_by_name_and_room_lets_it_go_on(tiny, tmp_path):
    workflow = with_wheels(tiny, tmp_path)
    run = workflow.path("tiny")
    with small_disk(run, "size=1200k"):
        failed = workflow(VOLUMES)
        assert failed.returncode != 0
        assert "StorageError: results/tiny/" in failed.stdout
        assert "No space left on device" in failed.stdout
        subprocess.run(["mount", "-o", "remount,size=100m", str(run)], check=True)
        done = workflow(VOLUMES)
        assert done.returncode == 0, done.stdout[-4000:]
        assert file_sha256(tmp_path / VOLUMES) == file_sha256(tiny.folder / VOLUMES)
        assert not list(run.rglob(".tmp-*"))


def test_read_only_results_are_named_before_anything_is_computed(tiny, tmp_path):
    workflow = with_wheels(tiny, tmp_path)
    with small_disk(workflow.path("tiny"), "ro"):
        failed = workflow(VOLUMES)
    assert failed.returncode != 0
    assert re.search("results/tiny.*Read-only file system", failed.stdout)
    assert "localrule" not in failed.stdout


def test_a_full_tmp_is_not_needed(finished, tmp_path, monkeypatch):
    workflow = copy_of(finished, tmp_path / "run")
    targets = ("results/tiny/tables/table3.tsv", "results/tiny/atlases/mori.nii.gz")
    names = (*targets, "results/tiny/attribution/grad_cam/fold-01/maps.npy")
    expected = {name: file_sha256(workflow.folder / name) for name in names}
    with small_disk(tmp_path / "tmp", "size=4k"):
        with contextlib.suppress(OSError):
            (tmp_path / "tmp" / "full").write_bytes(bytes(8192))
        monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
        (workflow.folder / names[2]).unlink()
        for target in targets:  # the atlas last, whose new time would have all done again
            (workflow.folder / target).unlink()
            done = workflow(target)
            assert done.returncode == 0, done.stdout[-4000:]
    assert {name: file_sha256(workflow.folder / name) for name in names} == expected


def test_a_study_without_marked_voxels_goes_on_after_a_kill(finished, tmp_path):
    workflow = copy_of(finished, tmp_path)
    table = workflow.path("tiny", "evaluation/roar/grad_cam/fold-01.tsv")
    target = str(table.relative_to(workflow.folder))
    done = workflow(target)
    assert done.returncode == 0, done.stdout[-4000:]
    expected = table.read_bytes()
    assert [path.name for path in table.parent.iterdir()] == [table.name]
    table.unlink()
    run = kills.start(workflow, target)
    first = table.with_name("fold-01_checkpoint.pt")  # of two networks
    while run.poll() is None and not first.exists():
        time.sleep(0.05)
    for script in kills.victims(run).get("script", []):
        script.terminate()
    assert run.wait() != 0
    assert first.exists()
    assert not table.exists()
    done = workflow(target)
    assert done.returncode == 0, done.stdout[-4000:]
    log = workflow.path("tiny", "logs/roar_fold/grad_cam/fold-01.log").read_text()
    assert "Resuming after epoch" in log
    assert table.read_bytes() == expected
    assert [path.name for path in table.parent.iterdir()] == [table.name]


def test_a_fast_clock_costs_work_but_changes_nothing(finished, tmp_path):
    """One fold's results and the volumes as of a node whose clock is an hour ahead."""
    workflow = copy_of(finished, tmp_path)
    table = "results/tiny/tables/table1.tsv"
    expected = file_sha256(workflow.folder / table)
    for path in (workflow.folder / VOLUMES, *workflow.path("tiny").glob("*/fold-01/*")):
        stat = path.stat()
        os.utime(path, (stat.st_atime, stat.st_mtime + 3600))
    done = workflow(table)
    assert done.returncode == 0, done.stdout[-4000:]
    assert file_sha256(workflow.folder / table) == expected
    assert "Nothing to be done" in workflow(table).stdout


@pytest.fixture
def users_study(tiny, tmp_path):
    """The synthetic images as a user's table and files."""
    source = tmp_path / "data"
    shutil.copytree(tiny.path("tiny", "cohort", "source"), source)
    table = pd.read_csv(source / "participants.tsv", sep="\t")
    table["sex"] = table["label"].map({1: "M", 0: "F"})
    table[["participant_id", "sex", "image"]].to_csv(source / "mine.tsv", sep="\t", index=False)
    layout = {"participants": "mine.tsv", "image": "{image}", "negative": "F", "positive": "M"}
    config = TINY | {
        "cohort_root": str(source),
        "atlases": [],
        "cohort": {"layout": "table", "space": "native", "table": layout},
    }
    return source, Workflow(tmp_path, yaml.safe_load(json.dumps(config)))


def test_an_input_that_changes_during_the_run_is_told_and_read_again(users_study):
    source, workflow = users_study
    image = next(iter(sorted((source / "images").rglob("*.nii.gz"))))
    run = subprocess.Popen(
        workflow.command(VOLUMES),
        cwd=workflow.folder,
        env=os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    last_read = workflow.path("tiny", "cohort", "read", "batch-01.tsv")
    while run.poll() is None and not last_read.exists():
        time.sleep(0.05)
    replacement = source / "replacement.nii.gz"
    shutil.copy(sorted((source / "images").rglob("*.nii.gz"))[-1], replacement)
    os.utime(replacement, (0, 0))  # older than any result
    replacement.replace(image)
    output = run.communicate()[0]
    assert run.returncode == 0, output[-4000:]
    assert "Inputs changed while the run read them" in output
    again = workflow(VOLUMES)
    assert "downsample" in again.stdout
    assert "Inputs changed" not in again.stdout


def replace_by_an_older_file(path, content):
    path.write_bytes(content)
    os.utime(path, (0, 0))


def test_an_atlas_replaced_by_an_older_file_is_read_again(users_study, tiny, tmp_path):
    _, workflow = users_study
    image, names = (
        shutil.copy(tiny.path("tiny", "atlases", f"mori.{kind}"), tmp_path)
        for kind in ("nii.gz", "tsv")
    )
    config = yaml.safe_load(workflow.configfile.read_text())
    config["atlases"] = [{"name": "own", "image": image, "labels": names}]
    workflow = Workflow(tmp_path, config)
    read = "results/tiny/atlases/own.tsv"
    assert workflow(read).returncode == 0
    assert "Nothing to be done" in workflow(read).stdout
    replace_by_an_older_file(Path(names), Path(names).read_bytes().replace(b"Fornix", b"Renamed"))
    again = workflow(read)
    assert again.returncode == 0, again.stdout[-4000:]
    assert b"Renamed" in (workflow.folder / read).read_bytes()


def test_a_reference_replaced_by_an_older_file_is_read_again(users_study):
    source, workflow = users_study
    config = yaml.safe_load(workflow.configfile.read_text())
    config["registration"] = {"method": "transforms", "transform": "to.mat", "reference": "ref.nii"}
    (source / "to.mat").write_text("1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n")
    image = nib.load(next((source / "images").rglob("*.nii.gz")))
    (source / "ref.nii").write_bytes(image.to_bytes())
    workflow = Workflow(workflow.folder, config)
    grid = "results/tiny/volumes/batches/batch-00_grid.json"
    done = workflow(grid)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "Nothing to be done" in workflow(grid, "--dry-run").stdout
    replace_by_an_older_file(source / "ref.nii", image.to_bytes() + bytes(2))
    assert "downsample" in workflow(grid, "--dry-run").stdout


def test_a_table_replaced_by_an_older_file_is_read_again(users_study):
    source, workflow = users_study
    participants = "results/tiny/cohort/read/participants.tsv"
    assert workflow(participants).returncode == 0
    table = pd.read_csv(source / "mine.tsv", sep="\t")
    fewer = table.iloc[:-2].to_csv(sep="\t", index=False)
    replace_by_an_older_file(source / "mine.tsv", fewer.encode())
    assert workflow(participants).returncode == 0
    assert len(pd.read_csv(workflow.folder / participants, sep="\t")) == len(table) - 2
