"""What `voxplain` makes of a run's files equals what the run itself made of them."""

import json

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from support.places import ROOT
from support.workflow import TINY
from voxplain.cli import app
from voxplain.regions.tables import FOLD_COLUMNS
from voxplain.run.files import read_table

pytestmark = pytest.mark.slow


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize("method", ["meaningful_perturbation", "grad_cam"])
def test_a_participants_map_is_the_runs(tiny, method, tmp_path, monkeypatch):
    """From the image file, by the fold's model file alone: no other file of the run is read."""
    monkeypatch.chdir(tiny.folder)
    split = json.loads(tiny.path("tiny", "folds", "split-01.json").read_text())
    participants = read_table(tiny.path("tiny", "cohort", "participants.tsv"))
    row = participants.set_index("participant_id").loc[split["test"][3]]
    done = run(
        *("explain", tiny.path("tiny", "cnn", "fold-01", "model.pt"), row["image"]),
        *("--method", method.replace("_", "-"), "--target", row["class_name"]),
        *("--config", ROOT / "config.yaml", "--config", tiny.configfile),
        *("--out", tmp_path / "map.nii.gz"),
    )
    assert done.exit_code == 0, done.output
    written = nib.load(tmp_path / "map.nii.gz")
    maps = np.load(tiny.path("tiny", "attribution", method, "fold-01", "maps.npy"))
    scale = maps[3].max()
    np.testing.assert_allclose(written.get_fdata(), maps[3], atol=1e-4 * max(scale, 1e-6))
    grid = json.loads(tiny.path("tiny", "volumes", "grid.json").read_text())
    np.testing.assert_allclose(written.affine, grid["affine"], atol=1e-4)


def test_regions_are_those_of_table_2(tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tiny.folder)  # the wheel lies in results/wheels
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    done = run(
        *(
            "overlap",
            tiny.path("tiny", "attribution", "grad_cam", "group", "conjoined_mean.nii.gz"),
        ),
        *("--atlas", "brainnetome", "--surrogates", TINY["evaluation"]["surrogates"]),
        *("--brain-mask", tiny.path("tiny", "volumes", "brain_mask.nii.gz")),
        *("--seed", config["seed"], "--out", tmp_path / "regions.tsv"),
    )
    assert done.exit_code == 0, done.output
    table2 = read_table(tiny.path("tiny", "tables", "table2_brainnetome.tsv"))
    expected = table2[table2["method"] == "grad_cam"]
    expected = expected.drop(columns=["method", "paper", "planted", *FOLD_COLUMNS])
    regions = read_table(tmp_path / "regions.tsv")
    pd.testing.assert_frame_equal(regions, expected.reset_index(drop=True), rtol=1e-5)
