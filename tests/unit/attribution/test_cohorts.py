"""Maps made a part at a time are those made at once."""

import numpy as np
import pytest
import torch

from voxplain.attribution import METHODS
from voxplain.attribution import cohorts as module
from voxplain.attribution.cohorts import explain_parts, targets_of, write_maps
from voxplain.image.stack import Stack
from voxplain.network.checkpoints import Checkpoint
from voxplain.network.cnn import CNN3D
from voxplain.run.files import write_array

SHAPE = (22, 22, 22)
QUICK = {"iterations": 3, "draws": 1, "jitter": 2, "mask_scale": 2}


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PART_VOXELS", 2 * 22**3)
    torch.manual_seed(0)  # weights of a throw-away network
    model = CNN3D(SHAPE, (2, 2, 2)).eval()
    images = np.random.default_rng(0).random((5, *SHAPE), np.float32)
    write_array(tmp_path / "images.npy", images)
    return model, Stack(tmp_path / "images.npy")


@pytest.mark.parametrize("targets", [None, np.array([1, 0, 0, 1, 1])])
@pytest.mark.parametrize("method", ["grad_cam", "meaningful_perturbation"])
def test_parts_make_the_whole(study, tmp_path, method, targets):
    model, images = study
    settings = QUICK if method == "meaningful_perturbation" else {}
    arguments = None if targets is None else torch.from_numpy(targets)
    expected = METHODS[method](model, torch.from_numpy(images[:])[:, None], arguments, **settings)
    results = explain_parts(METHODS[method], model, images, targets, settings)
    actual = write_maps(results, {tmp_path / "a.npy": 3, tmp_path / "b.npy": 2}, images)
    maps = Stack(tmp_path / "a.npy", tmp_path / "b.npy")
    np.testing.assert_allclose(maps[:], expected.maps, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(actual["target"], expected.targets)
    np.testing.assert_allclose(actual["score"], expected.scores, rtol=1e-4, atol=1e-6)
    for name, value in expected.details.items():
        assert actual[name].shape == value.shape


def test_each_part_is_kept_and_counted(study, tmp_path):
    model, images = study
    explain = METHODS["meaningful_perturbation"]
    checkpoint = Checkpoint(tmp_path / "checkpoint.pt", "test")
    done = []
    first = list(
        explain_parts(
            explain,
            model,
            images,
            None,
            QUICK,
            progress=lambda *counts: done.append(counts),
            checkpoint=checkpoint,
        )
    )
    names = sorted(path.name for path in tmp_path.glob("*.pt"))
    assert names == ["1-checkpoint.pt", "2-checkpoint.pt", "checkpoint.pt"]
    assert done == sorted(done)
    assert done[-1] == (15, 15)
    again = Checkpoint(tmp_path / "checkpoint.pt", "test")
    done.clear()
    second = list(
        explain_parts(
            explain,
            model,
            images,
            None,
            QUICK,
            progress=lambda *counts: done.append(counts),
            checkpoint=again,
        )
    )
    assert done == []  # nothing was computed again
    for a, b in zip(first, second, strict=True):
        assert torch.equal(a.maps, b.maps)
    again.remove()
    assert not list(tmp_path.glob("*.pt"))


def test_targets_by_their_names():
    labels = np.array([0, 1, 1])
    assert targets_of("true_class", labels).tolist() == [0, 1, 1]
    assert targets_of("positive_class", labels).tolist() == [1, 1, 1]
    assert targets_of("positive_class", labels).dtype == labels.dtype
    assert targets_of("predicted_class", labels) is None
