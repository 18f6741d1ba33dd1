import numpy as np
import pytest
import torch
from torch import nn

from voxplain.attribution.controls import input_gradient
from voxplain.evaluation.trust import network_variants
from voxplain.evaluation.trust.sanity_and_stability import INTACT
from voxplain.network.cnn import CNN3D


@pytest.fixture
def model():
    torch.manual_seed(0)
    return CNN3D((30, 30, 30), (3, 4, 16)).eval()


@pytest.fixture
def images():
    return torch.rand(6, 1, 30, 30, 30, generator=torch.Generator().manual_seed(1))


def state(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def changed(a, b):
    return {name for name in a if not torch.equal(a[name], b[name])}


def test_weights_are_drawn_anew_from_the_output_down(model, images):
    before = state(model)
    networks = list(network_variants.randomised(model, images, seed=3))
    assert [name for name, _ in networks] == [
        "linear",
        "blocks.2.conv",
        "blocks.1.conv",
        "blocks.0.conv",
    ]
    weights = [
        {
            name
            for name in changed(before, network.state_dict())
            if "running" not in name and "num" not in name
        }
        for _, network in networks
    ]
    assert weights[0] == {"linear.weight", "linear.bias"}
    assert weights[1] == weights[0] | {"blocks.2.conv.weight", "blocks.2.conv.bias"}
    assert weights[3] >= {f"blocks.{k}.conv.weight" for k in range(3)}
    assert changed(before, state(model)) == set()
    assert all(not network.training for _, network in networks)


def test_a_random_network_still_tells_images_apart(model, images):
    *_, (_, last) = network_variants.randomised(model, images, seed=3)
    with torch.no_grad():
        features = last.blocks(images)
        normalised = last.blocks[0].norm(last.blocks[0].conv(images))
    assert features.std(0).mean() > 0.01
    torch.testing.assert_close(normalised.mean((0, 2, 3, 4)), torch.zeros(3), atol=0.02, rtol=0)


def test_variants_depend_on_the_seed_alone(model, images):
    torch.manual_seed(5)
    first = [state(network) for _, network in network_variants.randomised(model, images, seed=3)]
    position = torch.get_rng_state()
    again = [state(network) for _, network in network_variants.randomised(model, images, seed=3)]
    assert torch.equal(torch.get_rng_state(), position)
    assert all(not changed(a, b) for a, b in zip(first, again, strict=True))
    noisy = [network_variants.with_noise(model, 0.1, seed) for seed in (1, 1, 2)]
    assert not changed(state(noisy[0]), state(noisy[1]))
    assert changed(state(noisy[0]), state(noisy[2]))


def test_each_participant_has_draws_of_its_own(model, images):
    trained = {("seed", "1"): CNN3D((30, 30, 30), (3, 4, 16)).eval()}
    targets = torch.tensor([0, 1, 1])
    args = model, images[:3], targets, trained, images, [0.1], [5, 6, 5]
    similarities = network_variants.explain_variants({"gradient": input_gradient}, *args)[
        "gradient"
    ]
    assert list(similarities) == [
        INTACT,
        *(("randomised", name) for name in ("linear", *(f"blocks.{k}.conv" for k in (2, 1, 0)))),
        *(("noise", "0.1"), ("dropout", "on"), ("seed", "1")),
    ]
    for seed, k in ((5, 0), (6, 1), (5, 2)):
        noisy = network_variants.with_noise(model, 0.1, seed)
        expected = input_gradient(noisy, images[k : k + 1], targets[k : k + 1]).maps.numpy()[0]
        np.testing.assert_allclose(similarities["noise", "0.1"][k], expected, rtol=1e-4, atol=1e-8)
    expected = input_gradient(trained["seed", "1"], images[:3], targets).maps.numpy()
    np.testing.assert_allclose(similarities["seed", "1"], expected, rtol=1e-4, atol=1e-8)


def test_noise_is_a_share_of_each_tensors_spread(model):
    noisy = network_variants.with_noise(model, 0.1, seed=0)
    old, new = (network.blocks[2].conv.weight.detach() for network in (model, noisy))
    assert (new - old).std() / old.std() == pytest.approx(0.1, rel=0.15)
    untouched = network_variants.with_noise(model, 0.0, seed=0)
    assert not changed(state(model), state(untouched))


def test_dropout_drops_one_draw_of_units_for_every_image(model, images):
    variant = network_variants.with_dropout(model, seed=0)
    with torch.no_grad():
        features = torch.rand(6, 128) + 1
        dropped = variant.dropout(features)
        assert torch.equal(variant(images), variant(images))
    gone = dropped == 0
    assert torch.equal(gone[0], gone[1])
    assert 0.3 < gone.float().mean() < 0.7
    torch.testing.assert_close(dropped[~gone], 2 * features[~gone])


def test_dropout_of_channels_drops_them_whole():
    variant = network_variants.with_dropout(nn.Sequential(nn.Dropout3d(0.5)), seed=1)
    kept = variant(torch.ones(2, 16, 3, 3, 3)).flatten(2)
    assert torch.equal(kept.amin(2), kept.amax(2))
    assert 0 < (kept.amax(2) == 0).float().mean() < 1
