"""Where a GPU's memory runs out, fewer images go through the network together; the maps stay."""

import pytest
import torch

from voxplain.attribution import grad_cam, guided_backprop, meaningful_perturbation
from voxplain.attribution.frozen import in_passes
from voxplain.errors import AttributionError
from voxplain.network.cnn import CNN3D

SHAPE = (22, 22, 22)
METHODS = {
    "grad_cam": grad_cam,
    "guided_backprop": guided_backprop,
    "meaningful_perturbation": lambda *inputs: meaningful_perturbation(
        *inputs, iterations=3, draws=4, jitter=3, sigma_0=2.0
    ),
}


class Small(CNN3D):
    """A network on a device that holds `limit` images."""

    limit = 100

    def forward(self, images):
        self.largest = max(getattr(self, "largest", 0), len(images))
        if len(images) > self.limit:
            raise torch.OutOfMemoryError(f"CUDA out of memory: {len(images)} images")
        return super().forward(images)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return Small(SHAPE, (2, 2, 2)).double().eval()


@pytest.fixture
def images():
    return torch.randn(
        7, 1, *SHAPE, dtype=torch.float64, generator=torch.Generator().manual_seed(1)
    )


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("limit", [3, 1])
def test_the_batch_halves_and_the_maps_stay(model, images, name, limit):
    expected = METHODS[name](model, images)
    model.limit = limit
    actual = METHODS[name](model, images)
    torch.testing.assert_close(actual.maps, expected.maps, rtol=1e-9, atol=1e-12)
    assert torch.equal(actual.targets, expected.targets)
    torch.testing.assert_close(actual.scores, expected.scores)


@pytest.mark.parametrize("name", METHODS)
def test_an_image_that_does_not_fit_is_an_error(model, images, name):
    model.limit = 0
    with pytest.raises(AttributionError, match="less than one image's pass"):
        METHODS[name](model, images)


def test_passes_keep_their_order_and_halve_once_per_failure():
    sizes = []

    def compute(part):
        sizes.append(part.stop - part.start)
        if sizes[-1] > 3:
            raise torch.OutOfMemoryError
        return list(range(10))[part]

    assert [k for part in in_passes(compute, 10, 10) for k in part] == list(range(10))
    assert sizes == [10, 5, 3, 3, 3, 3]
