"""What a call leaves behind: nothing, also after an error, and what input it refuses."""

import copy
import gc

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from voxplain.attribution import METHODS, AttributionResult, gradient_maps
from voxplain.errors import AttributionError


class Network(nn.Module):
    """Has what can be left changed: modes, buffers, attributes, hooks, an eager random draw."""

    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(
            nn.Sequential(
                nn.Conv3d(1, 3, 3), nn.BatchNorm3d(3), nn.ReLU(inplace=True), nn.MaxPool3d(2)
            ),
            nn.Sequential(nn.Conv3d(3, 4, 3), nn.BatchNorm3d(4), nn.ReLU()),
        )
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(4 * 3 * 4 * 3, 3))
        self.register_buffer("calls", torch.zeros(()))
        self.last = None
        self.fails = False

    def forward(self, x):
        x -= 0.1
        self.calls += 1
        torch.rand(3)
        self.last = self.blocks(x)
        if self.fails:
            raise ValueError("the network's own error")
        return self.head(self.last)


@pytest.fixture
def model():
    torch.manual_seed(0)
    model = Network().double().train()
    model.blocks[0][1].eval()
    model.head[1].eval()
    model.blocks[1][0].weight.requires_grad_(False)
    model.head[2].weight.grad = torch.ones_like(model.head[2].weight)
    model.seen = []
    model.blocks.register_forward_hook(lambda *_: model.seen.append(1))
    return model


@pytest.fixture
def images():
    generator = torch.Generator().manual_seed(1)
    return torch.rand((2, 1, 12, 14, 12), generator=generator, dtype=torch.float64)


def snapshot(model):
    state = {}
    for name, module in model.named_modules():
        hooks = [list(value) for key, value in vars(module).items() if key.endswith("_hooks")]
        state[name, "module"] = (id(module), module.training, hooks, sorted(vars(module)))
    for name, value in [*model.named_parameters(), *model.named_buffers()]:
        gradient = None if value.grad is None else value.grad.clone()
        state[name, "tensor"] = (id(value), value.requires_grad, value._version, gradient)
        state[name, "value"] = value.detach().clone()
    state["last"] = model.last
    state["generator"] = torch.get_rng_state()
    return state


def same(actual, expected):
    if isinstance(expected, torch.Tensor):
        return torch.equal(actual, expected)
    if isinstance(expected, tuple):
        return len(actual) == len(expected) and all(map(same, actual, expected))
    return actual == expected


def assert_same(actual, expected):
    assert actual.keys() == expected.keys()
    assert [key for key in expected if not same(actual[key], expected[key])] == []


QUICK = {
    "meaningful_perturbation": {"iterations": 3, "draws": 2, "mask_scale": 6},
    "integrated_gradients": {"steps": 3},
    "smooth_grad": {"samples": 2},
    "occlusion": {"window": 6, "stride": 6},
}


def call(name, model, images, **kwargs):
    kwargs = {**QUICK.get(name, {}), **kwargs}
    return METHODS[name](model, images, **kwargs)


every_method = pytest.mark.parametrize("name", METHODS)


@every_method
def test_nothing_is_left_behind(name, model, images):
    before, kept = snapshot(model), images.clone()
    result = call(name, model, images)
    assert_same(snapshot(model), before)
    assert torch.equal(images, kept)
    assert not images.requires_grad
    assert images.grad is None
    assert model.seen  # the user's own hooks are run, not dropped
    assert isinstance(result, AttributionResult)
    assert result.method == name
    for tensor in (result.maps, result.targets, result.scores):
        assert not tensor.requires_grad
    copy.deepcopy(model)


@every_method
def test_nothing_is_left_behind_after_an_error(name, model, images):
    model.fails = True
    before, grad_enabled = snapshot(model), torch.is_grad_enabled()
    with pytest.raises(ValueError, match="own error"):
        call(name, model, images)
    with pytest.raises(AttributionError):
        call(name, model, images[:, :, :, 0])
    model.fails = False
    with pytest.raises(AttributionError, match="classes 0 to 2"):
        call(name, model, images, targets=torch.tensor([0, 3]))
    assert_same(snapshot(model), before)
    assert torch.is_grad_enabled() == grad_enabled


@pytest.mark.parametrize("upsampling", ["paper", "receptive_field"])
def test_both_gradient_methods_at_once_leave_nothing_behind(upsampling, model, images):
    before, kept = snapshot(model), images.clone()
    results = gradient_maps(model, images, upsampling=upsampling)
    model.fails = True
    with pytest.raises(ValueError, match="own error"):
        gradient_maps(model, images, upsampling=upsampling)
    model.fails = False
    assert_same(snapshot(model), before)
    assert torch.equal(images, kept)
    assert not any(result.maps.requires_grad for result in results)
    gc.collect()
    tensors = [value for value in gc.get_objects() if type(value) is torch.Tensor]
    assert [value for value in tensors if value.grad_fn is not None] == []


@every_method
def test_modes_gradients_and_repetition_do_not_matter(name, model, images):
    expected = call(name, model, images)
    model.eval()
    again = call(name, model, images.clone().requires_grad_())
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    with torch.no_grad():
        frozen = call(name, model, images)
    with torch.inference_mode():
        inference = call(name, model, images.clone())
    for result in (again, frozen, inference):
        torch.testing.assert_close(result.maps, expected.maps)
        torch.testing.assert_close(result.scores, expected.scores)
    assert expected.maps.max() > 0 or name == "meaningful_perturbation"


@every_method
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_results_have_the_contracts_form(name, dtype, model, images):
    result = call(name, model.to(dtype), images.to(dtype))
    assert result.maps.shape == (2, 12, 14, 12)
    assert result.maps.dtype == result.scores.dtype == dtype
    assert result.targets.dtype == torch.int64
    assert result.targets.shape == result.scores.shape == (2,)
    assert torch.isfinite(result.maps).all()
    assert (result.maps >= 0).all()
    with torch.no_grad():
        logits = model.eval()(images.to(dtype).clone())
    assert torch.equal(result.targets, logits.argmax(1))
    torch.testing.assert_close(result.scores, logits.max(1).values)
    assert all(len(values) == 2 for values in result.details.values())


@every_method
def test_targets_are_per_image(name, model, images):
    targets = torch.tensor([2, 1])
    both = call(name, model, images, targets=targets)
    assert torch.equal(both.targets, targets)
    for i in range(2):
        single = call(name, model, images[i : i + 1], targets=targets[i : i + 1])
        torch.testing.assert_close(single.maps[0], both.maps[i], rtol=1e-9, atol=1e-9)


@every_method
def test_no_graph_is_kept_alive(name, model, images):
    call(name, model, images)
    gc.collect()
    alive = [
        value
        for value in gc.get_objects()
        if type(value) is torch.Tensor and value.grad_fn is not None
    ]
    assert alive == []


@every_method
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x[:, 0], r"\(n, 1, D, H, W\)"),
        (lambda x: x.expand(-1, 2, -1, -1, -1), r"\(n, 1, D, H, W\)"),
        (lambda x: x[:0], "n at least 1"),
        (lambda x: x.float(), "float64 but the images are torch.float32"),
        (lambda x: x.half(), "pass float32 or float64"),
        (lambda x: x.numpy(), "pass a torch tensor"),
        (lambda x: x.index_fill(0, torch.tensor([1]), float("nan")), r"images \[1\] hold NaN"),
    ],
)
def test_unusable_images_are_named(name, change, message, model, images):
    with pytest.raises(AttributionError, match=message):
        call(name, model, change(images))


@every_method
def test_an_unusable_model_is_named(name, images):
    with pytest.raises(AttributionError, match="model is a function; pass a torch"):
        call(name, call, images)


@every_method
@pytest.mark.parametrize(
    "targets", [torch.tensor([0]), torch.tensor([0.0, 1]), torch.tensor([[0, 1]]), torch.tensor(0)]
)
def test_unusable_targets_are_named(name, targets, model, images):
    with pytest.raises(AttributionError, match="one int64 class"):
        call(name, model, images, targets=targets)


@every_method
def test_negative_targets_do_not_wrap_around(name, model, images):
    with pytest.raises(AttributionError, match=r"classes \[-1\]"):
        call(name, model, images, targets=torch.tensor([0, -1]))


@every_method
def test_unusable_logits_are_named(name, model, images):
    with pytest.raises(AttributionError, match="one row of logits"):
        call(name, nn.Sequential(nn.Conv3d(1, 2, 3), nn.ReLU()).double(), images)
    model.head[2].bias.data.fill_(float("inf"))
    with pytest.raises(AttributionError, match="not finite"):
        call(name, model, images)


class LooksAtOnePlace(nn.Module):
    """Class 1 rises with the brightness of the voxels 3 to 7 along each axis, nothing else."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv3d(1, 1, 3, padding=1, bias=False)
        nn.init.constant_(self.conv.weight, 1 / 27)

    def forward(self, x):
        place = F.relu(self.conv(x))[:, 0, 3:8, 3:8, 3:8].mean((1, 2, 3))
        return torch.stack((4 - 8 * place, 8 * place - 4), 1)


@every_method
def test_the_one_place_that_decides_is_found(name):
    x = torch.zeros(1, 1, 16, 16, 16)
    x[..., 2:9, 2:9, 2:9] = 1
    x[..., 11:15, 11:15, 11:15] = 1  # just as bright, and of no concern
    settings = {}
    if name == "meaningful_perturbation":
        settings = {"iterations": 60, "draws": 3, "jitter": 2, "mask_scale": 2, "sigma_m": 1}
        settings |= {"lambda_1": 1, "learning_rate": 0.1}
    elif name == "occlusion":
        settings = {"window": 4, "stride": 2}
    result = METHODS[name](LooksAtOnePlace(), x, **settings)
    assert result.targets.tolist() == [1]
    actual = result.maps[0]
    inside = torch.zeros(16, 16, 16, dtype=torch.bool)
    inside[2:9, 2:9, 2:9] = True
    assert inside.flatten()[actual.argmax()]
    if name == "grad_cam":  # weighs channels, so it cannot tell two bright places apart
        inside[11:15, 11:15, 11:15] = True
    assert actual[inside].mean() > 5 * actual[~inside].mean()
