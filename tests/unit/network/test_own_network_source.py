"""A network's source is found, watched and imported from the working directory."""

import sys

import pytest

from voxplain.errors import ConfigError
from voxplain.network.own import blamed_on, import_factory, source_digest, source_files


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "single.py").write_text("Net = dict\n")
    (tmp_path / "lab" / "nets").mkdir(parents=True)
    (tmp_path / "lab" / "nets" / "parts.py").write_text("Part = list\n")
    (tmp_path / "lab" / "nets" / "deep.py").write_text("from .parts import Part as Net\n")
    yield tmp_path
    for name in [name for name in sys.modules if name.split(".")[0] in ("lab", "single")]:
        del sys.modules[name]


def digest(source):
    source_digest.cache_clear()
    return source_digest(source)


def test_files_modules_and_packages_are_found(folder):
    before = list(sys.path)
    assert import_factory("single.py:Net") is dict
    assert import_factory(f"{folder}/single.py:Net") is dict
    assert import_factory("single:Net") is dict
    assert import_factory("lab.nets.deep:Net") is list
    assert sys.path == before
    assert source_files("single:Net") == [folder / "single.py"]
    assert {file.name for file in source_files("lab.nets.deep:Net")} == {"deep.py", "parts.py"}


def test_an_installed_module_wins_over_the_working_directory(folder):
    (folder / "numpy.py").write_text("array = None\n")
    assert import_factory("numpy:array") is not None
    assert folder / "numpy.py" not in source_files("numpy:array")


def test_the_digest_follows_the_networks_own_files_only(folder):
    file, package = digest("single.py:Net"), digest("lab.nets.deep:Net")
    (folder / "unrelated.py").write_text("x = 1\n")
    assert (digest("single.py:Net"), digest("lab.nets.deep:Net")) == (file, package)
    (folder / "lab" / "nets" / "parts.py").write_text("Part = tuple\n")
    assert digest("lab.nets.deep:Net") != package
    assert digest("single.py:Net") == file
    (folder / "single.py").write_text("Net = set\n")
    assert digest("single.py:Net") != file


def test_asking_for_the_digest_runs_nothing(folder):
    (folder / "single.py").write_text("raise SystemExit\n")
    assert len(digest("single.py:Net")) == len(digest("single:Net")) == 16


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nowhere/net.py:Net", r"there is no file nowhere/net\.py in .*"),
        ("nosuchlab.nets:Net", "there is no module nosuchlab, neither installed nor in"),
    ],
)
def test_what_is_not_there_is_named(folder, source, message):
    for ask in (source_files, digest, import_factory):
        with pytest.raises(ConfigError, match=message):
            ask(source)


def test_a_missing_submodule_is_named(folder):
    with pytest.raises(ConfigError, match=r"No module named 'lab\.nets\.none'"):
        import_factory("lab.nets.none:Net")


def test_errors_of_ours_pass_as_they_are(folder):
    with pytest.raises(ConfigError, match=r"^ours$"), blamed_on("single.py:Net", "x"):
        raise ConfigError("ours")
