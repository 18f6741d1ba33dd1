"""`voxplain explain`: the package's maps, from a file that says what its network needs."""

import pickle
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import torch
import yaml
from typer.testing import CliRunner

from voxplain.attribution import METHODS, grad_cam, meaningful_perturbation
from voxplain.cli import app
from voxplain.cli.explain import Method
from voxplain.explain import method_settings
from voxplain.image.downsample import downsample_file
from voxplain.image.intensity import normalise
from voxplain.network.cnn import CNN3D, save_model
from voxplain.run.config import SCHEMA, project_folder
from voxplain.run.seeds import stream_seed

SHAPE = (22, 26, 22)
NETWORK = """\
from torch import nn


class Small(nn.Module):
    def __init__(self, shape, n_classes, width=2):
        super().__init__()
        self.body = nn.Sequential(nn.Conv3d(1, width, 3), nn.ReLU(), nn.AdaptiveAvgPool3d(1))
        self.head = nn.Linear(width, n_classes)

    def forward(self, images):
        return self.head(self.body(images).flatten(1))
"""


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Write a LAS image, and a model file as the workflow writes it; return the network."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    affine = np.array([[-3.0, 0, 0, 70], [0, 3, 0, -80], [0, 0, 3, -60], [0, 0, 0, 1]])
    for name in ("a", "b"):
        data = rng.integers(1, 200, (44, 52, 44)).astype(np.int16)
        nib.save(nib.Nifti1Image(data, affine), f"{name}.nii.gz")
    torch.manual_seed(0)
    model = CNN3D(SHAPE, (2, 2, 2)).eval()
    _, grid, _ = downsample_file("a.nii.gz", SHAPE)
    form = {
        "shape": list(SHAPE),
        "normalisation": "brain_mean",
        "classes": ["women", "men"],
        "affine": grid.affine.tolist(),
        "space": "native",
        "contrast": "T1w",
    }
    arguments = {"shape": list(SHAPE), "channels": [2, 2, 2], "dropout": 0.5, "n_classes": 2}
    save_model("model.pt", model, arguments, fold="01", input=form)
    return model


def inputs(name):
    volume, grid, _ = downsample_file(f"{name}.nii.gz", SHAPE)
    return torch.from_numpy(normalise(volume[None], "brain_mean"))[:, None], grid


def test_every_method_can_be_named():
    assert {method.replace("-", "_") for method in Method} == set(METHODS)


@pytest.mark.parametrize(("target", "number"), [("1", 1), ("women", 0), (None, None)])
def test_the_map_is_the_packages(study, target, number):
    options = ["--target", target] if target else []
    done = run(
        "explain", "model.pt", "a.nii.gz", "--method", "grad-cam", "--out", "m.nii", *options
    )
    assert done.exit_code == 0, done.output
    images, grid = inputs("a")
    targets = None if number is None else torch.tensor([number])
    expected = grad_cam(study, images, targets)
    written = nib.load("m.nii")
    np.testing.assert_allclose(written.get_fdata(), expected.maps[0], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(written.affine, grid.affine, atol=1e-5)
    assert nib.aff2axcodes(written.affine) == ("R", "A", "S")
    with torch.no_grad():
        probabilities = study(images).softmax(1)[0]
    assert f"{probabilities[0]:.3f}" in done.output
    assert f"{probabilities[1]:.3f}" in done.output


def test_a_narrow_terminal_hides_nothing(study):
    name = f"{'long' * 12}.nii.gz"
    Path("a.nii.gz").rename(name)
    arguments = ("explain", "model.pt", name, "--method", "grad-cam", "--out", "m.nii")
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": "50"})
    assert done.exit_code == 0, done.output
    assert "\N{HORIZONTAL ELLIPSIS}" not in done.output


def test_settings_and_seed_are_those_of_the_run(study, tmp_path):
    Path("config.yaml").write_text(
        "seed: 7\nattribution: {meaningful_perturbation: {iterations: 9, draws: 2, sigma_0: 2.0}}\n"
    )
    done = run(
        "explain",
        "model.pt",
        "a.nii.gz",
        "b.nii.gz",
        "--method=meaningful-perturbation",
        "--config=config.yaml",
        "--set=iterations=3",
        "--target=0",
        "--out=maps",
    )
    assert done.exit_code == 0, done.output
    settings = {"iterations": 3, "draws": 2, "sigma_0": 2.0}
    seed = stream_seed(7, "meaningful_perturbation")
    for name in ("a", "b"):
        expected = meaningful_perturbation(
            study, inputs(name)[0], torch.tensor([0]), seed=seed, **settings
        )
        written = nib.load(f"maps/{name}_desc-meaningful_perturbation_map.nii.gz").get_fdata()
        np.testing.assert_allclose(written, expected.maps[0], atol=1e-6)


def test_on_the_images_own_grid_the_map_lies_in_the_same_place(study):
    for option, name in ((), "coarse.nii"), (("--on-input-grid",), "fine.nii"):
        arguments = ("explain", "model.pt", "a.nii.gz", "--method", "guided-backprop")
        assert run(*arguments, "--target", 1, "--out", name, *option).exit_code == 0
    coarse, fine = nib.load("coarse.nii"), nib.load("fine.nii")
    assert fine.shape == (44, 52, 44)
    np.testing.assert_allclose(fine.affine, nib.load("a.nii.gz").affine)
    centre = np.array([11, 13, 11])
    world = nib.affines.apply_affine(coarse.affine, centre)
    voxel = nib.affines.apply_affine(np.linalg.inv(fine.affine), world)  # between eight voxels
    corners = np.array(np.meshgrid(*[(0, 1)] * 3)).reshape(3, -1).T + np.floor(voxel).astype(int)
    around = [fine.get_fdata()[tuple(corner)] for corner in corners]
    value = coarse.get_fdata()[tuple(centre)]
    assert min(around) <= value <= max(around) + 1e-6


def test_maps_of_registered_images_stay_where_these_are(study):
    weights = torch.load("model.pt")
    weights["input"]["registration"] = "antspy"
    torch.save(weights, "registered.pt")
    arguments = ("explain", "registered.pt", "a.nii.gz", "--method", "grad-cam", "--out", "m.nii")
    done = run(*arguments, "--on-input-grid")
    assert done.exit_code == 1
    assert "in MNI152 space; leave the option out" in " ".join(done.output.split())
    assert run(*arguments).exit_code == 0  # it is where they are already


def test_a_users_network_from_its_file_and_state_dict(study):
    Path("small.py").write_text(NETWORK)
    namespace = {}
    exec(NETWORK, namespace)
    torch.manual_seed(1)
    network = namespace["Small"](SHAPE, 2, width=3).eval()
    torch.save(network.state_dict(), "weights.pt")
    arguments = ["explain", "weights.pt", "a.nii.gz", "--method", "grad-cam", "--out", "m.nii"]
    options = ["--network", "small.py:Small", "--network-set", "width=3"]
    form = ["--shape", *SHAPE, "--normalisation", "brain_mean"]
    done = run(*arguments, *options, *form)
    assert done.exit_code == 0, done.output
    expected = grad_cam(network, inputs("a")[0]).maps[0]
    np.testing.assert_allclose(nib.load("m.nii").get_fdata(), expected, rtol=1e-4, atol=1e-7)
    refused = run(*arguments, *options)
    assert refused.exit_code == 1
    assert "shape and normalisation" in " ".join(refused.output.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["model.pt", "none.nii.gz"], "none.nii.gz does not exist"),
        (["none.pt", "a.nii.gz"], "none.pt does not exist"),
        (["model.pt", "a.nii.gz", "--target", "7"], "classes 0 to 1"),
        (["model.pt", "a.nii.gz", "--target", "boys"], "classes are women, men"),
        (["model.pt", "a.nii.gz", "--set", "layr=x"], "has no setting layr"),
        (["model.pt", "a.nii.gz", "--set", "layer"], "key=value"),
        (["model.pt", "a.nii.gz", "b.nii.gz"], "one file for 2 images"),
        (["model.pt", "a.nii.gz", "--shape", "9", "9", "9"], "holds the shape"),
        (["code.pt", "a.nii.gz"], "not a file of weights"),
        (["model.pt", "shifted.nii.gz"], "another field of view"),
        (["model.pt", "a.nii.gz", "--network", "none.py:X"], "no file none.py"),
    ],
)
def test_errors_of_the_input_end_in_one_message(study, arguments, message):
    Path("code.pt").write_bytes(pickle.dumps(CliRunner()))
    image = nib.load("a.nii.gz")
    moved = nib.affines.from_matvec(np.eye(3), [0, 2, 0]) @ image.affine
    nib.save(nib.Nifti1Image(image.get_fdata(), moved), "shifted.nii.gz")
    done = run("explain", *arguments, "--method", "grad-cam", "--out", "m.nii.gz")
    assert done.exit_code == 1, done.output
    assert message in " ".join(done.output.split())
    assert "Traceback" not in done.output
    assert not Path("m.nii.gz").exists()


def test_a_map_has_an_images_name(study):
    """One image's map under another ending would be a folder of that name."""
    done = run("explain", "model.pt", "a.nii.gz", "--method", "grad-cam", "--out", "m.mgz")
    assert done.exit_code == 1
    assert "m.mgz is neither .nii or .nii.gz nor an existing" in " ".join(done.output.split())
    assert not Path("m.mgz").exists()


COMMAND = ("explain", "model.pt", "a.nii.gz", "--out", "m.nii")


@pytest.mark.parametrize("method", METHODS)
def test_a_value_of_another_kind_ends_in_one_message(study, method):
    for name in method_settings(method):
        for value in ("abc", "", "[1]"):
            typed = method.replace("_", "-")
            done = run(*COMMAND, "--method", typed, "--set", f"{name}={value}")
            message = " ".join(done.output.split())
            if (name, value) == ("layer", ""):  # null, which is the default
                assert done.exit_code == 0, message
                Path("m.nii").unlink()
                continue
            assert done.exit_code == 1, f"{name}={value}: {message} {done.exception!r}"
            assert message.count("Error:") == 1
            assert name in message
            assert "Traceback" not in message
            assert not Path("m.nii").exists()


@pytest.mark.parametrize("method", METHODS)
def test_settings_are_those_that_the_configuration_documents(method):
    documented = yaml.safe_load((project_folder() / SCHEMA).read_text())
    documented = documented["properties"]["attribution"]["properties"][method]["properties"]
    assert method_settings(method) == sorted(documented)


def test_what_the_workflow_hands_over_is_no_setting(study):
    for name in ("checkpoint", "progress", "seed", "images"):
        done = run(*COMMAND, "--method", "meaningful-perturbation", "--set", f"{name}=1")
        assert done.exit_code == 1
        assert f"has no setting {name}" in " ".join(done.output.split())
