import pandas as pd
import pytest

from voxplain.claims import studies as claims


def grids(low=0.02, svm=True, high=0.1):
    table = pd.DataFrame({"grid": ["15x18x15", "30x36x30"], "voxel_mm": [10.0, 5.0]})
    return table.assign(
        lead=[0.01, 0.06], gain=[None, 0.05], gain_low=[None, low], gain_high=[None, high]
    ).assign(cnn_evidence=True, voxel_svm_evidence=[True, svm])


@pytest.mark.parametrize(
    ("table", "verdict"),
    [
        (grids(), "supported"),
        (grids(low=-0.01), "undecided"),
        (grids(low=-0.1, high=-0.01), "not supported"),
        (grids(svm=False), "near chance"),
        (None, "not tested here: snakemake grids"),
    ],
)
def test_compression_is_judged_by_the_finest_grids_gain(table, verdict):
    assert claims.compression(table).verdict == verdict


def test_settings_have_to_be_on_every_plateau():
    table = pd.DataFrame({"knob": ["beta", "beta", "draws", "paper"], "value": [3, 7, 10, None]})
    table = table.assign(
        paper=[False, True, True, True], behind=[0, 0.01, 0, 0.9], behind_se=[0, 0.005, 0, 0.1]
    )
    assert claims.settings(table, True).verdict == "supported"
    unsure = table.assign(behind=[0, 0.1, 0, 0.9], behind_se=[0, 0.2, 0, 0.1])
    assert claims.settings(unsure, True).verdict == "undecided"
    table = table.assign(behind=[0, 0.1, 0, 0.9])
    row = claims.settings(table.assign(behind_se=0.04), True)
    assert row.verdict == "not supported"
    assert row.ours == "1 of 2 settings on the plateau; below it: beta"
    assert claims.settings(None, True).verdict == "not tested here: snakemake ablation"
