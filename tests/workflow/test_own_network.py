"""A user's own residual network goes through the DAG in place of the paper's."""

import json

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import torch

from support.workflow import TINY, Workflow

pytestmark = pytest.mark.slow

FILE = '''\
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Conv3d(width, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm3d(width)
        self.conv2 = nn.Conv3d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm3d(width)

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)), inplace=True)
        out = self.bn2(self.conv2(out))
        out += x
        return F.relu(out)


class ResNet(nn.Module):
    """No shape is needed: the head pools globally."""

    def __init__(self, n_classes, width=4, **_):
        super().__init__()
        self.stem = nn.Conv3d(1, width, 5, stride=2, padding=2)
        self.body = nn.Sequential(Block(width), Block(width))
        self.head = nn.Linear(width, n_classes)

    def forward(self, x):
        x = F.max_pool3d(F.relu(self.stem(x)), 2)
        return self.head(self.body(x).mean(dim=(2, 3, 4)))
'''
METHODS = ("meaningful_perturbation", "guided_backprop", "grad_cam")
TARGETS = [
    *(f"results/own/attribution/{method}/group/maps.npy" for method in METHODS),
    "results/own/tables/first_layer.tsv",
    "results/own/tables/masked_accuracy.tsv",
]


def study(folder):
    """Write eight brains of noise and return the configuration that reads them."""
    rng = np.random.default_rng(0)
    rows = []
    for k in range(8):
        name = f"sub-{k:02d}"
        image = rng.uniform(1, 100, (24, 28, 24)).astype(np.float32)
        nib.save(nib.Nifti1Image(image, np.diag([7.0, 7, 7, 1])), folder / f"{name}.nii.gz")
        rows.append({"participant_id": name, "path": f"{name}.nii.gz", "sex": "FM"[k % 2]})
    pd.DataFrame(rows).to_csv(folder / "participants.tsv", sep="\t", index=False)
    return TINY | {"cohort_root": str(folder), "cohort": {"layout": "table", "space": "native"}}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run with a residual network that lies in the working directory."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "networks").mkdir()
    (folder / "networks" / "resnet.py").write_text(FILE)
    network = {"network": "networks/resnet.py:ResNet", "network_settings": {"width": 3}}
    workflow = Workflow(folder, study(folder) | {"run": "own", "cnn": TINY["cnn"] | network})
    done = workflow(*TARGETS)
    assert done.returncode == 0, done.stdout[-8000:]
    return workflow


def test_every_fold_is_the_users_network(finished):
    for fold in ("01", "02", "all"):
        model = torch.load(
            finished.path("own", "cnn", f"fold-{fold}", "model.pt"), weights_only=True
        )
        assert model["settings"] == {"shape": [22, 26, 22], "n_classes": 2, "width": 3}
        assert "body.1.bn2.running_var" in model["state"]
    check = json.loads(finished.path("own", "cnn", "check.json").read_text())
    assert check["parameters"] == 3 * 125 + 3 + 4 * (3 * 3 * 27) + 4 * 6 + 4 * 2
    layer = pd.read_csv(finished.path("own", "tables", "first_layer.tsv"), sep="\t")
    assert set(layer["feature"]) == {1, 2, 3}


def test_all_methods_explain_it(finished):
    for method in METHODS:
        maps = np.load(finished.path("own", "attribution", method, "group", "maps.npy"))
        assert maps.shape == (3, 22, 26, 22)
        assert np.isfinite(maps).all()
        if method != "meaningful_perturbation":  # its 3 iterations may not improve on no mask
            assert maps.max() > 0, method


def test_a_changed_network_is_trained_again_and_nothing_else_is(finished):
    file = finished.folder / "networks" / "resnet.py"
    (file.parent / "unrelated.py").write_text("x = 1\n")
    assert "Nothing to be done" in finished("--dry-run", *TARGETS).stdout
    file.write_text(FILE + "\n# changed\n")
    try:
        planned = finished("--dry-run", *TARGETS).stdout
    finally:
        file.write_text(FILE)
    assert "rule train_cnn:" in planned
    assert "rule explain:" in planned
    assert "rule make_folds:" not in planned
    assert "rule downsample:" not in planned


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": "networks/none.py:ResNet"}, "there is no file networks/none.py"),
        ({"network": "networks/resnet.py:VGG"}, "networks/resnet.py has no VGG"),
        ({"network_settings": {"shape": [9, 9, 9]}}, "'shape'"),
        ({"network": None}, "network_settings are those of your own network"),
    ],
)
def test_a_network_that_cannot_work_ends_the_run_at_once(finished, change, message):
    network = {"network": "networks/resnet.py:ResNet", "network_settings": {"width": 3}} | change
    config = TINY | {"run": "bad", "cnn": TINY["cnn"] | network}
    output = Workflow(finished.folder, config)("results/bad/cnn/check.json")
    assert output.returncode != 0
    assert message in output.stdout, output.stdout
    assert "Traceback" not in output.stdout
    assert not list(finished.folder.glob("results/bad/cnn/fold-*"))
