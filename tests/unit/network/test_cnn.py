"""The network is the paper's, or a user's own, which has to show that it can be used."""

import textwrap

import numpy as np
import pytest
import torch

from voxplain import attribution
from voxplain.attribution.layers import first_hidden_layer
from voxplain.errors import ConfigError
from voxplain.network.check import check_network
from voxplain.network.cnn import CNN3D, build_network, load_model, save_model
from voxplain.network.training import TrainingSettings, predict_logits, train

CPU = torch.device("cpu")
PAPER = {"shape": (22, 24, 22), "channels": (2, 3, 4)}
OWN = {"shape": (12, 14, 12), "n_classes": 2}
HEAD = "import torch\nfrom torch import nn\n"
NET = """
class Net(nn.Module):
    def __init__(self, shape, n_classes, width=3):
        super().__init__()
        self.conv = nn.Conv3d(1, width, 3)
        self.head = nn.Linear(width, n_classes)
    def forward(self, x):
        return self.head(self.conv(x).relu().mean((2, 3, 4)))
"""


@pytest.fixture
def network_file(tmp_path, monkeypatch):
    """Write a network's file into the working directory and return its source."""
    monkeypatch.chdir(tmp_path)

    def write(text):
        (tmp_path / "own.py").write_text(HEAD + textwrap.dedent(text))
        return "own.py:Net"

    return write


def test_the_papers_network_has_the_papers_size():
    model = CNN3D()
    assert sum(parameter.numel() for parameter in model.parameters()) == 322_818
    assert model.linear.in_features == 22_400
    kinds = [type(layer).__name__ for layer in model.blocks[0]]
    assert kinds == ["Conv3d", "BatchNorm3d", "ReLU", "MaxPool3d"]


def test_a_grid_too_small_says_how_small_it_may_be():
    with pytest.raises(ConfigError, match="at least 22 voxels"):
        CNN3D((21, 30, 30), (4, 4, 4))
    assert CNN3D((22, 22, 22), (4, 4, 4)).linear.in_features == 4


def test_a_saved_model_comes_back_and_has_the_same_bytes(tmp_path):
    torch.manual_seed(0)
    model = build_network(None, PAPER).eval()
    save_model(tmp_path / "a.pt", model, PAPER, fold="01")
    save_model(tmp_path / "b.pt", model, PAPER, fold="01")
    assert (tmp_path / "a.pt").read_bytes() == (tmp_path / "b.pt").read_bytes()
    before = torch.get_rng_state()
    loaded, extra = load_model(tmp_path / "a.pt")
    assert torch.equal(before, torch.get_rng_state())
    assert extra == {"fold": "01"}
    images = np.random.default_rng(0).normal(size=(4, 22, 24, 22)).astype(np.float32)
    for name, value in model.state_dict().items():
        assert torch.equal(value, loaded.state_dict()[name])
    # The same weights in memory of another layout or alignment may give other last bits.
    np.testing.assert_allclose(
        predict_logits(model, images), predict_logits(loaded, images), rtol=1e-5, atol=1e-6
    )


def test_own_network_is_trained_saved_and_read_back(network_file, tmp_path):
    source, arguments = network_file(NET), OWN | {"width": 5}
    images = np.random.default_rng(0).normal(size=(9, 12, 14, 12)).astype(np.float32)
    model, _ = train(
        lambda: build_network(source, arguments),
        images,
        np.arange(9) % 2,
        TrainingSettings(epochs=1, batch_size=4),
        seed=0,
        device=CPU,
    )
    save_model(tmp_path / "model.pt", model, arguments)
    loaded, _ = load_model(tmp_path / "model.pt", source=source)
    assert loaded.conv.out_channels == 5
    np.testing.assert_allclose(  # the trained model's memory layout differs, and with it the bits
        predict_logits(model, images), predict_logits(loaded, images), rtol=1e-5
    )


def test_a_model_file_holds_no_code(network_file, tmp_path):
    source = network_file(NET)
    save_model(tmp_path / "model.pt", build_network(source, OWN), OWN)
    content = torch.load(tmp_path / "model.pt", weights_only=True)
    assert content["settings"] == OWN
    assert set(content["state"]) == {"conv.weight", "conv.bias", "head.weight", "head.bias"}
    assert b"own" not in (tmp_path / "model.pt").read_bytes()


def test_weights_of_another_network_are_refused(network_file, tmp_path):
    source = network_file(NET)
    save_model(tmp_path / "model.pt", build_network(source, OWN), OWN)
    network_file(NET.replace("self.conv", "self.first"))
    with pytest.raises(ConfigError, match=r"model\.pt: these weights do not fit own\.py:Net"):
        load_model(tmp_path / "model.pt", source=source)


def test_a_mixture_of_2d_and_3d_layers_trains(network_file):
    source = network_file("""
    class Net(nn.Module):
        def __init__(self, shape, n_classes):
            super().__init__()
            self.solid, self.flat = nn.Conv3d(1, 2, 3), nn.Conv2d(2, 2, 3)
        def forward(self, x):
            return self.flat(self.solid(x).relu().mean(2)).mean((2, 3))
    """)
    images = np.random.default_rng(0).normal(size=(6, 12, 14, 12)).astype(np.float32)
    settings = TrainingSettings(epochs=1, batch_size=3)
    _, history = train(
        lambda: build_network(source, OWN), images, np.arange(6) % 2, settings, 0, CPU
    )
    assert np.isfinite(history["loss"]).all()


def test_a_good_network_passes_and_its_seed_is_not_felt(network_file):
    before = torch.get_rng_state()
    model = check_network(network_file(NET), OWN | {"width": 4}, CPU)
    assert torch.equal(before, torch.get_rng_state())
    assert not model.training


def test_a_network_is_tried_without_a_temporary_folder(network_file, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", "/dev/null")  # nothing can be written there
    check_network(network_file(NET), OWN, CPU)


FAULTS = {
    "syntax": ("class Net(", r"fails when it is imported: SyntaxError"),
    "import": ("import nosuchpackage", r"No module named 'nosuchpackage' \(.*own\.py, line 3\)"),
    "name": ("Other = 1", r"own\.py has no Net"),
    "callable": ("Net = 3", r"own\.py:Net is a int"),
    "arguments": (
        "def Net(n_classes): return nn.Linear(1, 1)",
        r"called with shape, n_classes: TypeError: .*unexpected keyword argument 'shape'",
    ),
    "module": ("def Net(**settings): return settings", r"returned a dict"),
    "parameters": ("def Net(**settings): return nn.Flatten()", r"no parameters to train"),
    "lazy": (
        "def Net(shape, n_classes): return nn.Sequential(nn.Flatten(), nn.LazyLinear(2))",
        r"lazy layers",
    ),
    "forward": (
        NET.replace("self.conv(x)", "self.conv(x[:, 0, 0])"),
        r"fails when it is trained: RuntimeError: .*\(.*own\.py, line 10\)",
    ),
    "shape": (
        NET.replace(".mean((2, 3, 4))", "").replace("self.head(", "("),
        r"returned \(2, 3, 10, 12, 10\) for 2 images; it must return logits of shape \(2, 2\)",
    ),
    "tuple": (NET.replace("return self", "return 0, self"), r"returned tuple"),
    "state": (NET + "    def get_extra_state(self): return 'text'\n", r"has a str in"),
    "numpy": (
        "import numpy as np\n"
        + NET.replace(
            "self.head =", "self.conv.weight.data *= np.random.rand()\n        self.head ="
        ),
        r"has different initial weights each time \(conv\.weight\)",
    ),
    "hidden": (
        NET.replace("self.head =", "self.hidden = torch.rand(1)\n        self.head =").replace(
            "return self", "return self.hidden * self"
        ),
        r"gives different predictions after reloading",
    ),
    "dropout": (
        NET.replace("return self", "x = nn.functional.dropout(x)\n        return self"),
        r"from one call to the next in eval mode",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_with_a_network_is_said(fault, network_file):
    text, message = FAULTS[fault]
    with pytest.raises(ConfigError, match=message):
        check_network(network_file(text), OWN, CPU)


def test_monais_residual_network_is_explained(network_file):
    """A residual network that nobody wrote for this project."""
    pytest.importorskip("monai")
    source = network_file("""
    from monai.networks.nets import resnet10
    def Net(shape, n_classes, **settings):
        return resnet10(spatial_dims=3, n_input_channels=1, num_classes=n_classes, **settings)
    """)
    arguments = {"shape": (24, 28, 24), "n_classes": 2, "widen_factor": 0.125}
    model = check_network(source, arguments, CPU)
    images = torch.rand(2, 1, 24, 28, 24, generator=torch.Generator().manual_seed(1))
    guided = attribution.guided_backprop(model, images).maps
    assert guided.flatten(1).amax(1).min() > 0
    cam = attribution.grad_cam(model, images)
    named = attribution.grad_cam(model, images, layer="layer4")
    torch.testing.assert_close(cam.maps, named.maps)
    perturbed = attribution.meaningful_perturbation(model, images, iterations=2, draws=1).maps
    assert perturbed.shape == guided.shape == cam.maps.shape == (2, 24, 28, 24)
    with torch.no_grad():
        expected = model.maxpool(model.act(model.bn1(model.conv1(images))))
    torch.testing.assert_close(first_hidden_layer(model, images), expected)


def test_training_pools_first_with_the_same_result():
    torch.manual_seed(0)
    block = CNN3D(**PAPER).blocks[0].train()
    images = torch.rand(3, 1, 22, 24, 22)
    cotangent = torch.randn(3, 2, 10, 11, 10)
    paper = block.pool(block.relu(block.norm(block.conv(images))))
    expected = torch.autograd.grad((paper * cotangent).sum(), block.parameters())
    pooled_first = block(images)
    gradients = torch.autograd.grad((pooled_first * cotangent).sum(), block.parameters())
    # The same convolution twice; the gradients' sums may be split otherwise on other processors.
    torch.testing.assert_close(pooled_first, paper, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(gradients, expected, rtol=1e-5, atol=1e-5)
