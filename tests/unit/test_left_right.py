"""One side of a phantom stays that side: every layout and storage, downsampled to tabled."""

import functools
import json

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import torch
from nibabel.orientations import axcodes2ornt, io_orientation, ornt_transform

from voxplain.atlas.labels import Atlas
from voxplain.atlas.place import check_place
from voxplain.attribution import grad_cam, guided_backprop
from voxplain.cohort.checks import Requirements
from voxplain.cohort.layouts import read_cohort
from voxplain.image.downsample import downsample_file
from voxplain.image.grid import Grid
from voxplain.image.masked import read_masked
from voxplain.image.nifti import write_volume
from voxplain.preparation.resample import MNI152, resample
from voxplain.preparation.transforms import Transform
from voxplain.regions.weights import region_weights

FINE = MNI152.coarsen((46, 55, 46))  # 4 mm
RIGHT = np.array([38.0, -22.0, 14.0])
COARSE = (15, 18, 16)
STORAGES = ["RAS", "LAS", "LPI", "PSR", "ASL", "IPR"]  # ASL and LAS: left-handed


def blob(grid, centre, width=9.0):
    world = grid.world(np.indices(grid.shape).reshape(3, -1).T)
    return np.exp(-((world - centre) ** 2).sum(1) / (2 * width**2)).reshape(grid.shape)


def save(path, storage):
    """The phantom, bright in the right hemisphere, stored along any axes."""
    image = nib.Nifti1Image((100 * blob(FINE, RIGHT) + 1).astype(np.float32), FINE.affine)
    turned = ornt_transform(io_orientation(FINE.affine), axcodes2ornt(storage))
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(image.as_reoriented(turned), path)
    assert "".join(nib.aff2axcodes(nib.load(path).affine)) == storage


def table(root, storage):
    lines = ["participant_id\tsex"]
    for k in range(4):
        save(root / f"sub-{k}.nii", storage)
        lines.append(f"sub-{k}\t{'FM'[k % 2]}")
    (root / "participants.tsv").write_text("\n".join(lines) + "\n")
    settings = dict.fromkeys(("family", "tiv", "age", "site", "morphometry", "mask"))
    files = {"participants": "participants.tsv", "image": "{participant_id}.nii"}
    return settings | files | {"label": "sex", "negative": "F", "positive": "M"}


def hcp(root, storage):
    lines = ["Subject,Release,Gender,Age"]
    for k in range(4):
        save(root / f"10000{k}/T1w/T1w_acpc_dc_restore_brain.nii.gz", storage)
        lines.append(f"10000{k},S1200,{'FM'[k % 2]},26-30")
    (root / "b.csv").write_text("\n".join(lines) + "\n")
    settings = dict.fromkeys(("restricted", "tiv", "morphometry"))
    return settings | {"image": "acpc", "behavioural": "b.csv"}


def bids(root, storage):
    lines = ["participant_id\tsex"]
    for k in range(4):
        save(root / f"sub-{k}/anat/sub-{k}_T1w.nii.gz", storage)
        lines.append(f"sub-{k}\t{'FM'[k % 2]}")
    (root / "participants.tsv").write_text("\n".join(lines) + "\n")
    described = {"Name": "x", "BIDSVersion": "1.10.0"}
    (root / "dataset_description.json").write_text(json.dumps(described))
    settings = dict.fromkeys(
        ("derivatives", "session", "family", "tiv", "age", "site", "morphometry")
    )
    names = {"participants": "participants.tsv", "entities": {}, "brain_mask": False}
    return settings | names | {"label": "sex", "negative": "F", "positive": "M"}


def oasis(root, storage):
    lines = ["ID,M/F,Hand,Age,Educ,SES,MMSE,CDR,eTIV,nWBV,ASF,Delay"]
    for k in range(4):
        name = f"OAS1_000{k}_MR1"
        save(root / name / f"mwrc1{name}_mpr_anon_fslswapdim_bet.nii.gz", storage)
        lines.append(f"{name},{'FM'[k % 2]},R,{20 + k},,,,,{1300 + k},0.8,1.1,N/A")
    (root / "t.csv").write_text("\n".join(lines) + "\n")
    return {"participants": "t.csv"}


class Brightness(torch.nn.Module):
    """Sees where an image is bright: its maps must be bright there, too."""

    def __init__(self):
        super().__init__()
        self.features = torch.nn.Sequential(
            torch.nn.Conv3d(1, 1, 1, bias=False), torch.nn.ReLU(), torch.nn.AvgPool3d(1)
        )
        torch.nn.init.ones_(self.features[0].weight)

    def forward(self, images):
        energy = self.features(images).square().flatten(1).sum(1)
        return torch.stack([-energy, energy], dim=1)


@functools.cache
def atlas():
    """The two hemispheres' blobs, stored with x running to the left."""
    grid = Grid((46, 55, 46), [[-4, 0, 0, 89], [0, 4, 0, -125], [0, 0, 4, -71], [0, 0, 0, 1]])
    labels = np.zeros(grid.shape, np.int32)
    labels[blob(grid, RIGHT) > 0.5] = 1
    labels[blob(grid, RIGHT * (-1, 1, 1)) > 0.5] = 2
    names = pd.DataFrame({"value": [1, 2], "name": ["blob_R", "blob_L"]})
    return check_place(Atlas("blobs", labels, grid, names))


def check_map(path, grid, values):
    """From the file as others read it: the map's middle, and its first region."""
    write_volume(path, values, grid)
    image = nib.load(path)
    data = image.get_fdata()
    bright = np.argwhere(data > data.max() / 2)
    middle = np.average(
        nib.affines.apply_affine(image.affine, bright), axis=0, weights=data[tuple(bright.T)]
    )
    assert np.abs(middle - RIGHT).max() < 6, middle  # half a coarse voxel
    weights, _ = region_weights(atlas(), grid)
    means = pd.Series(weights @ np.ravel(values), atlas().table["name"])
    assert means["blob_R"] > 9 * means["blob_L"]


@pytest.mark.parametrize("layout", [table, hcp, bids, oasis])
def test_no_step_mirrors(tmp_path, layout):
    for storage in STORAGES if layout is table else STORAGES[1:4:2]:
        root = tmp_path / storage
        root.mkdir()
        required = Requirements({"negative": "women", "positive": "men"})
        people = read_cohort(layout.__name__, root, layout(root, storage), required).participants
        volumes, grid = [], None
        for path in people["image"]:
            volume, grid, _ = downsample_file(path, COARSE)
            volumes.append(volume)
        images = torch.from_numpy(np.stack(volumes)).unsqueeze(1)
        targets = torch.ones(len(images), dtype=torch.int64)
        for explain in (grad_cam, guided_backprop):
            maps = explain(Brightness(), images, targets).maps.numpy()
            check_map(tmp_path / "map.nii.gz", grid, maps.mean(axis=0))


@pytest.mark.parametrize("storage", STORAGES)
def test_registration_does_not_mirror(tmp_path, storage):
    save(tmp_path / "a.nii", storage)
    data, grid, _ = read_masked(tmp_path / "a.nii")
    coarse, mni = resample(data, grid, Transform("identity"), COARSE)
    check_map(tmp_path / "map.nii.gz", mni, coarse)
