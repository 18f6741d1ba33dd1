"""Commands that the report and the checklist print can be given as they stand there."""

import html
import re
import shlex
import subprocess

import pandas as pd
import pytest
from snakemake.cli import parse_args

from support.places import ROOT
from support.workflow import BIN
from voxplain.claims.table import claims_table
from voxplain.plan.targets import STUDY_TABLES
from voxplain.report import RunResults, render_report
from voxplain.run.config import read_config
from voxplain.run.tables import ResultTables


@pytest.fixture(scope="module")
def commands():
    """Those of the demo's page as long as no study has been asked for."""
    people = {"participant_id": ["sub-001"], "class_name": "men", "family_id": None}
    claims = claims_table(ResultTables(), ("women", "men"), False)
    claims.loc[0, "kan2020"] = "in this run: 1"  # no run of the paper's protocol is there
    results = RunResults(
        run="demo",
        config=read_config([ROOT / "config.yaml"]),
        participants=pd.DataFrame(people).assign(age=30.0, tiv=1400.0),
        claims=claims,
    )
    page = html.unescape(render_report(results))
    printed = re.findall(r"<code>snakemake (.*?)</code>", page)
    printed += re.findall(r"here: snakemake (\w+)", page)
    return [shlex.split(command) for command in printed]


@pytest.fixture
def plan(tmp_path):
    """Give a command, dry, in a folder that is like a checkout."""
    for name in ("Snakefile", "workflow", "profiles", "src", "config.yaml"):
        (tmp_path / name).symlink_to(ROOT / name)

    def planned(words):
        return subprocess.run(
            [BIN / "snakemake", *words, "--dry-run"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    return planned


def test_each_has_cores_to_run_on(commands):
    assert len(commands) > 12
    profile = ["--workflow-profile", str(ROOT / "profiles" / "default")]
    for command in commands:
        assert parse_args([*profile, *command])[1].cores, command


@pytest.mark.slow
def test_all_targets_can_be_planned(commands, plan):
    targets = {command[0] for command in commands if len(command) == 1}
    assert targets >= {"learning", "seeds", "roar", "results/demo/participants/sub-001.html"}
    done = plan(sorted(targets))
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.slow
def test_the_papers_protocol_and_another_cohort_can_be_asked_for(commands, plan):
    (protocol,) = (command for command in commands if command[0] == "--configfile")
    done = plan(protocol)
    assert done.returncode == 0, done.stdout[-4000:]
    assert protocol[-1] == "run=demo_kan2020"  # the name that the demo looks for
    for command in commands:
        if "other_run=NAME" in command:
            assert "'NAME' is not another finished run" in plan(command).stdout


def test_the_checklist_tells_how_to_make_what_a_default_run_lacks():
    text = (ROOT / "docs" / "howto" / "reviewer-checklist.md").read_text()
    named = [name for name in re.findall(r"`(\w+)\.tsv`", text) if name in STUDY_TABLES]
    assert set(named) >= {"seeds", "external", "shuffled", "learning", "roar", "ablation"}
    for name in named:
        assert re.search(rf"`{name}\.tsv`\s+\(`snakemake\s+{name}\b", text), name
