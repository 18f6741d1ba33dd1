"""Memory that jobs ask for."""

from types import SimpleNamespace

from voxplain.plan.resources import Memory


def test_each_attempt_asks_for_more(configured):
    memory = Memory(configured())
    training = memory.of("train_cnn")
    assert training({}, attempt=2) == 2 * training({}, attempt=1) > 0
    files = SimpleNamespace(size_mb=100)
    assert memory.of_fits({}, input=files, attempt=1) == 900
    assert memory.of_fits({}, input=files, attempt=3) == 2700


def test_a_larger_grid_more_cores_and_more_participants_need_more(configured):
    memory = Memory(configured())
    shape = memory.config["volumes"]["shape"]
    same, larger = (SimpleNamespace(grid="x".join(str(k * n) for n in shape)) for k in (1, 2))
    assert memory.on_grid(same, attempt=1) == memory.of("train_cnn")({}, attempt=1)
    assert memory.on_grid(larger, attempt=1) > memory.on_grid(same, attempt=1)
    assert memory.of_study({}, threads=2, attempt=1) == 2 * memory.of_study({}, 1, 1)
    assert memory.of_study({}, 1, 1) >= memory.of("train_cnn")({}, 1)
    small, large = (SimpleNamespace(size_mb=size) for size in (10, 100_000))
    assert memory.of_transfer({}, small, 1) < memory.of_transfer({}, large, 1)
