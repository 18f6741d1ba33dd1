"""Profiles and images: Snakemake takes every line, and images hold the lock's pins."""

import os
import re
import shutil
import subprocess

import pytest
import yaml
from snakemake.cli import parse_args

from support.places import ROOT
from support.workflow import BIN, TINY

PROFILES = sorted(path.name for path in (ROOT / "profiles").iterdir())
PLUGINS = {
    "slurm": ["snakemake_executor_plugin_slurm"],
    "kubernetes": ["snakemake_executor_plugin_kubernetes", "snakemake_storage_plugin_s3"],
}
RULE = re.compile(r"^ *(?:use rule (\w+) as|rule|checkpoint) (\w+)(?::| with:)$", re.M)


def profile(name):
    return yaml.safe_load((ROOT / "profiles" / name / "config.yaml").read_text())


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_can_be_killed_and_goes_on(name):
    default, this = profile("default"), profile(name)
    shared = set(default) - {"resources", "cores"}
    assert {key: this[key] for key in shared} == {key: default[key] for key in shared}
    assert this["nolock"] is this["rerun-incomplete"] is True


def rule_files():
    """The text of the Snakefile and of all rules."""
    files = [ROOT / "Snakefile", *sorted((ROOT / "workflow" / "rules").glob("*.smk"))]
    return "\n".join(file.read_text() for file in files)


def rules():
    """Each rule's text and the rule that it is derived from, by its name."""
    text = rule_files()
    rules = list(RULE.finditer(text))
    ends = [match.start() for match in rules[1:]] + [len(text)]
    return {
        match[2]: (text[match.end() : end], match[1])
        for match, end in zip(rules, ends, strict=True)
    }


def network_rules():
    """Rules that ask for a GPU, and those that do the same to something else."""
    every = rules()
    asking = {name for name, (text, _) in every.items() if "gpu=config" in text}
    return asking | {name for name, (_, base) in every.items() if base in asking}


def local_rules():
    lists = re.findall(r"localrules:\s((?:\s+\w+,\n)+)", rule_files())
    return {rule for names in lists for rule in re.findall(r"\w+", names)}


def test_slurm_knows_every_rule_that_computes_with_the_network():
    names = network_rules()
    assert names >= {"train_cnn", "retrain_cnn", "grid_cnn", "check_network", "truth_point"}
    assert set(profile("slurm")["set-resources"]) == names


def test_rules_beside_snakemake_are_small_ones():
    local, every = local_rules(), rules()
    assert local <= set(every)
    assert not local & network_rules()
    assert {name for name, (_, base) in every.items() if base in local} <= local
    gathering = {name for name in every if name.endswith("_table")}
    assert gathering | {"roar", "learning", "repeats", "comparison"} <= local


def test_every_rule_that_computes_with_the_network_says_how_much_memory():
    others = {
        "truth_point": "MEMORY.of_study",
        "grid_cnn": "MEMORY.on_grid",
        "external_accuracy": "MEMORY.of_transfer",
    }
    every = rules()
    for name in network_rules():
        text, base = every[name]
        if base is None or "resources:" in text:  # else it has those of the rule it is derived from
            needed = others.get(name) or f'MEMORY.of("{name}")'
            assert f"mem_mb={needed}" in text


def command(name, *arguments):
    return [
        *(str(BIN / "snakemake"), *arguments, "--snakefile", str(ROOT / "Snakefile")),
        *("--workflow-profile", str(ROOT / "profiles" / name), "--quiet", "host"),
    ]


def said_by(tmp_path, command):
    study = TINY | {"evaluation": TINY["evaluation"] | {"grids": [[44, 52, 44]]}}
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(study))
    configuration = ["--configfile", str(ROOT / "config.yaml"), "tiny.yaml", "--config", "gpu=1"]
    done = subprocess.run(
        [*command, *configuration],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


def test_slurm_gives_network_jobs_of_all_studies_a_gpu_and_the_memory_they_need(tmp_path):
    pytest.importorskip(*PLUGINS["slurm"])
    targets = ("seeds", "grids", "paper_maps", "truth")
    output = said_by(tmp_path, command("slurm", *targets, "--dry-run", "--cores", "2"))
    jobs = re.findall(r"^(?:rule|checkpoint) (\w+):\n(?: .*\n)*?    resources: (.*)", output, re.M)
    needed = {rule: dict(re.findall(r"(\w+)=([^,]+)", needs)) for rule, needs in jobs}
    assert {"retrain_cnn", "grid_cnn", "placed_explain", "truth_point"} <= set(needed), output
    for rule, needs in needed.items():
        expected = ("gpu", "1") if rule in network_rules() else ("cpu", None)
        assert (needs.get("slurm_partition", "cpu"), needs.get("gpu")) == expected, rule
    # a grid of twice the run's edge, and a study's jobs on two cores
    memory = {rule: needs["mem_mb"] for rule, needs in needed.items()}
    assert int(memory["grid_cnn"]) > int(memory["train_cnn"])
    assert int(memory["truth_point"]) >= 2 * int(memory["train_cnn"])


def test_slurm_needs_no_number_of_cores(tmp_path):
    pytest.importorskip(*PLUGINS["slurm"])
    output = said_by(tmp_path, command("slurm", "results/nothing"))
    assert "No rule to produce results/nothing" in output  # the files themselves were read


@pytest.mark.parametrize("name", ["default", "gpu"])
def test_all_cores_of_this_machine_unless_a_number_is_given(name):
    cores = [
        parse_args(["--workflow-profile", str(ROOT / "profiles" / name), *arguments])[1].cores
        for arguments in ((), ("--cores", "1"), ("-c3",))
    ]
    assert cores == [len(os.sched_getaffinity(0)), 1, 3]


@pytest.mark.parametrize("name", sorted(PLUGINS))
def test_a_cluster_has_no_limit_of_cores(name):
    assert "cores" not in profile(name)


@pytest.mark.parametrize("name", PROFILES)
def test_snakemake_takes_every_line(name):
    for plugin in PLUGINS.get(name, []):
        pytest.importorskip(plugin, reason=f"{plugin} is not installed")
    _, arguments = parse_args(["--workflow-profile", str(ROOT / "profiles" / name)])
    executor = "local" if name in ("default", "gpu") else name
    assert (arguments.executor or "local") == executor
    assert arguments.nolock


def test_images_are_built_from_the_lock():
    python = re.search(r"python=(\S+)", (ROOT / "envs" / "gpu.yaml").read_text())[1]
    for name, base in (("Dockerfile", "FROM python:"), ("apptainer.def", "From: python:")):
        text = (ROOT / "envs" / name).read_text()
        assert f"{base}{python}-" in text
        installs = re.findall(r"pip install ([^&\n]+)", text)
        assert [line.strip() for line in installs] == [
            "--no-deps -r requirements.lock",
            "-r requirements-torch.txt",
            "--no-deps -e .",
        ]
        assert "Not built in this repository's CI" in text


def copied_files():
    """What each recipe copies into its image: pairs of place here and place there, by recipe."""
    apptainer = (ROOT / "envs" / "apptainer.def").read_text()
    section = re.search(r"^%files\n((?:    .+\n)+)", apptainer, re.M)[1]
    pairs = [tuple(line.split()) for line in section.splitlines()]
    docker = []
    for line in re.findall(r"^COPY (.+)", (ROOT / "envs" / "Dockerfile").read_text(), re.M):
        *sources, target = line.split()
        for source in sources:
            folder = f"{target}{source}" if target == "./" else target
            docker.append((source, f"/opt/voxplain/{folder.removeprefix('./')}"))
    return {"apptainer": pairs, "docker": docker}


def test_images_hold_the_code_and_no_results_or_data(tmp_path):
    pairs = copied_files()
    assert sorted(pairs["apptainer"]) == sorted(pairs["docker"])
    assert all(target == f"/opt/voxplain/{source}" for source, target in pairs["docker"])
    copied = {source for source, _ in pairs["docker"]}
    assert not {name for name in copied if name.startswith(".") or "*" in name}
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert copied <= {name.split("/")[0] for name in tracked.stdout.split()}
    # what is there is enough: the study is planned from it
    for name in copied:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    planned = subprocess.run(
        [BIN / "snakemake", "--dry-run", "--quiet"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert planned.returncode == 0, planned.stdout


def test_the_dockerfile_passes_its_linter():
    hadolint = subprocess.run(
        [BIN / "hadolint", "--no-color", ROOT / "envs" / "Dockerfile"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (hadolint.returncode, hadolint.stdout) == (0, "")


def test_the_apptainer_recipe_has_its_sections():
    text = (ROOT / "envs" / "apptainer.def").read_text()
    assert re.findall(r"^(%\w+)", text, re.M) == [
        "%files",
        "%post",
        "%environment",
        "%runscript",
        "%labels",
    ]
