"""What comes from outside is data: it is not run, and it is not taken for markup."""

import ast
import json
import os
import pickle
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from support.places import ROOT
from voxplain.figures import style
from voxplain.figures.style import save

SOURCES = sorted([*(ROOT / "src").rglob("*.py"), *(ROOT / "workflow" / "scripts").glob("*.py")])
NASTY = "--><script>hacked = 1</script>&\"'"


def calls():
    """Yield every call in the package and the scripts: file, what is called, the node."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield path.name, ast.unparse(node.func), node


def keyword(node, name):
    return next((ast.unparse(k.value) for k in node.keywords if k.arg == name), None)


def test_nothing_is_unpickled_or_evaluated():
    loads = [(file, node) for file, name, node in calls() if name == "torch.load"]
    assert len(loads) >= 2
    assert [file for file, node in loads if keyword(node, "weights_only") != "True"] == []
    unsafe = {"eval", "exec", "pickle.load", "pickle.loads", "joblib.load", "pd.read_pickle"}
    unsafe |= {"yaml.load", "yaml.unsafe_load", "dill.load", "marshal.loads", "shelve.open"}
    assert [(file, name) for file, name, _ in calls() if name in unsafe] == []
    assert [file for file, _, node in calls() if keyword(node, "allow_pickle") == "True"] == []


def test_a_crafted_array_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "owned"),)

    path = tmp_path / "volumes.npy"
    np.save(path, np.array([Evil()], dtype=object), allow_pickle=True)
    for mode in (None, "r"):
        with pytest.raises(ValueError, match=r"allow_pickle|Python objects"):
            np.load(path, mmap_mode=mode)
    path.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(ValueError, match="allow_pickle"):
        np.load(path)
    assert not (tmp_path / "owned").exists()


def test_no_string_of_a_user_meets_a_shell():
    shells = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}
    assert [(file, name) for file, name, _ in calls() if name in shells] == []
    assert [file for file, _, node in calls() if keyword(node, "shell") == "True"] == []
    rules = [*(ROOT / "workflow" / "rules").glob("*.smk"), ROOT / "Snakefile"]
    assert [path.name for path in rules if "\n        shell:" in path.read_text()] == []


def test_figures_are_no_markup(tmp_path):
    paths = [tmp_path / f"note.{ending}" for ending in ("png", "svg", "tsv")]
    save(style.note(NASTY), pd.DataFrame({"note": [NASTY]}), *paths)
    text = paths[1].read_text()
    assert "<script" not in text
    assert "script" not in " ".join(element.tag for element in ET.fromstring(text).iter())


def audited(*packages):
    """What `make audit` makes of a report in pip-audit's form."""
    report = json.dumps({"dependencies": packages, "fixes": []}) if packages else ""
    command = [sys.executable, ROOT / "envs" / "audit.py"]
    done = subprocess.run(command, input=report, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_the_audit_names_holes_and_what_it_skipped():
    good = {"name": "numpy", "version": "2.0", "vulns": []}
    hole = {"id": "PYSEC-1", "fix_versions": ["3.1"], "aliases": [], "description": ""}
    bad = {"name": "jinja2", "version": "3.0", "vulns": [hole]}
    skipped = {"name": "torch", "skip_reason": "not found on PyPI"}
    assert audited(good)[0] == 0
    status, output = audited(good, bad, skipped)
    assert status == 1
    assert "jinja2 3.0: PYSEC-1, fixed by 3.1" in output
    assert (
        "2 packages looked up, known vulnerabilities: 1\n1 skipped:\n  torch: not found" in output
    )
    assert audited(skipped)[0] == audited()[0] == 2
