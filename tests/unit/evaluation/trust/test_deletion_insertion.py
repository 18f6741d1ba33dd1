import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch import nn

from voxplain.evaluation.trust import deletion_insertion
from voxplain.stats.spatial_null import matched_fwhm

SHAPE = (12, 10, 11)


@pytest.fixture
def brain():
    mask = np.zeros(SHAPE, bool)
    mask[2:10, 2:8, 2:9] = True
    return mask


class Corner(nn.Module):
    """Says class 1 by the sum of a small cube, and nothing else."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.0))

    def forward(self, x):
        evidence = self.scale * (x[:, 0, 3:5, 3:5, 3:5].sum((1, 2, 3)) - 4)
        return torch.stack([-evidence, evidence], 1)


@pytest.fixture
def image(brain):
    return np.where(brain, 1 + 0.1 * np.random.default_rng(0).random(SHAPE), 0).astype(np.float32)


def test_order_ranks_the_brain_and_draws_ties(brain):
    values = np.random.default_rng(1).random(SHAPE)
    order = deletion_insertion.voxel_order(values, brain, 0)
    n = brain.sum()
    assert (order[~brain] == 1).all()
    np.testing.assert_allclose(np.sort(order[brain]), np.arange(n) / n, atol=1e-6)
    assert order[brain].argmin() == values[brain].argmax()
    ties = deletion_insertion.voxel_order(np.zeros(SHAPE), brain, 0)[brain]
    assert abs(np.corrcoef(ties, np.arange(n))[0, 1]) < 0.2
    other = deletion_insertion.voxel_order(np.zeros(SHAPE), brain, 1)[brain]
    assert not np.array_equal(ties, other)


def test_fills(brain, image):
    filled = deletion_insertion.fills(np.stack([image, 2 * image]), brain, 2.0)
    assert set(filled) == {"blur", "mean"}
    np.testing.assert_allclose(filled["mean"][1], 2 * image[brain].mean(), rtol=1e-6)
    np.testing.assert_allclose(filled["blur"][1], 2 * filled["blur"][0], rtol=1e-5)
    assert filled["blur"][0].std() < image.std()


def test_a_true_map_deletes_fast_and_inserts_fast(brain, image):
    right = np.zeros(SHAPE)
    right[3:5, 3:5, 3:5] = 1
    orders = {
        "right": deletion_insertion.voxel_order(right, brain, 0),
        "wrong": deletion_insertion.voxel_order(1 - right, brain, 0),
    }
    zero = {"mean": np.zeros(SHAPE, np.float32)}
    table = deletion_insertion.deletion_insertion_curves(
        Corner().eval(), image, 1, orders, zero, brain
    )
    assert len(table) == 2 * 2 * len(deletion_insertion.FRACTIONS)
    areas = deletion_insertion.areas(table, ["order", "test"]).set_index(["order", "test"])["area"]
    # The cube is 8 of 336 voxels: gone by the fraction .05, and by hand from there on.
    curve = table[(table["order"] == "right") & (table["test"] == "deletion")]
    whole, none = torch.tensor([[-8.9, 8.9], [8.0, -8.0]]).softmax(1)[:, 1].tolist()
    assert curve["probability"].iloc[0] == pytest.approx(whole, abs=1e-3)
    assert curve["probability"].iloc[2:].tolist() == pytest.approx([none] * 5, abs=1e-3)
    assert areas["right", "deletion"] < 0.06
    assert areas["right", "insertion"] > 0.94
    assert areas["wrong", "deletion"] > 0.7
    assert areas["wrong", "insertion"] < 0.3


def test_the_ends_of_a_curve_are_the_image_and_the_fill(brain, image):
    orders = {"any": deletion_insertion.voxel_order(image, brain, 0)}
    fill = deletion_insertion.fills(image[None], brain, 2.0)
    table = deletion_insertion.deletion_insertion_curves(
        Corner().eval(), image, 1, orders, {name: value[0] for name, value in fill.items()}, brain
    )
    for _, part in table.groupby("fill"):
        ends = part.pivot_table("probability", "fraction", "test")
        assert ends.loc[0.0, "deletion"] == pytest.approx(ends.loc[1.0, "insertion"])
        assert ends.loc[1.0, "deletion"] == pytest.approx(ends.loc[0.0, "insertion"])


def test_random_orders_are_as_smooth_as_asked(brain):
    orders = deletion_insertion.random_orders(4.0, brain, 3, 0)
    assert len(orders) == 3
    rough = deletion_insertion.voxel_order(np.random.default_rng(0).random(SHAPE), brain, 0)

    def neighbours(order):
        pairs = order[2:9, 2:8, 2:9].ravel(), order[3:10, 2:8, 2:9].ravel()
        return np.corrcoef(*pairs)[0, 1]

    assert neighbours(orders[0]) > neighbours(rough) + 0.3
    again = deletion_insertion.random_orders(4.0, brain, 2, 0)
    np.testing.assert_array_equal(again[0], orders[0])


def test_areas_belong_to_their_method_participant_and_draw(brain, image):
    maps = np.random.default_rng(5).random((2, 2, *SHAPE))
    maps = {"a": maps[0], "b": gaussian_filter(maps[1], (0, 1, 1, 1))}
    images = {"s1": image, "s2": np.roll(image, 1, axis=0) * brain}
    model = Corner().eval()
    model.scale.data.fill_(0.1)
    rows, _ = deletion_insertion.delete_and_insert(
        model, images, [1, 0], maps, brain, 2, 2.0, seed=3
    )
    assert rows["method"].drop_duplicates().tolist() == ["a", "b"]
    assert len(rows) == 2 * 2 * 2 * 2 * 3  # methods, tests, fills, participants, own and two draws
    replacement = {"mean": deletion_insertion.fill("mean", images["s2"][None], brain, 2.0)[0]}
    # as smooth as the participants' own maps, which their mean is not
    fwhm = np.median([matched_fwhm(volume, brain, 3) for volume in maps["b"]])
    assert matched_fwhm(maps["b"].mean(axis=0), brain, 3) != pytest.approx(fwhm, rel=0.01)
    drawn = rows[(rows["method"] == "b") & rows["draw"].notna()]
    assert drawn["fwhm"].unique().tolist() == pytest.approx([fwhm])
    assert (drawn["unmatched"] == 0).all()
    orders = {None: deletion_insertion.voxel_order(maps["b"][1], brain, 3)}
    orders |= dict(enumerate(deletion_insertion.random_orders(fwhm, brain, 2, 3)))
    for draw, order in orders.items():
        table = deletion_insertion.deletion_insertion_curves(
            model, images["s2"], 0, {"x": order}, replacement, brain
        )
        expected = deletion_insertion.areas(table, ["test"]).set_index("test")["area"]
        curve = rows.query("method == 'b' and fill == 'mean' and participant_id == 's2'")
        curve = curve[curve["draw"].isna() if draw is None else curve["draw"] == draw]
        assert curve.set_index("test")["area"].to_dict() == pytest.approx(
            expected.to_dict(), abs=1e-6
        )
