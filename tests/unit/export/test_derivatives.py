"""What the tiny run does not have: sessions, native space, in-sample maps, awkward class names."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import yaml

from support.places import ROOT
from voxplain.export.derivatives import Maps
from voxplain.image.grid import Grid

VALIDATOR = shutil.which("bids-validator-deno", path=Path(sys.executable).parent)
GRID = Grid((4, 5, 3), np.diag([6.0, 6, 7, 1]))
VOLUMES = np.random.default_rng(0).random((2, *GRID.shape)).astype(np.float32)


def write(root, space, layout="bids", fold="01"):
    """A dataset of two participants, one method."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    config["cohort"] |= {"layout": layout, "space": space, "contrast": "T1w"}
    config["cohort"]["classes"] = {"negative": "AD-", "positive": "AD+"}
    config["cohort_root"] = "/home/somebody/study"
    config["attribution"]["model"] = "fold" if fold != "all" else "all"
    people = pd.DataFrame({"participant_id": ["sub-a_1", "sub-a1"], "class_name": ["AD+", "AD-"]})
    names = [
        f"{label}/ses-base/anat/{label}_ses-base_T1w.nii.gz" for label in ("sub-a_1", "sub-a1")
    ]
    people = people.assign(image=[f"/home/somebody/study/{name}" for name in names], age=71.5)
    rows = pd.DataFrame({"participant_id": ["sub-a1", "sub-a_1", "sub-a1"], "score": 0.5})
    rows = rows.assign(set=["test", "test", "train"], target=[0, 1, 0])
    versions = {"voxplain": "0.1.0", "python": "3.11"}
    provenance = {"versions": versions, "images_sha256": {"sub-a_1": "1" * 64, "sub-a1": "2" * 64}}
    maps = Maps(root, config, provenance, GRID, people)
    maps.write_dataset(people.assign(fold="01"))
    model = {"fold": fold, "file": "cnn/model.pt", "sha256": "3" * 64}
    maps.write_participants("grad_cam", VOLUMES, rows, model)
    groups = {"AD-": 1, "AD+": 1, "conjoined": 2}
    maps.write_groups("grad_cam", np.stack([*VOLUMES, VOLUMES[0]]), groups)
    return root


def sidecar(path):
    return json.loads(Path(str(path).replace(".nii.gz", ".json")).read_text())


def test_each_map_is_its_own_participants(tmp_path):
    root = write(tmp_path / "d", "MNI152NLin6Asym")
    table = pd.read_csv(root / "participants.tsv", sep="\t", dtype=str)
    labels = table.set_index("source_id")["participant_id"]
    for place, name in enumerate(["sub-a1", "sub-a_1"]):  # in the order of the rows
        (path,) = root.glob(f"{labels[name]}/ses-base/anat/*_space-MNI152NLin6Asym_*.nii.gz")
        assert path.name.startswith(f"{labels[name]}_ses-base_")
        np.testing.assert_array_equal(nib.load(path).get_fdata(), VOLUMES[place])
        described = sidecar(path)
        assert described["Sources"] == [f"{name}/ses-base/anat/{name}_ses-base_T1w.nii.gz"]
        assert described["TargetClass"] == ["AD-", "AD+"][place]
        assert described["HeldOut"] is True
    assert "somebody" not in "".join(path.read_text() for path in root.rglob("*.json"))
    assert "71.5" not in (root / "participants.tsv").read_text()


def test_groups_with_the_same_letters_get_files_of_their_own(tmp_path):
    paths = sorted((write(tmp_path / "d", "MNI152") / "tpl-MNI152" / "anat").glob("*.nii.gz"))
    assert sorted(sidecar(path)["Group"] for path in paths) == ["AD+", "AD-", "conjoined"]


def test_maps_of_a_network_that_saw_everybody_say_so(tmp_path):
    root = write(tmp_path / "d", "MNI152", layout="table", fold="all")
    paths = list(root.glob("sub-*/anat/*.nii.gz"))  # sessions are BIDS's alone
    assert [sidecar(path)["HeldOut"] for path in paths] == [False, False]
    assert "(in-sample)" in (root / "README.md").read_text()


@pytest.mark.skipif(VALIDATOR is None, reason="requirements-validators.txt is not installed")
@pytest.mark.parametrize("space", ["MNI152NLin6Asym", "native"])
def test_the_validator_finds_no_error(tmp_path, space):
    root = write(tmp_path / "d", space)
    (root / ".bidsignore").unlink()  # and no other suffix than one of BIDS's
    for path in list(root.rglob("*_map.*")):
        path.rename(path.with_name(path.name.replace("_map.", "_R1map.")))
    report = subprocess.run([VALIDATOR, "--json", root], stdout=subprocess.PIPE, check=False).stdout
    issues = json.loads(report)["issues"]["issues"]
    assert [issue for issue in issues if issue["severity"] == "error"] == []
    assert len(list(root.rglob("*_R1map.nii.gz"))) == 5
