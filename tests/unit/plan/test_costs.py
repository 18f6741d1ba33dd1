"""What a plan says that a run costs, beside what was measured."""

import pytest

from support.places import ROOT
from voxplain.plan.costs import NETWORK_RULES, Costs
from voxplain.plan.jobs import plan_table
from voxplain.run.config import DEFAULTS, read_config


def test_memory_does_not_grow_with_the_cohort_but_for_the_gram_matrix():
    paper = read_config([ROOT / DEFAULTS, ROOT / "workflow/presets/kan2020.yaml"])
    rules = ("stack_volumes", "train_cnn", "explain", "masked_accuracy_fold", "map_properties")
    small, large = (Costs(paper, n, 1) for n in (1000, 40_000))
    # the fillings, the altered images, and these again while they are written
    assert large.roar_disk_mb == pytest.approx(3 * 40_000 * 58 * 70 * 58 * 4 / 1e6)
    assert [small.memory_mb(rule) for rule in rules] == [large.memory_mb(rule) for rule in rules]
    ratio = large.memory_mb("voxel_svm") / small.memory_mb("voxel_svm")
    assert 1 < ratio < 40  # 2000 landmarks of 40,000 participants instead of 40,000


DEMO = {"train_cnn": (11, 201), "explain": (30, 230), "faithfulness_fold": (10, 113)}


def test_estimates_are_near_what_was_measured():
    """The demo on a quiet machine, and MP on an H100 (benchmarks/RESULTS.md)."""
    config = read_config([ROOT / DEFAULTS])
    costs = Costs(config, 100, 60 * 72 * 60)
    for rule, (jobs, seconds) in DEMO.items():
        assert 0.7 < costs.seconds(rule, jobs) / seconds < 1.4, rule
    paper = read_config([ROOT / DEFAULTS, ROOT / "workflow/presets/kan2020.yaml"]) | {"gpu": 1}
    minutes = 1113 * Costs(paper, 1113, 1).map_s("meaningful_perturbation") / 60
    assert 0.7 < minutes / 53.6 < 1.4
    assert paper["attribution"]["model"] == "all"
    table = plan_table({"explain": 30, "page": 1}, costs)
    assert table["rule"].tolist() == ["explain", "page"]


def test_every_network_rule_exists():
    rules = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    assert [rule for rule in NETWORK_RULES if f"rule {rule}:" not in rules] == []
