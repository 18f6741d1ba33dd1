import numpy as np
import pytest
import torch

from voxplain.evaluation.trust.masked_accuracy import masked_accuracy

SHAPE = (8, 8, 8)
BRAIN = np.zeros(SHAPE, bool)
BRAIN[1:7, 1:7, 1:7] = True


class Corner(torch.nn.Module):
    """Calls class 1 where the mean of one corner of the brain is over .5."""

    def __init__(self):
        super().__init__()
        self.dropout = torch.nn.Dropout(0.9)  # would spoil everything in training mode
        self.scale = torch.nn.Parameter(torch.ones(1))

    def forward(self, images):
        corner = images[:, 0, 1:3, 1:3, 1:3].mean(dim=(1, 2, 3))
        logit = self.dropout((corner - 0.5) * self.scale)
        return torch.stack([-logit, logit], dim=1)


@pytest.fixture
def study():
    labels = np.array([0, 1, 0, 1, 1])
    images = np.full((5, *SHAPE), 0.4, np.float32)
    images[labels == 1, 1:3, 1:3, 1:3] = 1.0
    mask = np.zeros(SHAPE, np.float32)
    mask[1:3, 1:3, 1:3] = 0.8
    return images, labels, {"conjoined": mask, "positive": np.zeros(SHAPE, np.float32)}


def test_mask_and_controls(study):
    model = Corner().train()
    table = masked_accuracy(model, *study, BRAIN, n_random=4, seed=1)
    accuracy = table.set_index(["mask", "control", "draw"])["accuracy"]
    assert accuracy["none", "none", 0] == 1
    assert accuracy["brain", "brain", 0] == 1
    assert accuracy["conjoined", "mask", 0] == 1
    # without the corner everybody is called class 0: 2 of 5
    assert accuracy["conjoined", "complement", 0] == pytest.approx(0.4)
    assert accuracy["positive", "mask", 0] == pytest.approx(0.4)
    assert accuracy["positive", "complement", 0] == 1
    assert len(table) == 2 + 2 * (2 + 4)
    assert table.loc[table["control"] == "random", "draw"].tolist() == [0, 1, 2, 3] * 2
    assert (table["n"] == 5).all()
    balanced = table.set_index(["mask", "control", "draw"])["balanced_accuracy"]
    assert balanced["conjoined", "complement", 0] == pytest.approx(0.5)
    assert model.training
    assert model.dropout.training


def test_the_mask_is_soft(study):
    images, labels, masks = study
    dimmed = {"dim": masks["conjoined"] / 2}  # 1.0 * .4 is below the network's .5
    table = masked_accuracy(Corner(), images, labels, dimmed, BRAIN, n_random=1, seed=1)
    assert table.query("control == 'mask'")["accuracy"].item() == pytest.approx(0.4)


def test_batches_do_not_matter_and_seeds_repeat(study):
    images, labels, masks = study
    many = np.tile(images, (8, 1, 1, 1)), np.tile(labels, 8)
    once = masked_accuracy(Corner(), images, labels, masks, BRAIN, 3, seed=1)
    batched = masked_accuracy(Corner(), *many, masks, BRAIN, 3, seed=1)
    np.testing.assert_allclose(once["accuracy"], batched["accuracy"])
