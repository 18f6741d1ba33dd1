"""Promises about the project's files: schema, pins, source hashes."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

import voxplain.attribution
from support.places import ROOT
from voxplain.run.source_hash import NEUTRAL, PACKAGE, REGISTRIES, _read, source_files


def pins(path):
    text = path.read_text()
    return sorted(re.findall(r"^\s*(?:- )?([A-Za-z0-9_.-]+==\S+)", text, re.M))


@pytest.mark.parametrize("variant", ["cpu", "gpu"])
def test_conda_files_have_the_locks_pins(variant):
    locked = pins(ROOT / "requirements.lock") + pins(ROOT / "requirements-torch.txt")
    assert pins(ROOT / "envs" / f"{variant}.yaml") == sorted(locked)


@pytest.mark.parametrize("part", [".lock", "-ants.txt", "-validators.txt"])
def test_every_pin_but_torch_has_hashes(part):
    """With one hash in a file, pip refuses whatever has none; torch's builds are told apart."""
    text = (ROOT / f"requirements{part}").read_text()
    hashed = re.findall(r"^(\S+==\S+).* \\\n    --hash=sha256:[0-9a-f]{64}\b", text, re.M)
    assert sorted(hashed) == pins(ROOT / f"requirements{part}")


def test_the_lock_meets_the_floors():
    locked = dict(pin.split("==") for pin in pins(ROOT / "requirements.lock"))
    assert tuple(map(int, locked["scikit-learn"].split(".")[:2])) >= (1, 8)


def test_hooks_of_a_commit_are_the_tools_of_make_lint():
    lint = (ROOT / "Makefile").read_text().partition("\nlint: ")[2].partition("\n\n")[0]
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    tools = [re.search(r"bin/([\w-]+)", hook["entry"])[1] for hook in hooks]
    assert tools == re.findall(r"\$\(BIN\)/([\w-]+)", lint)


def keys(schema, where="config"):
    """Yield every property of a JSON schema with its place."""
    for name, child in schema.get("properties", {}).items():
        yield f"{where}.{name}", child
        yield from keys(child, f"{where}.{name}")
    if "items" in schema:
        yield from keys(schema["items"], f"{where}[]")


def test_every_config_key_is_described_and_unknown_ones_refused():
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    described = dict(keys(schema))
    assert len(described) > 70
    assert [name for name, child in described.items() if not child.get("description")] == []
    objects = [child for child in (schema, *described.values()) if "properties" in child]
    assert all(child["additionalProperties"] is False for child in objects)


def test_every_rule_with_a_script_depends_on_its_source():
    for path in (ROOT / "workflow" / "rules").glob("*.smk"):
        for block in re.split(r"\n(?=\s*(?:rule|checkpoint) )", path.read_text()):
            script = re.search(r'"../scripts/(\w+\.py)"', block)
            if script:
                assert f'code=code("{script[1]}"' in block, (path.name, script[1])
                assert "log:" in block, (path.name, script[1])


def test_scripts_are_short_and_read_no_config():
    for script in (ROOT / "workflow" / "scripts").glob("*.py"):
        text = script.read_text()
        assert len(text.splitlines()) < 80, script.name
        assert "snakemake.config" not in text, script.name


def test_jobs_that_compute_without_the_network_do_not_import_torch():
    """Torch takes seconds to import; what computes with it calls `prepare_device`."""
    paying = []
    for script in (ROOT / "workflow" / "scripts").glob("*.py"):
        sources = [file.read_text() for file in (script, *source_files(script))]
        torch = any(re.search(r"^(import|from) torch\b", text, re.M) for text in sources)
        if torch and "prepare_device(" not in script.read_text():
            paying.append(script.name)
    assert paying == []


def test_imports_are_written_so_that_source_hashes_follow_them():
    """By full names; by name at run time only in registries, for exports, and users' networks."""
    files = [*PACKAGE.rglob("*.py"), *(ROOT / "workflow" / "scripts").glob("*.py")]
    texts = {str(path.relative_to(ROOT)): path.read_text() for path in files}
    assert [name for name, text in texts.items() if re.search(r"^\s*from \.", text, re.M)] == []
    by_name = {name for name, text in texts.items() if "import_module" in text}
    registries = {f"src/{name.replace('.', '/')}/__init__.py" for name in REGISTRIES}
    others = {"src/voxplain/network/own.py", "src/voxplain/__init__.py"}
    assert by_name == others | registries


@pytest.mark.parametrize("package", [voxplain, voxplain.attribution])
def test_what_a_package_exports_on_demand_is_declared_for_type_checkers_too(package):
    """There source hashes look up which module a name comes from."""
    declared = _read(Path(package.__file__)).exports
    assert set(declared) == set(package.__all__) - set(vars(package))
    assert {getattr(package, name).__module__ for name in declared} <= {
        module for module, _ in declared.values()
    }


def test_neutral_modules_exist():
    assert [name for name in NEUTRAL if find_spec(name) is None] == []


def test_training_depends_on_no_method_and_no_page():
    scripts = ROOT / "workflow" / "scripts"
    training = {file.name for file in source_files(scripts / "train_cnn.py")}
    assert {"training.py", "cnn.py", "folds.py"} <= training
    assert not {"grad_cam.py", "attention.py", "page.py"} & training


@pytest.mark.parametrize(
    "module", ["voxplain.run.paths", "voxplain.run.manifest", "voxplain.attribution"]
)
def test_light_modules_do_not_import_torch(module):
    check = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
