"""Profiles and images: Snakemake takes every line, and images hold the lock's pins."""

import re
import subprocess

import pytest
import yaml
from conftest import BIN, ROOT
from snakemake.cli import parse_args

PROFILES = sorted(path.name for path in (ROOT / "profiles").iterdir())
PLUGINS = {
    "slurm": ["snakemake_executor_plugin_slurm"],
    "kubernetes": ["snakemake_executor_plugin_kubernetes", "snakemake_storage_plugin_s3"],
}
NETWORK_RULES = re.compile(r"(?:rule|checkpoint) (\w+):(?:(?!\n *rule ).)*?gpu=config", re.S)


def profile(name):
    return yaml.safe_load((ROOT / "profiles" / name / "config.yaml").read_text())


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_can_be_killed_and_goes_on(name):
    default, this = profile("default"), profile(name)
    shared = set(default) - {"resources"}
    assert {key: this[key] for key in shared} == {key: default[key] for key in shared}
    assert this["nolock"] is this["rerun-incomplete"] is True


def test_slurm_knows_every_rule_that_computes_with_the_network():
    rules = {
        rule
        for file in (ROOT / "workflow" / "rules").glob("*.smk")
        for rule in NETWORK_RULES.findall(file.read_text())
    }
    assert len(rules) > 6
    on_request = {"check_network", "truth_point"}
    assert set(profile("slurm")["set-resources"]) >= rules - on_request


def test_every_rule_that_computes_with_the_network_says_how_much_memory():
    for file in (ROOT / "workflow" / "rules").glob("*.smk"):
        text = file.read_text()
        for rule in NETWORK_RULES.findall(text):
            if rule != "truth_point":  # Snakemake itself, whose jobs say it
                block = re.search(rf"rule {rule}:.*?script:", text, re.S)[0]
                assert f'mem_mb=memory("{rule}")' in block


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


def test_the_dockerfile_passes_its_linter():
    found = subprocess.run(
        [BIN / "hadolint", "--no-color", ROOT / "envs" / "Dockerfile"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stdout) == (0, "")


def test_the_apptainer_recipe_has_its_sections():
    text = (ROOT / "envs" / "apptainer.def").read_text()
    assert re.findall(r"^(%\w+)", text, re.M) == [
        *("%files", "%post", "%environment", "%runscript", "%labels")
    ]
