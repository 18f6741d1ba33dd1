"""What a run exports, held against the validators of the standards that it claims to follow."""

import importlib.metadata
import json
import re
import shutil
import subprocess

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import requests
import yaml

from support.workflow import BIN
from voxplain.run.fingerprints import file_sha256

pytestmark = pytest.mark.slow

BIDS_VALIDATOR = BIN / "bids-validator-deno"


@pytest.fixture(scope="module")
def exported(tiny):
    """The tiny run with its exports, which are gone afterwards."""
    done = tiny("export")
    assert done.returncode == 0, done.stdout[-8000:]
    rules = set(re.findall(r"^(?:local)?rule (\w+):", done.stdout, re.M))
    assert rules - {"page"} == {"derivatives", "crate", "export"}  # another test's study is shown
    run = tiny.path("tiny")
    yield run
    for name in ("derivatives", "code"):
        shutil.rmtree(run / name)
    (run / "ro-crate-metadata.json").unlink()


def bids_errors(folder):
    """Codes of the validator's errors."""
    if not BIDS_VALIDATOR.exists():
        pytest.skip("bids-validator-deno is not installed (requirements-validators.txt)")
    command = [str(BIDS_VALIDATOR), "--json", str(folder)]
    report = subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout
    issues = json.loads(report)["issues"]["issues"]
    return [issue for issue in issues if issue["severity"] == "error"]


def test_the_derivatives_are_valid_bids(exported, tmp_path):
    folder = exported / "derivatives"
    assert bids_errors(folder) == []
    # BIDS has no suffix for these maps yet: under one that it has, names and sidecars are legal too
    renamed = shutil.copytree(folder, tmp_path / "renamed")
    (renamed / ".bidsignore").unlink()
    for path in renamed.rglob("*_map.*"):
        path.rename(path.with_name(path.name.replace("_map.", "_R1map.")))
    assert bids_errors(renamed) == []


def test_every_map_is_there_with_the_runs_own_values(exported):
    folder = exported / "derivatives"
    people = pd.read_csv(folder / "participants.tsv", sep="\t", dtype=str)
    cohort = pd.read_csv(exported / "cohort" / "participants.tsv", sep="\t", dtype=str)
    assert list(people) == ["participant_id", "source_id", "group", "fold"]
    assert people["source_id"].tolist() == cohort["participant_id"].tolist()
    provenance = json.loads((exported / "provenance.json").read_text())
    methods = provenance["config"]["attribution"]["methods"]
    for row in people.itertuples():
        files = sorted((folder / row.participant_id / "anat").glob("*.nii.gz"))
        assert len(files) == len(methods)
    path = next((folder / row.participant_id).rglob("*desc-gradcam_map.nii.gz"))
    fold = exported / "attribution" / "grad_cam" / f"fold-{row.fold}"
    rows = pd.read_csv(fold / "participants.tsv", sep="\t")
    place = rows.loc[rows["set"] == "test", "participant_id"].tolist().index(row.source_id)
    image = nib.load(path)
    np.testing.assert_array_equal(image.get_fdata(), np.load(fold / "maps.npy")[place])
    assert int(image.header["sform_code"]) == 4  # MNI152
    described = json.loads(path.with_name(path.name.replace(".nii.gz", ".json")).read_text())
    assert described["ModelFold"] == row.fold
    assert described["ModelSHA256"] == file_sha256(exported / described["ModelFile"])
    assert described["SourceSHA256"] == provenance["images_sha256"][row.source_id]
    assert described["TargetClass"] == row.group  # the true class is explained
    group = next((folder / "tpl-MNI152").rglob("*desc-gradcamConjoined_map.nii.gz"))
    group_map = exported / "attribution" / "grad_cam" / "group" / "conjoined_mean.nii.gz"
    np.testing.assert_array_equal(nib.load(group).get_fdata(), nib.load(group_map).get_fdata())


def test_restricted_columns_stay_at_home(exported):
    cohort = pd.read_csv(exported / "cohort" / "participants.tsv", sep="\t", dtype=str)
    families = set(cohort["family_id"].dropna())
    assert families
    text = "".join(
        path.read_text() for path in (exported / "derivatives").rglob("*.*") if path.suffix != ".gz"
    )
    assert "family_id" not in text
    assert not [name for name in families if re.search(rf"\b{re.escape(name)}\b", text)]


def test_the_crate_lists_the_manifest_and_holds_the_settings(exported):
    graph = json.loads((exported / "ro-crate-metadata.json").read_text())["@graph"]
    entities = {entity["@id"]: entity for entity in graph}
    assert len(entities) == len(graph)
    run = entities["#run"]
    manifest = pd.read_csv(exported / "manifest.tsv", sep="\t")
    results = [entities[entry["@id"]] for entry in run["result"]]
    assert [entry["sha256"] for entry in results] == manifest["sha256"].tolist()
    assert [int(entry["contentSize"]) for entry in results] == manifest["bytes"].tolist()
    assert run["startTime"] < run["endTime"]
    assert entities[run["instrument"]["@id"]]["version"]
    provenance = json.loads((exported / "provenance.json").read_text())
    images = [
        entities[entry["@id"]] for entry in run["object"] if entry["@id"].startswith("#image")
    ]
    assert [entry["sha256"] for entry in images] == list(provenance["images_sha256"].values())
    tables = {entities[entry["@id"]]["name"] for entry in run["object"] if "#table" in entry["@id"]}
    assert tables == {"table participants.tsv", "table morphometry.tsv"}
    assert yaml.safe_load((exported / "code/config.yaml").read_text()) == provenance["config"]
    assert (exported / "code/workflow/rules/cnn.smk").is_file()


@pytest.fixture
def crate_issues(monkeypatch, tmp_path):
    """Validate a crate as the Workflow Run profile requires it; nothing is fetched."""
    services = pytest.importorskip(
        "rocrate_validator.services", reason="requirements-validators.txt is not installed"
    )
    from rocrate_validator.models import ValidationSettings
    from rocrate_validator.utils.http import HttpRequester

    context = importlib.metadata.distribution("rocrate").locate_file("rocrate/data/ro-crate.jsonld")

    def get(self, url, **_):
        assert url == "https://w3id.org/ro/crate/1.1/context"
        response = requests.Response()
        response.status_code = 200
        response.headers["Content-Type"] = "application/ld+json"
        response._content = context.read_bytes()
        return response

    monkeypatch.setattr(HttpRequester, "get", get, raising=False)

    def issues(folder):
        settings = ValidationSettings(
            rocrate_uri=str(folder),
            profile_identifier="workflow-run-crate",
            cache_path=tmp_path / "cache",
            offline=True,
        )
        return [issue.message for issue in services.validate(settings).get_issues()]

    return issues


def test_the_crate_is_a_valid_workflow_run_crate(exported, crate_issues):
    assert crate_issues(exported) == []
    path = exported / "ro-crate-metadata.json"
    text = path.read_text()
    broken = json.loads(text)
    for entity in broken["@graph"]:
        entity.pop("instrument", None)  # the validator notices what is not there
    path.write_text(json.dumps(broken))
    try:
        assert any("instrument" in message for message in crate_issues(exported))
    finally:
        path.write_text(text)
