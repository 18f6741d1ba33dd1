"""The studies that are asked for by name, on the tiny cohort."""

import json

import pandas as pd
import pytest

from voxplain.evaluation.families import family_codes

pytestmark = pytest.mark.slow


@pytest.fixture
def study(tiny):
    """Run targets; their tables and figures are gone afterwards, so that the page is as before."""
    made = []

    def run(targets, tables, figures=(), config=()):
        done = tiny(*targets, config=config)
        assert done.returncode == 0, done.stdout[-8000:]
        made.extend(tiny.path("tiny", "tables", f"{name}.tsv") for name in tables)
        for name in figures:
            made.extend(tiny.path("tiny", "figures", f"{name}.{end}") for end in ("png", "svg"))
        assert all(path.exists() for path in made)
        return [pd.read_csv(path, sep="\t") for path in made[: len(tables)]]

    yield run
    for path in made:
        path.unlink()


def participants(path):
    return pd.read_csv(path, sep="\t", dtype={"family_id": str})


def test_the_network_is_trained_from_other_seeds_on_other_folds_and_other_labels(tiny, study):
    seeds, shuffled = study(["seeds", "shuffled"], ["seeds", "shuffled"])
    assert seeds["changed"].tolist() == ["seeds", "folds"]
    assert (seeds["n_runs"] == 2).all()
    assert seeds["accuracy_mean"].between(seeds["accuracy_low"], seeds["accuracy_high"]).all()
    assert shuffled["labels"].tolist() == ["true", "shuffled 01"]
    reruns = tiny.path("tiny", "evaluation", "retraining")
    models = [json.loads(path.read_text()) for path in reruns.glob("*/fold-*/metrics.json")]
    assert len({model["seed"] for model in models}) == 3 * 2
    # other folds are other folds; families keep their mix of labels, in the fold they were in
    split = json.loads((reruns / "folds_01" / "split-01.json").read_text())
    own = json.loads(tiny.path("tiny", "folds", "split-01.json").read_text())
    assert set(split["test"]) != set(own["test"])
    before = participants(tiny.path("tiny", "cohort", "participants.tsv"))
    after = participants(reruns / "shuffled_01" / "participants.tsv")
    assert (before["label"] != after["label"]).any()
    fold = pd.read_csv(tiny.path("tiny", "folds", "folds.tsv"), sep="\t", dtype=str)["fold"]
    mixes = []
    for people in (before, after):
        people = people.assign(family=family_codes(people), fold=fold)
        mix = people.groupby(["fold", "family"])["label"].agg(["size", "sum"]).reset_index("fold")
        mixes.append(sorted(map(tuple, mix.to_numpy(str))))
    assert mixes[0] == mixes[1]
