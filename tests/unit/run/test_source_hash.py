"""The digest of a job's code changes with what the job can compute, and with nothing else."""

import textwrap

import pytest

from voxplain.run import source_hash as module
from voxplain.run.source_hash import source_files, source_hash

FILES = {
    "voxplain/__init__.py": "__version__ = '1'",
    "voxplain/errors.py": "class E(Exception): pass",
    "voxplain/run/__init__.py": "",
    "voxplain/run/logs.py": "from voxplain.clock import now",
    "voxplain/clock.py": "now = 1",
    "voxplain/kernel.py": "def kernel(x):\n    return x + 1",
    "voxplain/attribution/__init__.py": """
        from importlib import import_module
        from typing import TYPE_CHECKING

        if TYPE_CHECKING:
            from voxplain.attribution.methods.one import first
            from voxplain.kernel import kernel

        METHODS = {"first": "one", "second": "two"}
        """,
    "voxplain/attribution/cohorts.py": "x = 1",
    "voxplain/attribution/methods/__init__.py": "",
    "voxplain/attribution/methods/one.py": "def first(): ...",
    "voxplain/attribution/methods/two.py": "from voxplain.kernel import kernel as second",
    "voxplain/page/__init__.py": "",
    "voxplain/page/build.py": "def build(): ...",
    "voxplain/page/style.css": "a {}",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A small voxplain; writing to it forgets what was read of it before."""
    monkeypatch.setattr(module, "PACKAGE", tmp_path / "voxplain")

    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        module._read.cache_clear()
        source_hash.cache_clear()
        return path

    for name, text in FILES.items():
        write(name, text)
    yield write
    module._read.cache_clear()
    source_hash.cache_clear()


def reached(script, *chosen):
    files = source_files(script, *chosen)
    return {file.relative_to(module.PACKAGE).as_posix() for file in files}


@pytest.mark.parametrize(
    "same",
    [
        "def kernel(x):  # adds one\n    return x + 1",
        "def kernel(x):\n    '''Add one.'''\n    return x + 1",
        "'''Kernels.'''\n\n\ndef kernel(\n    x,\n):\n    return (x+1)",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from voxplain.clock import now\n",
    ],
)
def test_comments_docstrings_and_spelling_do_not_count(package, same):
    script = package("script.py", "from voxplain.kernel import kernel")
    prefix = "from typing import TYPE_CHECKING\n" if "TYPE_CHECKING" in same else ""
    body = "def kernel(x):\n    return x + 1\n"
    package("voxplain/kernel.py", prefix + body)
    before = source_hash(script)
    package("voxplain/kernel.py", same + body if prefix else same)
    assert source_hash(script) == before


@pytest.mark.parametrize("other", ["return x + 2", "return x + 1.0", "return 'Add one.'", "pass"])
def test_code_counts(package, other):
    script = package("script.py", "from voxplain.kernel import kernel")
    before = source_hash(script)
    package("voxplain/kernel.py", f"def kernel(x):\n    {other}")
    assert source_hash(script) != before
    package("voxplain/kernel.py", FILES["voxplain/kernel.py"])
    assert source_hash(script) == before
    package("script.py", "from voxplain.kernel import kernel\nkernel(1)")
    assert source_hash(script) != before


@pytest.mark.parametrize(
    "line",
    [
        "from voxplain.kernel import kernel",
        "from voxplain import kernel",
        "import voxplain.kernel",
        "def f():\n    from voxplain.kernel import kernel",
        "from voxplain.attribution import kernel",
    ],
)
def test_every_form_of_import_is_followed(package, line):
    assert "kernel.py" in reached(package("script.py", line))


def test_neutral_modules_and_what_only_they_import_are_left_out(package):
    script = package("script.py", "from voxplain.run.logs import x\nimport voxplain.errors")
    assert reached(script) == {"run/__init__.py"}
    package("script.py", "from voxplain.run.logs import x\nfrom voxplain import clock")
    assert reached(script) == {"run/__init__.py", "clock.py"}


def test_a_registry_reaches_all_methods_or_the_chosen_one(package):
    script = package("script.py", "from voxplain.attribution import METHODS")
    methods = {"attribution/methods/one.py", "attribution/methods/two.py"}
    assert methods <= reached(script)
    first = reached(script, "voxplain.attribution.methods.one")
    assert first & methods == {"attribution/methods/one.py"}
    assert "kernel.py" not in first
    assert "kernel.py" in reached(script, "voxplain.attribution.methods.two")


def test_a_further_method_changes_no_others_results(package):
    script = package("script.py", "from voxplain.attribution import METHODS")
    before = source_hash(script, "voxplain.attribution.methods.one")
    package("voxplain/attribution/methods/three.py", "def third(): ...")
    registry = FILES["voxplain/attribution/__init__.py"].replace("'two'", "'two', 'third': 'three'")
    package("voxplain/attribution/__init__.py", registry)
    assert source_hash(script, "voxplain.attribution.methods.one") == before


def test_a_name_that_is_imported_on_demand_reaches_its_module_only(package):
    script = package("script.py", "from voxplain.attribution import first")
    assert reached(script) == {"attribution/methods/__init__.py", "attribution/methods/one.py"}
    package("script.py", "from voxplain.attribution.cohorts import x")
    assert reached(script) == {"attribution/cohorts.py"}
    package("script.py", "from voxplain import attribution")
    assert {"kernel.py", "attribution/methods/two.py"} <= reached(script)


def test_the_pages_styles_count_for_what_imports_it(package):
    script = package("script.py", "from voxplain.page.build import build")
    before = source_hash(script)
    package("voxplain/page/style.css", "a {color: red}")
    assert source_hash(script) != before


def test_an_unknown_module_is_an_error(package):
    script = package("script.py", "from voxplain.nowhere import x")
    with pytest.raises(ModuleNotFoundError, match=r"voxplain\.nowhere"):
        source_hash(script)
    package("script.py", "from voxplain.attribution import METHODS")
    with pytest.raises(ModuleNotFoundError, match="none"):
        source_hash(script, "voxplain.attribution.methods.none")
