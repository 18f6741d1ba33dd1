import pytest

from support.places import SHARED
from voxplain.cohort.morphometry import hcp_columns

DATA = SHARED / "hcp/expanded_freesurfer_columns.txt"


def test_counts_by_kind():
    names = hcp_columns.columns()
    assert len(names) == len(set(names)) == 935
    assert all(name.startswith("FS_") for name in names)
    kinds = [name.rsplit("_", 1)[1].removesuffix(".1") for name in names]
    assert [kinds.count(kind) for kind in ("Vox", "Std", "Max", "Thck", "CurvInd")] == [
        43,
        43,
        43,
        68,
        68,
    ]


def test_kinks_of_the_table():
    names = hcp_columns.columns()
    assert names[0] == "FS_InterCranial_Vol"
    assert "FS_L_InfLatVent_Vol" in names
    assert "FS_L_InfLatVent_Mean" not in names
    assert "FS_R_Cerebellum_Cort_Vol" not in names
    assert hcp_columns.corrected(names)["FS_L_Cerebellum_Cort_Max.1"] == "FS_R_Cerebellum_Cort_Max"
    assert len(hcp_columns.corrected(names)) == 7
    swapped = names.index("FS_L_Bankssts_GrayVol")
    assert names[swapped - 1] == "FS_L_Caudalanteriorcingulate_GrayVol"


@pytest.mark.skipif(not DATA.exists(), reason="HCP's list of column names is not on this machine")
def test_exact_order_of_the_real_table():
    lines = DATA.read_text().splitlines()[1:]
    assert [line.split()[1] for line in lines][1:936] == hcp_columns.columns()
