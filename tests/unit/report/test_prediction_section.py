import numpy as np
import pandas as pd

from support.page_context import bare_results
from voxplain.report.blocks import Note, Text
from voxplain.report.sections.prediction import prediction
from voxplain.report.tables import Table

MODELS = ["cnn", "head_size"]


def results(**changes):
    accuracy = pd.DataFrame({"model": MODELS, "n": 80, "accuracy": [0.9, 0.7]}).assign(
        ci_high=[0.95, 0.8],
        majority=0.5,
        brier=[0.07, 0.2],
        calibration_slope=[0.8, np.inf],
        calibration_intercept=0.1,
    )
    comparison = {"model_a": "cnn", "model_b": "head_size", "difference": 0.2, "p_holm": 0.03}
    matched = {"n_pairs": 21, "caliper_ml": 38.4, "d_all": 1.35, "d_matched": 0.02}
    null = {"accuracy": 0.6, "null_mean": 0.5, "null_p95": 0.58, "p_refit": 0.01}
    parts = {
        "participants": pd.DataFrame({"tiv": [np.nan]}),
        "accuracy": accuracy,
        "comparisons": pd.DataFrame([comparison]),
        "head_size": pd.DataFrame({"model": MODELS, "matched_accuracy": 0.5}).assign(**matched),
        "confounds": pd.DataFrame({"confound": ["site"], "effect": [0.3], "accuracy": [0.6]}),
        "optimism": pd.DataFrame({"model": ["knn"], "optimism": [0.03]}),
        "permutations": {"voxel_svm": pd.DataFrame([{"model": "voxel_svm", **null}])},
    }
    return bare_results(**parts | changes)


def tables(blocks):
    return {block.identifier: block for block in blocks if isinstance(block, Table)}


def words(blocks, kind):
    return [block.text for block in blocks if isinstance(block, kind)]


def test_every_table_has_its_place_and_names_its_file():
    shown = tables(prediction(results()))
    assert {name: block.source for name, block in shown.items()} == {
        "table-accuracy": "tables/accuracy.tsv",
        "table-comparisons": "tables/comparisons.tsv",
        "table-head-size": "tables/head_size.tsv",
        "table-confounds": "tables/confounds.tsv",
        "table-permutations": "tables/permutations_voxel_svm.tsv",
        "table-calibration": "tables/accuracy.tsv",
        "table-optimism": "tables/optimism.tsv",
    }
    assert "p (Holm)" in shown["table-comparisons"].headers
    # the head-size model is called by what it was given
    assert shown["table-comparisons"].rows[0][1].text == "Brain volume in the images"
    assert shown["table-calibration"].rows[1][2].text == "∞"
    assert shown["table-head-size"].headers == ["model", "accuracy, matched"]
    assert not {"Brier score", "calibration slope"} & set(shown["table-accuracy"].headers)


def test_sentences_follow_the_tables():
    texts = words(prediction(results()), Text)
    assert any(text.startswith("1 of 1 pairs of models differ") for text in texts)
    assert any(
        "21 pairs" in text and "at most 38.4 ml" in text and "+1.35" in text for text in texts
    )
    alone = results().head_size.assign(n_pairs=0, d_matched=np.nan)
    texts = words(prediction(results(head_size=alone)), Text)
    assert any("No two held-out participants" in text for text in texts)


def test_a_model_below_chance_is_explained():
    accuracy = results().accuracy
    assert not any("Below the larger class" in note for note in words(prediction(results()), Note))
    low = accuracy.assign(ci_high=accuracy["ci_high"].mask(accuracy["model"] == "cnn", 0.4))
    notes = words(prediction(results(accuracy=low)), Note)
    assert any(note.startswith("Below the larger class: 3D CNN.") for note in notes)


def test_what_was_not_run_says_how_to_run_it():
    notes = words(prediction(results()), Note)
    assert any("other models" in n and "`snakemake permutations`" in n for n in notes)
    done = results().permutations
    done = {**done, "knn": done["voxel_svm"].assign(model="knn")}
    blocks = prediction(results(permutations=done))
    shown = tables(blocks)["table-permutations"]
    assert [row[0].text for row in shown.rows] == ["SVM on voxels", "k-NN, morphometry"]
    assert shown.source == "tables/permutations_voxel_svm.tsv, tables/permutations_knn.tsv"
    assert not any("were not refitted" in note for note in words(blocks, Note))


def test_a_run_without_predictions_says_so():
    blocks = prediction(bare_results())
    assert not tables(blocks)
    assert "No model has made predictions in this run." in words(blocks, Note)
