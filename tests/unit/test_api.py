"""The public names: imported lazily, documented in full, with examples that run."""

import ast
import doctest
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from numpydoc.validate import validate

import voxplain
from support.places import ROOT

# Docstring, summary, parameters, returned values and example. The house style leaves out the
# full stop or the capital letter of some descriptions, "See Also" and extended summaries.
CODES = "GL08 EX01 SS01 SS02 SS03 SS04 SS05 SS06 PR01 PR02 PR03 PR04 PR05 PR07 PR10 RT01 RT02 RT03"


@pytest.mark.parametrize("name", voxplain.__all__)
def test_docstrings_are_complete(name):
    problems = [error for error in validate(f"voxplain.{name}")["errors"] if error[0] in CODES]
    assert problems == []


@pytest.mark.parametrize("name", voxplain.__all__)
def test_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    examples = doctest.DocTestFinder().find(getattr(voxplain, name), name, globs={})
    report = []
    runner = doctest.DocTestRunner()
    for example in examples:
        runner.run(example, out=report.append)
    assert runner.tries > 0
    assert runner.failures == 0, "".join(report)


def test_names_are_imported_when_they_are_used():
    code = """
import sys
import voxplain
assert not {"numpy", "pandas", "torch"} & set(sys.modules), "an import of voxplain is slow"
assert set(voxplain.__all__) <= set(dir(voxplain))
from voxplain import Grid
assert "torch" not in sys.modules
from voxplain import grad_cam
assert "torch" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'voxplain' has no attribute 'grad_cams'"):
        voxplain.grad_cams  # noqa: B018


def test_type_checkers_see_the_same_names():
    tree = ast.parse(Path(voxplain.__file__).read_text())
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {alias.asname: statement.module for statement in block.body for alias in statement.names}
    assert seen.keys() == set(voxplain.__all__)
    for name, module in seen.items():
        assert module == f"voxplain.{voxplain._MODULES[name]}"


def test_the_promised_imports():
    from voxplain.attribution import grad_cam, guided_backprop, meaningful_perturbation
    from voxplain.downsample import downsample_nifti

    expected = ["model", "images", "targets"]
    for method in (grad_cam, guided_backprop, meaningful_perturbation):
        assert list(inspect.signature(method).parameters)[:3] == expected
    assert list(inspect.signature(downsample_nifti).parameters) == ["src", "dst", "shape"]
    assert downsample_nifti is voxplain.downsample_nifti


def test_the_reference_lists_every_public_name():
    page = (ROOT / "docs/reference/api.md").read_text()
    assert sorted(re.findall(r"^::: voxplain\.(\w+)$", page, re.M)) == sorted(voxplain.__all__)
