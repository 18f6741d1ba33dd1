"""A point of the sweep is the run's configuration with another cohort."""

from pathlib import Path

from voxplain.run.config import read_config
from voxplain.simulation.truth_points import point_settings

ROOT = Path(__file__).resolve().parents[3]


def test_a_point_changes_a_copy():
    config = read_config([ROOT / "config.yaml"])
    before = read_config([ROOT / "config.yaml"])
    point = point_settings(config, 60, 1.5, 3)
    assert config == before
    assert point["cohort"]["synthetic"]["n_subjects"] == 60
    assert point["cohort"]["synthetic"]["effect_size"] == 1.5
    assert point["folds"]["n_splits"] == 3
    assert point["seed"] == config["seed"] + 60
    same = ("attribution", "cnn", "volumes", "atlases")
    point["attribution"]["training_sample"] = config["attribution"]["training_sample"]
    assert all(point[key] == config[key] for key in same)
