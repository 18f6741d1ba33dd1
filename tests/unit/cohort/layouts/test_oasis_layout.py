"""OASIS: a folder of the shape that nilearn's fetch_oasis_vbm leaves."""

import nibabel as nib
import numpy as np
import pytest

from voxplain.cohort import layouts as cohort
from voxplain.cohort.checks import Requirements
from voxplain.errors import CohortError, ConfigError

CLASSES = {"negative": "women", "positive": "men"}
SETTINGS = {"participants": "oasis_cross-sectional.csv"}
HEADER = "ID,M/F,Hand,Age,Educ,SES,MMSE,CDR,eTIV,nWBV,ASF,Delay"
ROWS = ["OAS1_0001_MR1,F,R,74,2,3,29,0,1344,0.743,1.306,N/A"]
ROWS += ["OAS1_0002_MR1,M,R,55,4,1,29,0,1547,0.81,1.134,N/A"]
ROWS += ["OAS1_0003_MR1,F,R,73,4,3,27,0.5,1454,0.708,1.207,N/A"]
ROWS += ["OAS1_0004_MR1,M,R,28,,,,,1588,0.803,1.105,N/A"]
ROWS += ["OAS1_0027_MR1,F,R,28,,,,,1588,0.803,1.105,N/A"]  # nilearn leaves this scan out
ROWS += ["OAS1_0061_MR2,F,R,20,,,,,1444,0.822,1.215,1"]


@pytest.fixture
def oasis1(tmp_path):
    root = tmp_path / "oasis1"
    root.mkdir()
    (root / SETTINGS["participants"]).write_text("\n".join([HEADER, *ROWS]) + "\n")
    (root / "data_usage_agreement.txt").write_text("terms")
    for number in range(1, 5):
        name = f"OAS1_{number:04d}_MR1"
        (root / name).mkdir()
        for tissue in (1, 2):
            data = np.full((4, 5, 6), 0.5, np.float32)
            nib.save(
                nib.Nifti1Image(data, np.diag([-2.0, 2, 2, 1])),
                root / name / f"mwrc{tissue}{name}_mpr_anon_fslswapdim_bet.nii.gz",
            )
    return root


def read(root, **checked):
    required = Requirements(CLASSES, **checked)
    return cohort.read_cohort("oasis", root, SETTINGS, required).participants


def test_participants_are_those_with_maps(oasis1):
    table = read(oasis1)
    assert table["participant_id"].tolist() == [f"OAS1_000{k}_MR1" for k in range(1, 5)]
    assert table["class_name"].tolist() == ["women", "men", "women", "men"]
    np.testing.assert_array_equal(table["age"], [74, 55, 73, 28])
    np.testing.assert_array_equal(table["tiv"], [1344, 1547, 1454, 1588])
    assert table["site"].unique().tolist() == ["WashU"]
    assert table["image"].str.contains("mwrc1").all()


def test_problems_in_one_message(oasis1):
    (oasis1 / "OAS1_0002_MR1/mwrc1OAS1_0002_MR1_mpr_anon_fslswapdim_bet.nii.gz").unlink()
    (oasis1 / "OAS1_0999_MR1").mkdir()
    with pytest.raises(CohortError) as info:
        read(oasis1)
    assert "OAS1_0999_MR1: " in str(info.value)
    assert "OAS1_0002_MR1: " in str(info.value)


def test_another_folder_or_table(oasis1, tmp_path):
    with pytest.raises(CohortError, match=r"oasis_cross-sectional\.csv"):
        read(tmp_path)
    (tmp_path / SETTINGS["participants"]).write_text(f"{HEADER}\n{ROWS[0]}\n")
    with pytest.raises(CohortError, match="no folder OAS1_"):
        read(tmp_path)
    (tmp_path / SETTINGS["participants"]).write_text("Subject ID,Visit\nOAS2_0001,1\n")
    with pytest.raises(CohortError, match="'ID'"):
        read(tmp_path)


def test_maps_of_grey_matter_are_called_so():
    cohort.check_facts("oasis", SETTINGS, space="MNI152", contrast="grey_matter")
    with pytest.raises(ConfigError, match=r"contrast is T1w, but .* are grey_matter"):
        cohort.check_facts("oasis", SETTINGS, space="MNI152", contrast="T1w")
