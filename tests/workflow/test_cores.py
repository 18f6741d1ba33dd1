"""One job after another or several at once: two clean runs give the same bytes."""

import kills
import pytest
from conftest import TINY, Workflow

from voxplain.manifest import is_timed, results_of

pytestmark = pytest.mark.slow

# These rest on every stage up to the maps and their tables.
TABLES = ("accuracy", "agreement", "table2_brainnetome", "head_size")
FIGURES = ("fig2a.png", "fig2a.svg")


def test_one_core_and_two_give_the_same_bytes(tiny, tmp_path):
    alone = Workflow(tmp_path, TINY, cores=1)
    targets = [f"tables/{name}.tsv" for name in TABLES] + [f"figures/{name}" for name in FIGURES]
    done = alone(*(f"results/tiny/{name}" for name in targets))
    assert done.returncode == 0, done.stdout[-4000:]
    run, reference = alone.path("tiny"), tiny.path("tiny")
    made = {name for name in results_of(run) if not is_timed(name)}
    assert len(made) > 100
    assert made >= set(targets)
    assert made.isdisjoint(kills.differences(run, reference))
