"""The IXI preset on the real brains: read, downsampled, folded, atlases checked."""

import json

import numpy as np
import pandas as pd
import pytest

from support.places import ROOT, SHARED
from support.workflow import Workflow

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (SHARED / "ixi").is_dir(), reason=f"no real brains at {SHARED}/ixi"),
]


def test_the_ixi_preset_reads_the_real_brains(tmp_path):
    workflow = Workflow(tmp_path, {})
    workflow.configfile = ROOT / "workflow" / "presets" / "ixi.yaml"
    (tmp_path / "shared").symlink_to(SHARED.parent)
    inside = tmp_path / "project"  # the preset's atlas paths begin with ../shared
    inside.mkdir()
    workflow.folder = inside
    run = inside / "results" / "ixi"
    targets = ["folds/folds.tsv", "volumes/quality.tsv", "atlases/brainnetome.tsv"]
    done = workflow(
        *(f"results/ixi/{target}" for target in (*targets, "atlases/icbm.tsv")),
        config=("cohort_root=../shared/data/ixi", "run=ixi"),
    )
    assert done.returncode == 0, done.stdout[-4000:]

    folds = pd.read_csv(run / "folds" / "folds.tsv", sep="\t", dtype={"fold": str})
    assert folds["class_name"].value_counts().to_dict() == {"women": 54, "men": 50}
    assert folds["fold"].nunique() == 10
    assert folds.groupby("fold")["label"].sum().between(5, 5).all()
    quality = pd.read_csv(run / "volumes" / "quality.tsv", sep="\t")
    assert quality["correlation"].median() > 0.9
    assert pd.read_csv(run / "atlases" / "icbm.tsv", sep="\t").shape[0] == 50
    assert pd.read_csv(run / "atlases" / "brainnetome.tsv", sep="\t").shape[0] == 246
    volumes = np.load(run / "volumes" / "volumes.npy", mmap_mode="r")
    assert volumes.shape == (104, 36, 43, 36)
    grid = json.loads((run / "volumes" / "grid.json").read_text())
    # 91 x 109 x 91 voxels of 2 mm keep their field of view.
    np.testing.assert_allclose(np.diag(grid["affine"])[:3] * volumes.shape[1:], [182, 218, 182])
