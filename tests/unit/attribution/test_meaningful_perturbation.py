"""Properties of the masks; the arithmetic itself is checked in tests/oracles."""

import numpy as np
import pytest
import torch
from torch import nn

from voxplain.attribution import meaningful_perturbation
from voxplain.attribution.perturbation_search import total_variation
from voxplain.attribution.perturbation_settings import PerturbationSettings
from voxplain.errors import AttributionError, ConfigError
from voxplain.network.checkpoints import Checkpoint

FAST = {"iterations": 12, "draws": 3, "sigma_0": 3, "sigma_m": 1, "lambda_1": 0.05}


@pytest.fixture
def model():
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv3d(1, 4, 3),
        nn.BatchNorm3d(4),
        nn.ReLU(),
        nn.MaxPool3d(2),
        nn.Flatten(),
        nn.Linear(4 * 5 * 6 * 5, 3),
    )
    model[-1].weight.data.mul_(5)
    return model.double()


@pytest.fixture
def images():
    generator = torch.Generator().manual_seed(1)
    return torch.rand((5, 1, 12, 14, 12), generator=generator, dtype=torch.float64)


def test_who_else_is_in_the_batch_does_not_matter(model, images, monkeypatch):
    whole = meaningful_perturbation(model, images, **FAST)
    assert whole.maps.flatten(1).max(1).values.min() > 0.1
    for i in range(5):
        single = meaningful_perturbation(model, images[i : i + 1], **FAST)
        torch.testing.assert_close(single.maps[0], whole.maps[i], rtol=0, atol=1e-6)
    for budget in (1, 2, 7):  # draws in several passes, one image; two images a group
        budget = {"cpu": budget * images[0].numel()}
        monkeypatch.setattr("voxplain.attribution.frozen._VOXELS_PER_PASS", budget)
        split = meaningful_perturbation(model, images, **FAST)
        torch.testing.assert_close(split.maps, whole.maps, rtol=0, atol=1e-6)
        assert split.details["loss_curve"].shape == (5, 12)


def test_the_seed_decides_and_nothing_else(model, images):
    torch.manual_seed(7)
    first = meaningful_perturbation(model, images, seed=3, **FAST)
    torch.manual_seed(8)
    assert torch.equal(meaningful_perturbation(model, images, seed=3, **FAST).maps, first.maps)
    other = meaningful_perturbation(model, images, seed=4, **FAST)
    assert not torch.equal(other.maps, first.maps)


def test_without_jitter_the_draws_are_alike(model, images):
    settings = {**FAST, "jitter": 1}
    single_draw = meaningful_perturbation(model, images, **{**settings, "draws": 1})
    three = meaningful_perturbation(model, images, **settings)
    torch.testing.assert_close(single_draw.maps, three.maps, rtol=0, atol=1e-6)


def test_the_mask_lowers_the_probability(model, images):
    result = meaningful_perturbation(model, images, **FAST)
    details = result.details
    assert (details["probability"] < details["probability_curve"][:, 0] - 0.1).all()
    np.testing.assert_allclose(details["area"], result.maps.flatten(1).mean(1), atol=1e-12)
    best = details["loss_curve"].argmin(1)
    assert (details["probability_curve"][np.arange(5), best] == details["probability"]).all()
    assert details["iterations"].tolist() == [12] * 5
    assert details["converged"].dtype == bool
    assert result.parameters["sigma_m"] == 1
    assert result.parameters["beta"] == 7


def test_a_run_starts_at_no_perturbation_with_no_penalty(model, images):
    result = meaningful_perturbation(model, images, **{**FAST, "iterations": 1, "jitter": 1})
    details = result.details
    assert (result.maps == 0).all()
    assert (details["area"] == 0).all()
    assert (details["loss_curve"] == details["probability_curve"]).all()
    with torch.no_grad():
        probability = model.eval()(images).softmax(1).gather(1, result.targets[:, None])[:, 0]
    np.testing.assert_allclose(details["probability"], probability, rtol=1e-9)


def test_sums_with_the_papers_lambda_leave_the_maps_blank(model, images):
    result = meaningful_perturbation(model, images, iterations=12, draws=2, norm="sum")
    assert (result.maps == 0).all()
    assert (result.details["area"] == 0).all()


def test_convergence_is_told():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv3d(1, 1, 1), nn.Flatten(), nn.Linear(216, 2)).double()
    x = torch.rand(1, 1, 6, 6, 6, dtype=torch.float64)
    still = meaningful_perturbation(model, x, iterations=20, draws=1, learning_rate=1e-9)
    assert still.details["converged"].tolist() == [True]
    for few in (1, 9):
        short = meaningful_perturbation(model, x, iterations=few, draws=1, learning_rate=1e-9)
        assert short.details["converged"].tolist() == [False]


def test_images_that_have_converged_leave_the_batch(model, images):
    settings = {**FAST, "iterations": 60, "learning_rate": 0.2}
    whole = meaningful_perturbation(model, images, **settings)
    result = meaningful_perturbation(model, images, early_stopping=True, **settings)
    done = result.details["iterations"]
    assert set(done) <= set(range(12, 61, 6))
    assert len(set(done)) > 1
    assert (result.details["converged"] | (done == 60)).all()
    for i, end in enumerate(done):  # until then nothing differs from a run without the rule
        curve = result.details["loss_curve"][i]
        np.testing.assert_allclose(curve[:end], whole.details["loss_curve"][i, :end], atol=1e-9)
        assert np.isnan(curve[end:]).all()
        assert result.details["area"][i] == pytest.approx(result.maps[i].mean().item(), abs=1e-9)
        alone = meaningful_perturbation(model, images[i : i + 1], early_stopping=True, **settings)
        torch.testing.assert_close(alone.maps[0], result.maps[i], rtol=0, atol=1e-6)


def test_jitters_drawn_twice_are_evaluated_once(model, images):
    seen = []
    model.register_forward_pre_hook(lambda _, inputs: seen.append(len(inputs[0])))
    meaningful_perturbation(model, images[:1], iterations=4, draws=40, jitter=3, sigma_0=3)
    assert sum(seen[-4:]) <= 4 * 3


def test_progress_counts_to_the_end(model, images, monkeypatch):
    monkeypatch.setattr(
        "voxplain.attribution.frozen._VOXELS_PER_PASS", {"cpu": 6 * images[0].numel()}
    )
    seen = []
    meaningful_perturbation(
        model, images, progress=lambda done, total: seen.append((done, total)), **FAST
    )
    done, totals = zip(*seen, strict=True)
    assert set(totals) == {len(images) * FAST["iterations"]}
    assert list(done) == sorted(set(done))
    assert len(done) == 3 * FAST["iterations"]  # in three groups
    assert done[-1] == totals[0]


def test_total_variation_by_hand():
    mask = torch.zeros(1, 2, 2, 1)
    mask[0, 0] = torch.tensor([[1.0], [3.0]])
    # Along the first axis 1 and 3, along the second 2 and 0, along the third nothing.
    assert total_variation(mask, 2, "sum").tolist() == pytest.approx([1 + 9 + 4])
    assert total_variation(mask, 2, "mean").tolist() == pytest.approx([5 + 2])


def test_the_defaults_are_the_papers():
    paper = {"iterations": 300, "draws": 10, "jitter": 5, "mask_scale": 4, "learning_rate": 0.3}
    paper |= {"sigma_0": 10, "sigma_m": 10, "lambda_1": 3, "lambda_2": 1, "beta": 7}
    off = {"hinge": 0, "ramp": 0, "amsgrad": False, "decay_every": 0, "early_stopping": False}
    assert PerturbationSettings() == PerturbationSettings(
        **paper, **off, norm="mean", jitter_axes="common"
    )


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"iteration": 3}, "has no setting iteration; it has amsgrad, beta"),
        ({"iterations": 0}, "iterations is 0; give 1 or more"),
        ({"draws": 1.5}, "draws is 1.5; give a whole number"),
        ({"draws": None}, "draws is None; give a number"),
        ({"sigma_m": "abc"}, "sigma_m is 'abc'; give a number"),
        ({"learning_rate": True}, "learning_rate is True; give a number"),
        ({"jitter": 0}, "jitter is 0"),
        ({"sigma_m": -1}, "sigma_m is -1"),
        ({"lambda_1": float("nan")}, "lambda_1 is nan"),
        ({"learning_rate": 0}, "learning_rate is 0"),
        ({"norm": "max"}, "norm is 'max'; give one of"),
        ({"jitter_axes": "both"}, "jitter_axes is 'both'"),
        ({"box_width": 4}, "box_width is 4; give an odd number"),
    ],
)
def test_unusable_settings_are_named(setting, message, model, images):
    with pytest.raises(ConfigError, match=message):
        meaningful_perturbation(model, images, **setting)


def test_whole_numbers_may_be_written_as_floats():
    assert PerturbationSettings(iterations=3e2, jitter=np.int64(5)) == PerturbationSettings()
    assert isinstance(PerturbationSettings(iterations=3e2).iterations, int)


def test_a_single_logit_is_refused(images):
    model = nn.Sequential(nn.Conv3d(1, 1, 3), nn.Flatten(), nn.Linear(1200, 1)).double()
    with pytest.raises(AttributionError, match="single logit"):
        meaningful_perturbation(model, images)


def test_logits_without_a_gradient_are_refused(model, images):
    class Detached(nn.Sequential):
        def forward(self, x):
            return super().forward(x.detach())

    with pytest.raises(AttributionError, match="detach"):
        meaningful_perturbation(Detached(*model), images, **FAST)


def test_it_goes_on_after_a_kill_with_the_same_bits(model, images, monkeypatch, tmp_path):
    monkeypatch.setattr(
        "voxplain.attribution.frozen._VOXELS_PER_PASS", {"cpu": 6 * images[0].numel()}
    )
    path = tmp_path / "checkpoint.pt"
    expected = meaningful_perturbation(model, images, **FAST)

    class Killed(BaseException):
        pass

    def kill_in_second_group(done, total):
        if done > total / 2:
            raise Killed

    with pytest.raises(Killed):
        meaningful_perturbation(
            model, images, progress=kill_in_second_group, checkpoint=Checkpoint(path, "a"), **FAST
        )
    steps = []

    def again(made_by):
        steps.clear()
        return meaningful_perturbation(
            model,
            images,
            progress=lambda *step: steps.append(step),
            checkpoint=Checkpoint(path, made_by),
            **FAST,
        )

    actual = again("a")
    assert len(steps) == 2 * FAST["iterations"]  # of three groups, the first was kept
    assert torch.equal(actual.maps, expected.maps)
    for name, value in expected.details.items():
        np.testing.assert_array_equal(actual.details[name], value)
    again("b")
    assert len(steps) == 3 * FAST["iterations"]  # another program's are not used
