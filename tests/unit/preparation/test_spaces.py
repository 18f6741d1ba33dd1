"""Sidecars, and what the configuration says of spaces."""

import json
from pathlib import Path

import pytest

from support.places import ROOT
from voxplain.errors import SpaceError
from voxplain.plan.settings import CHECKS
from voxplain.preparation import spaces
from voxplain.preparation.settings import RegistrationSettings
from voxplain.run.config import read_config

DEFAULTS = read_config([ROOT / "config.yaml"])


@pytest.mark.parametrize(
    ("space", "method", "after"),
    [
        ("MNI152", "none", "MNI152"),
        ("native", "none", "native"),
        ("native", "transforms", "MNI152NLin6Asym"),
        ("native", "antspy", "MNI152NLin2009aSym"),
        ("MNI152", "conform", "MNI152"),
    ],
)
def test_where_a_run_ends(space, method, after):
    assert RegistrationSettings(method).space_after(space) == after
    assert spaces.is_mni152(after) == (after != "native")


def test_sidecars_lead_back_to_the_participants(tmp_path):
    people = [spaces.origin("sub-1", "a.nii", None, "native") | {"Method": "transforms"}]
    volumes, table = tmp_path / "volumes.json", tmp_path / "table.json"
    volumes.write_text(json.dumps(spaces.volumes_sidecar("MNI152NLin6Asym", people)))
    maps = tmp_path / "map.json"
    spaces.write_sidecars([maps], volumes, ["maps.npy"])
    spaces.write_sidecars([table], maps, ["map.nii.gz"])
    read = json.loads(table.read_text())
    assert read["Space"] == read["SpatialReference"] == "MNI152NLin6Asym"
    assert read["Sources"] == ["map.nii.gz"]
    assert json.loads(Path(read["Origin"]).read_text())["Participants"] == people
    spaces.require_mni152([maps, table])
    assert spaces.nifti_code(maps) == 4


def test_maps_without_a_known_place_are_refused(tmp_path):
    native = tmp_path / "volumes.json"
    native.write_text(json.dumps(spaces.volumes_sidecar("native", [])))
    assert json.loads(native.read_text())["SpatialReference"] == "orig"
    assert spaces.nifti_code(native) == 2
    with pytest.raises(SpaceError, match=r"volumes\.json: the maps' space is native"):
        spaces.require_mni152([native])
    with pytest.raises(SpaceError, match="space is unknown"):
        spaces.require_mni152([tmp_path / "none.json"])


@pytest.mark.parametrize(
    ("space", "settings", "problem"),
    [
        ("MNI152", {"method": "antspy"}, "are in MNI152 already"),
        ("native", {"method": "conform"}, "have no common place"),
        ("native", {"method": "transforms"}, "registration.transform names none"),
        ("native", {"method": "transforms", "transform": "{participant_id}.h5"}, None),
        (
            "native",
            {"method": "transforms", "transform": "{id}_from-T1w_to-MNI152NLin2009cAsym_xfm.h5"},
            "leads to MNI152NLin2009cAsym by its name, and registration.template",
        ),
        ("MNI152", {"method": "conform"}, None),
        ("native", {"method": "none"}, None),
    ],
)
def test_contradictions_are_refused(space, settings, problem):
    config = DEFAULTS | {
        "cohort_root": "x",
        "cohort": DEFAULTS["cohort"] | {"layout": "table", "space": space},
        "registration": DEFAULTS["registration"] | settings,
    }
    problems = "\n".join(problem for check in CHECKS for problem in check(config))
    assert (problem in problems) if problem else problems == ""
