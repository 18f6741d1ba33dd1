import pytest

from voxplain.cohort.morphometry import tables as morphometry
from voxplain.errors import CohortError

HEADER = "Subject,Release,Gender,Age,FS_A,FS_Same,FS_L_Cerebellum_Cort_Vol,FS_L_Cerebellum_Cort_Vol"
ROWS = ["007,Q1,M,22-25,1.5,0,10,20", "008,Q2,F,26-30,2.5,0,11,21", "009,Q3,F,36+,3.5,0,12,19"]


def write(tmp_path, rows, header=HEADER, name="m.csv"):
    path = tmp_path / name
    path.write_bytes("\r\n".join([header, *rows, ""]).encode("utf-8-sig"))
    return path


def test_features_in_the_order_asked_for(tmp_path):
    measured = morphometry.read(write(tmp_path, ROWS), ["009", "007"])
    features = measured.features
    assert features.index.tolist() == ["009", "007"]
    assert features.columns.tolist() == [
        "FS_A",
        "FS_L_Cerebellum_Cort_Vol",
        "FS_R_Cerebellum_Cort_Vol",
    ]
    assert features["FS_R_Cerebellum_Cort_Vol"].tolist() == [19, 20]
    assert measured.constant == ["FS_Same"]


def test_label_column_is_no_feature(tmp_path):
    path = write(tmp_path, ["a\t1\t3", "b\t2\t4"], "participant_id\tsex\tx", "m.tsv")
    assert morphometry.read(path, ["a", "b"], ["sex"]).features.columns.tolist() == ["x"]


def test_missing_participants_are_named(tmp_path):
    with pytest.raises(CohortError, match="010, 011"):
        morphometry.read(write(tmp_path, ROWS), ["007", "010", "011"])


@pytest.mark.parametrize(
    ("value", "shown"), [("n/a", "missing"), ("", "missing"), ("inf", "'inf'"), ("abc", "'abc'")]
)
def test_cells_that_are_no_numbers_are_named(tmp_path, value, shown):
    rows = [ROWS[0], f"008,Q2,F,26-30,{value},0,11,21", ROWS[2]]
    with pytest.raises(CohortError, match=f"008 FS_A is {shown}"):
        morphometry.read(write(tmp_path, rows), ["007", "008", "009"])


def test_rows_of_others_do_not_matter(tmp_path):
    path = write(tmp_path, [*ROWS, "010,Q1,M,36+,bad,0,1,2", ROWS[0].replace("007", "011")])
    assert len(morphometry.read(path, ["007", "008"]).features) == 2


def test_duplicate_rows_and_files_without_use(tmp_path):
    with pytest.raises(CohortError, match="007"):
        morphometry.read(write(tmp_path, [*ROWS, ROWS[0]]), ["007", "008"])
    with pytest.raises(CohortError, match="does not exist"):
        morphometry.read(tmp_path / "no.tsv", ["007"])
    with pytest.raises(CohortError, match="participant_id"):
        morphometry.read(write(tmp_path, ["1,2"], "who,x"), ["007"])
    with pytest.raises(CohortError, match="no column of numbers that differ"):
        morphometry.read(write(tmp_path, ["1,2", "2,2"], "Subject,x"), ["1", "2"])
