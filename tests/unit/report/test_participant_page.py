import numpy as np
import pandas as pd
import pytest

from voxplain.image.grid import Grid
from voxplain.report.participant import ParticipantResults, participant_page, participant_viewer

SHAPE = (3, 4, 5)


def results(**changes):
    maps = {
        "meaningful_perturbation": np.full(SHAPE, 0.25, np.float32),
        "grad_cam": np.full(SHAPE, 8.0, np.float32),
    }
    value = {
        "run": "tiny",
        "participant": "sub-<i>",
        "class_names": ("cats", "dogs"),
        "map_fold": "02",
        "predictions": pd.DataFrame(
            {"model": ["cnn", "knn"], "fold": "02", "y_true": 1, "y_score": [-1.5, 0.7]}
        ).assign(y_pred=[0, 1]),
        "accuracy": pd.DataFrame({"model": ["cnn"], "evidence": [True]}),
        "quality": pd.DataFrame({"participant_id": ["sub-<i>"], "outlier": [False]}),
        "viewer": participant_viewer(
            "sub-<i>", np.ones(SHAPE), np.ones(SHAPE, bool), Grid(SHAPE, np.eye(4)), maps, []
        ),
    }
    return ParticipantResults(**value | changes)


def test_the_page_says_truth_and_prediction_and_escapes_the_name():
    text = participant_page(results())
    assert "sub-&lt;i&gt;" in text
    assert "sub-<i>" not in text
    assert "The true class is dogs." in text
    assert "predicts cats (difference of logits -1.50), which is wrong." in text
    assert "near chance" not in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"map_fold": "all"}, "trained on all participants, this one included"),
        ({"accuracy": pd.DataFrame({"model": ["cnn"], "evidence": [False]})}, "is near chance"),
        (
            {"quality": pd.DataFrame({"participant_id": ["x"], "outlier": [True]})},
            "marks the image as an outlier",
        ),
    ],
)
def test_what_limits_the_maps_is_said(changes, words):
    assert words in participant_page(results(**changes))


def test_gradient_maps_are_relative_to_their_maximum():
    layers = results().viewer.data["layers"]
    assert [(layer["top"], layer["unit"]) for layer in layers.values()] == [
        (0.25, "1 − mask"),
        (1.0, "share of each map's maximum"),
    ]
