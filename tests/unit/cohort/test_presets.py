"""Every preset fits the schema and does not contradict its own layout."""

from importlib import import_module

import jsonschema
import pytest
import yaml

from support.places import ROOT
from voxplain.cohort.layouts import check_facts

PRESETS = sorted((ROOT / "workflow/presets").glob("*.yaml"))
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())


def merged(base, overlay):
    """Lay one configuration over another, as Snakemake's --configfile does."""
    if not (isinstance(base, dict) and isinstance(overlay, dict)):
        return overlay
    return base | {
        key: merged(base[key], value) if key in base else value for key, value in overlay.items()
    }


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.stem)
def test_preset(preset):
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    config = merged(config, yaml.safe_load(preset.read_text()))
    jsonschema.validate(config, SCHEMA)
    cohort = config["cohort"]
    settings = cohort[cohort["layout"]]
    check_facts(cohort["layout"], settings, space=cohort["space"], contrast=cohort["contrast"])


def test_every_layout_has_settings_and_a_place_in_the_schema():
    described = SCHEMA["properties"]["cohort"]["properties"]
    config = yaml.safe_load((ROOT / "config.yaml").read_text())["cohort"]
    for layout in described["layout"]["enum"]:
        module = import_module(f"voxplain.cohort.layouts.{layout}")
        assert module.read_study
        assert set(module.facts(config[layout])) <= {"space", "contrast"}
        assert set(config[layout]) == set(described[layout]["properties"])


def test_every_key_of_a_layout_is_described():
    described = SCHEMA["properties"]["cohort"]["properties"]
    for layout in described["layout"]["enum"]:
        assert all("description" in key for key in described[layout]["properties"].values())
