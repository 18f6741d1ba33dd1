"""The guide's example, NIfTI in and NIfTI out: the map lies where the image's bright spot lies."""

from pathlib import Path

import nibabel as nib
import numpy as np
import torch
from torch import nn

from voxplain.network.cnn import CNN3D, save_model

GUIDE = Path(__file__).parents[3] / "docs" / "howto" / "library.md"
EXAMPLE = GUIDE.read_text().partition("```python\n")[2].partition("```")[0]


def write_inputs(spot):
    """Write a network that seeks brightness and an LAS image, bright around a place in mm."""
    affine = np.array([[-1.0, 0, 0, 60], [0, 1.5, 0, -90], [0, 0, 1.2, -50], [0, 0, 0, 1]])
    voxels = np.moveaxis(np.indices((116, 110, 100)), 0, -1)
    world = nib.affines.apply_affine(affine, voxels)
    image = (np.abs(world - spot) < 5).all(-1).astype(np.int16) * 700
    nib.save(nib.Nifti1Image(image, affine), "sub-01_T1w.nii.gz")
    model = CNN3D(channels=(1, 1, 1))
    for block in model.blocks:
        nn.init.constant_(block.conv.weight, 1 / 27)
        nn.init.zeros_(block.conv.bias)
    weight = model.linear.weight
    weight.data = torch.tensor([[-1.0], [1.0]]).expand_as(weight).clone()
    nn.init.zeros_(model.linear.bias)
    save_model("model.pt", model, {"channels": (1, 1, 1)})


def test_it_runs_and_the_map_lies_on_the_spot(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spot = np.array([-12.0, 15, 8])
    write_inputs(spot)
    exec(compile(EXAMPLE, "example", "exec"), {})
    actual = nib.load("sub-01_grad-cam.nii.gz")
    assert actual.shape == (58, 70, 58)
    assert nib.aff2axcodes(actual.affine) == ("R", "A", "S")
    data = actual.get_fdata()
    centre = [(index * data).sum() / data.sum() for index in np.indices(data.shape)]
    # Features are 4 voxels of about 2 mm apart.
    np.testing.assert_allclose(nib.affines.apply_affine(actual.affine, centre), spot, atol=2)
