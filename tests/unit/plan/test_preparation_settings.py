"""What a configuration with `preparation` may not say besides."""

import importlib.util
from pathlib import Path

import pytest

from support.places import ROOT
from voxplain.errors import ConfigError
from voxplain.plan.settings import check_config
from voxplain.run.config import DEFAULTS, read_config


def configured(**changes):
    config = read_config([ROOT / DEFAULTS])
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(config[key], dict):
            value = config[key] | value
        config[key] = value
    return config


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"registration": {"method": "conform"}}, "registration.method is conform"),
        ({"volumes": {"brain_mask": "template"}}, "volumes.brain_mask is template"),
        ({"cohort": {"contrast": "grey_matter"}}, "cohort.contrast is grey_matter"),
        ({"preparation": {"skull": True}}, "skull"),
        ({"preparation": "all"}, "preparation"),
    ],
)
def test_what_contradicts_preparation_is_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        check_config(configured(**{"preparation": "auto"} | changes), Path(ROOT))


def test_antspy_that_is_not_installed_is_named_with_its_command(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "ants" else find(name)
    )
    with pytest.raises(ConfigError, match="pip install --no-deps antspyx"):
        check_config(configured(preparation="auto"), Path(ROOT))
    check_config(configured(preparation="none"), Path(ROOT))
