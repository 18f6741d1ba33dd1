import numpy as np
import pandas as pd
import pytest

from support.page_context import bare_results, config
from voxplain.evaluation.prediction.grid_sizes import UNDECIDED
from voxplain.report.blocks import Note, Text
from voxplain.report.comparison import comparison_page
from voxplain.report.sections import studies
from voxplain.report.tables import Table

TARGETS = ("seeds", "shuffled", "truth", "ablation", "grids", "roar", "external")
SETTINGS = {"evaluation__robustness": {"fold": "01"}, "evaluation__roar": {"fill": "blur"}}


def results(**tables):
    tables = {name: pd.DataFrame(rows) for name, rows in tables.items()}
    return bare_results(config=config(**SETTINGS), **tables)


def words(blocks):
    return " ".join(block.text for block in blocks if isinstance(block, Text))


def table_of(blocks):
    return next(block for block in blocks if isinstance(block, Table))


@pytest.mark.parametrize("target", TARGETS)
def test_what_was_not_asked_for_says_how_to_ask(target):
    (block,) = getattr(studies, target)(results())
    assert isinstance(block, Note)
    assert f"snakemake {target}" in block.text


def test_seeds_are_named_by_what_changed():
    rows = [
        {"changed": kind, "n_runs": 4, "accuracy_mean": 0.9, "flipped": 0.05}
        for kind in ("seeds", "folds")
    ]
    shown = table_of(studies.seeds(results(seeds=rows)))
    assert [row[0].text for row in shown.rows] == list(studies.CHANGED.values())


def test_shuffled_networks_are_counted_within_chance():
    rows = [
        {"labels": labels, "accuracy": accuracy, "inside": inside, "chance_low": 0.4}
        | {"chance_high": 0.61, "p": 0.2}
        for labels, accuracy, inside in (
            ("true", 0.9, False),
            ("shuffled 01", 0.5, True),
            ("shuffled 02", 0.65, False),
        )
    ]
    text = words(studies.shuffled(results(shuffled=rows)))
    assert text.startswith("1 of 2 networks")
    assert "0.400 to 0.610" in text


def test_the_truths_caption_speaks_of_its_own_cohorts(tmp_path):
    (tmp_path / "truth.png").write_bytes(b"png")
    sizes = {"n_subjects": [40, 80], "n_splits": 5}
    results = bare_results(
        config=config(evaluation__truth=sizes, seed=1),
        participants=pd.DataFrame(index=range(24)),
        truth=pd.DataFrame({"auc": [1.0]}),
        figures={"truth": tmp_path / "truth.png"},
    )
    assert studies.truth(results)[0].caption.endswith(
        "(n = 40, 80; default protocol, 5-fold, seed 1.)"
    )


def test_ablation_tells_its_yardstick():
    row = {"knob": "beta", "value": 7.0, "own": True, "paper": True, "participants": 8}
    row |= {"area": 0.1, "drop": 0.5, "converged": 1.0, "fall": 0.2, "score_se": 0.01}
    row |= {"behind": 0.0, "behind_se": 0.0}
    assert "(0.200)" in words(studies.ablation(results(ablation=[row])))
    assert "(0.700)" in words(studies.ablation(results(ablation=[row | {"auc": 0.7}])))


def test_grids_give_the_verdict():
    row = {"grid": "22x26x22", "own": True, "cnn_evidence": True, "voxel_svm_evidence": False}
    row |= {"gain_low": 0.1}
    assert UNDECIDED in words(studies.grids(results(grids=[row, row])))


def test_roar_names_the_methods_whose_voxels_are_missed():
    row = {"method": "grad_cam", "share": 0.1, "cost": 0.2, "p": 0.01}
    others = [row | {"method": "guided_backprop", "p": 0.2}, row | {"share": 0.3, "cost": -0.2}]
    text = words(studies.roar(results(roar=[row, *others])))
    assert text.endswith("for Grad-CAM at 10% of the brain.")
    assert words(studies.roar(results(roar=others))).endswith("for no method.")


def test_external_without_maps_says_why():
    row = {"trained_on": "a", "tested_on": "b", "accuracy": 0.75, "n": 40, "majority": 0.5}
    row |= {"ci_low": 0.6, "ci_high": 0.86, "p_permutation": 0.004}
    blocks = studies.external(results(external=[row]))
    assert "right for 75.0% of this run's 40 participants" in words(blocks)
    assert isinstance(blocks[-1], Note)
    maps = {"method": "grad_cam", "maps_a": "a", "maps_b": "b", "spearman": 0.4, "p": 0.01}
    blocks = studies.external(results(external=[row], external_maps=[maps]))
    assert blocks[-1].headers[:4] == ["method", "group maps of", "and of", "Spearman's rho"]


def run(name, accuracy, **settings):
    rows = [
        {"model": model, "n": 40, "accuracy": accuracy, "ci_low": 0.6, "ci_high": 0.9}
        for model in ("cnn", "voxel_svm")
    ]
    table = pd.DataFrame(rows).assign(evidence=[True, False], other=np.nan)
    return bare_results(run=name, config=config(**settings), accuracy=table)


def test_two_runs_side_by_side():
    page = comparison_page([run("first", 0.8), run("second", 0.7, cnn__epochs=40)])
    assert "<title>first and second" in page
    assert "80.0%" in page
    assert "cnn.epochs" in page
    assert "cnn.seed" not in page
    # rows of one model follow each other
    accuracy = page[page.index('id="compared-accuracy"') :]
    order = [accuracy.index(text) for text in ("3D CNN", ">second<", "SVM on voxels")]
    assert order == sorted(order)
    assert "tables/table3.tsv is missing in first and second." in page
    assert "src=" not in page.replace(chr(34), "").replace("src=data:", "")
