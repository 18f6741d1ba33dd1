"""The command as a process: quick help, exit status, completion, no torch where none is needed."""

import subprocess
import sys
import time

import pytest

COMMAND = [sys.executable, "-m", "voxplain"]


def run(*arguments, **settings):
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, check=False, **settings
    )


def test_help_needs_nothing_heavy():
    code = (
        "import sys; from voxplain.cli import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('torch', 'numpy', 'pandas', 'nibabel', 'yaml') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    start = time.process_time_ns()
    assert run("--help").returncode == 0
    assert time.process_time_ns() - start < 1e9


@pytest.mark.parametrize("command", ["explain", "downsample", "overlap"])
def test_every_command_shows_examples(command):
    done = run(command, "--help")
    assert done.returncode == 0
    assert "Examples" in done.stdout
    assert f"voxplain {command}" in done.stdout


def test_exit_status_tells_the_input_from_the_usage(tmp_path):
    assert run("--version").returncode == 0
    assert run("fly").returncode == 2
    failed = run("downsample", "none.nii.gz", "--out", str(tmp_path))
    assert failed.returncode == 1
    assert failed.stderr.startswith("Error: none.nii.gz does not exist")
    assert failed.stdout == ""


def test_shells_complete_the_commands():
    import os

    words = {"COMP_WORDS": "voxplain do", "COMP_CWORD": "1", "_VOXPLAIN_COMPLETE": "complete_bash"}
    done = run(env=os.environ | words)
    assert done.stdout.split() == ["downsample"]
