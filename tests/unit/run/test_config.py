"""One configuration from several files, and every reason to refuse it at once."""

import copy

import pytest
import yaml
from snakemake.utils import update_config

from support.places import ROOT
from voxplain.errors import ConfigError
from voxplain.plan.settings import check_config
from voxplain.run.config import DEFAULTS, project_folder, read_config

PRESETS = sorted((ROOT / "workflow" / "presets").glob("*.yaml"))


@pytest.fixture
def config():
    return read_config([ROOT / DEFAULTS])


def refused(config):
    with pytest.raises(ConfigError) as error:
        check_config(config, ROOT)
    return str(error.value).splitlines()


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.stem)
def test_files_are_laid_over_each_other_as_snakemake_does(preset, config):
    theirs = copy.deepcopy(config)
    update_config(theirs, yaml.safe_load(preset.read_text()))
    assert read_config([ROOT / DEFAULTS, preset]) == theirs


def test_the_default_configuration_is_accepted(config):
    check_config(config, ROOT)


def test_all_that_the_schema_refuses_is_listed(config):
    config["cnn"] |= {"epoch": 3, "dropout": 2}
    del config["seed"]
    lines = refused(config)
    assert len(lines) == 3
    assert any("'epoch' was unexpected" in line for line in lines)
    assert any(line.startswith("cnn.dropout: 2") for line in lines)
    assert any("'seed' is a required property" in line for line in lines)


def test_what_config_takes_for_text_belongs_into_a_file(config):
    """Snakemake's --config 'cnn={epochs: 5}' is the text 5."""
    config["cnn"]["epochs"] = "5"
    assert "write them into a file for --configfile, without quotes" in refused(config)[0]


def test_all_contradictions_are_listed(config):
    config["cohort"] |= {"layout": "table", "classes": {"negative": "x", "positive": "x"}}
    config["cnn"]["network_settings"] = {"width": 3}
    config["attribution"]["meaningful_perturbation"]["norm"] = "sum"
    config["evaluation"]["robustness"]["fold"] = "11"
    config["atlases"].append(dict(config["atlases"][0]))
    lines = refused(config)
    assert [line.partition(":")[0].partition(" is ")[0] for line in lines] == [
        "cohort.layout",
        "cohort.classes",
        "atlases",
        "cnn.network_settings are those of your own network, but cnn.network",
        "attribution.meaningful_perturbation",
        "evaluation.robustness.fold",
    ]


def test_planted_regions_need_their_atlas(config):
    config["atlases"] = config["atlases"][:1]
    assert refused(config) == [
        "cohort.synthetic.regions: no such atlas: mori; atlases has brainnetome"
    ]


@pytest.mark.parametrize("text", ["- a list", "a: [", ""])
def test_a_file_that_holds_no_settings_is_named(text, tmp_path):
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"mine\.yaml"):
        read_config([tmp_path / "mine.yaml"])


def test_the_project_is_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert project_folder() == ROOT


def test_a_grid_too_small_for_the_network(config):
    config["volumes"]["shape"] = [30, 21, 30]
    (line,) = refused(config)
    assert "[30, 21, 30] is too small for the 3 blocks" in line
    assert "at least 22 voxels" in line
    config["volumes"]["shape"] = [30, 22, 30]
    check_config(config, ROOT)


def test_the_templates_brain_is_for_images_in_its_space(config):
    config["volumes"]["brain_mask"] = "template"
    check_config(config, ROOT)
    config["cohort"] |= {"layout": "bids", "space": "native"}
    config["cohort"]["bids"]["brain_mask"] = True
    config["cohort_root"] = "/data"
    lines = refused(config)
    assert any("fits images that are in MNI152 space" in line for line in lines)
    assert any("cohort.bids gives masks; choose one" in line for line in lines)
