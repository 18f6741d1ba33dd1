"""Tables as spreadsheets spoil them: what is meant is read, the rest is named with its remedy."""

import re

import numpy as np
import pytest

from support.table_cohort import ROWS, build, problems, read
from voxplain.cohort.morphometry import tables as morphometry
from voxplain.cohort.text_tables import read_text_table
from voxplain.errors import CohortError

IDS = [row[0] for row in ROWS]


def text(rows, separator="\t", header=("participant_id", "x", "y"), end="\n"):
    return end.join(separator.join(row) for row in [header, *rows]) + end


def write(path, *args, encoding="utf-8", **kwargs):
    path.write_bytes(text(*args, **kwargs).encode(encoding))
    return path


GOOD = [[name, str(k), str(k**2)] for k, name in enumerate(IDS)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_byte_order_mark_and_line_ends(tmp_path, encoding, end):
    path = write(tmp_path / "m.tsv", GOOD, encoding=encoding, end=end)
    assert morphometry.read(path, IDS).features["y"].tolist() == [0, 1, 4, 9]
    assert read_text_table(path)["participant_id"].tolist() == IDS


@pytest.mark.parametrize("separator", ["\t", ","])
@pytest.mark.parametrize(
    ("spoilt", "lines"),
    [
        ({1: '"started late'}, "line 3;"),  # swallowed every row after it
        ({0: '"began', 2: 'ended"'}, "line 2, 4;"),  # swallowed the rows between them
        ({1: 'a 5" coil'}, "line 3;"),
        ({2: '"late"r'}, "line 4;"),
        ({1: '"two\nlines"'}, "line 3, 4;"),
        ({-1: 'y"'}, "line 1;"),
        ({3: '"'}, "line 5;"),
    ],
)
def test_quotes_that_are_not_around_a_cell_are_refused(tmp_path, separator, spoilt, lines):
    """A lost quote made 27 participants of 40, and the study went on."""
    ending = {"\t": "tsv", ",": "csv"}[separator]
    header = ["participant_id", "x", spoilt.get(-1, "y")]
    rows = [[*row[:2], spoilt.get(k, row[2])] for k, row in enumerate(GOOD)]
    path = write(tmp_path / f"m.{ending}", rows, separator, header=header)
    with pytest.raises(CohortError, match="double quote") as error:
        morphometry.read(path, IDS)
    assert f"m.{ending}" in str(error.value)
    assert lines in str(error.value)


def test_quotes_around_cells_are_no_part_of_them(tmp_path):
    rows = [[f'"{row[0]}"', f' "{row[1]}" ', '"a, ""b"""'] for row in GOOD]
    path = write(tmp_path / "m.csv", rows, ",")
    table = read_text_table(path)
    assert table["participant_id"].tolist() == IDS
    assert table["x"].tolist() == [row[1] for row in GOOD]
    assert set(table["y"]) == {'a, "b"'}


def test_spaces_around_cells_and_names_do_not_matter(tmp_path):
    rows = [[f" {cell} " for cell in row] for row in GOOD]
    path = write(tmp_path / "m.csv", rows, ",", header=(" participant_id", "x ", " y"))
    assert morphometry.read(path, IDS).features["y"].tolist() == [0, 1, 4, 9]


def test_another_encoding_is_named(tmp_path):
    path = write(tmp_path / "m.tsv", GOOD, encoding="utf-16")
    with pytest.raises(CohortError, match=r"m\.tsv .*save it as UTF-8"):
        read_text_table(path)


def test_ids_that_were_taken_for_numbers_are_recognised(tmp_path):
    rows = [[str(float(row[0])), *row[1:]] for row in GOOD]
    path = write(tmp_path / "m.tsv", rows)
    with pytest.raises(CohortError, match=r"'007' .*'7\.0'"):
        morphometry.read(path, IDS)
    path = write(tmp_path / "m.tsv", [[row[0].lstrip("0"), *row[1:]] for row in GOOD])
    with pytest.raises(CohortError, match=r"'007' .*'7'"):
        morphometry.read(path, IDS)
    write(path, [["sub-7", "1", "2"]])
    with pytest.raises(CohortError, match="007, 008, 009, 010"):
        morphometry.read(path, IDS)


def test_decimal_commas_are_named_not_guessed(tmp_path):
    rows = [[*row[:3], row[3].replace(".", ",")] for row in ROWS]
    build(tmp_path, rows)
    path = write(tmp_path / "m.tsv", [*GOOD[:3], ["010", "1,5", "-2,25"]])
    message = problems(tmp_path, morphometry=path.name)
    remedy = "(write it without commas, decimals behind a point)"
    assert f"007: 'age' is '30,5', not a number from 0 to 120 {remedy}" in message
    assert f"010 x is '1,5' {remedy}; 010 y is '-2,25' {remedy}" in message


@pytest.mark.parametrize(
    ("name", "separator", "message"),
    [("p.csv", ";", "commas"), ("p.tsv", ",", "tabs"), ("p.tsv", ";", "tabs")],
)
def test_another_separator_is_named(tmp_path, name, separator, message):
    path = write(tmp_path / name, GOOD, separator)
    with pytest.raises(CohortError, match=f"separated by {message}"):
        read_text_table(path)


def test_mixed_codings_of_the_label_are_listed_not_guessed(tmp_path):
    sexes = ["M", "0", "1", "2"]
    build(tmp_path, [[row[0], sex, *row[2:]] for row, sex in zip(ROWS, sexes, strict=True)])
    message = problems(tmp_path)
    for name, sex in zip(IDS[1:], sexes[1:], strict=True):
        assert f"{name}: 'sex' is '{sex}'" in message
    assert "007: 'sex'" not in message
    table = read(tmp_path, positive=["M", 1], negative=["0", 2])
    assert table["label"].tolist() == [1, 0, 1, 0]


def test_blanks_are_missing_values(tmp_path):
    build(tmp_path, [["007", "", "", "n/a"], *ROWS[1:], ["", "F", "", "3"]])
    message = problems(tmp_path)
    assert re.search("007: .*'sex'", message)
    assert re.search("1 row.* participant_id", message)
    assert "age" not in message  # a missing age is no error


@pytest.mark.parametrize("value", ["inf", "-Infinity", "nan", "1e999", "", "n/a", "--"])
def test_morphometry_that_is_no_finite_number(tmp_path, value):
    path = write(tmp_path / "m.tsv", [*GOOD[:3], ["010", value, "3"]])
    with pytest.raises(CohortError, match="010 x is"):
        morphometry.read(path, IDS)


@pytest.mark.parametrize("value", ["inf", "200", "-3", "young", "1.5e6"])
def test_head_sizes_and_ages_are_plausible_numbers(tmp_path, value):
    build(tmp_path, [[*ROWS[0][:3], value], *ROWS[1:]])
    culprit = f"007: 'age' is '{value}', not a number from "
    assert f"{culprit}0 to 120" in problems(tmp_path)
    message = problems(tmp_path, tiv="age", age=None)
    assert (f"{culprit}100 to 3000" in message) == (value != "200")


def test_rows_of_another_length_are_told_by_their_lines(tmp_path):
    path = write(tmp_path / "m.tsv", [*GOOD[:2], ["009", "1"], ["010", "2"]])
    with pytest.raises(CohortError, match=r"3 cells.* 4 \(2\), 5 \(2\)"):
        read_text_table(path)
    path = write(tmp_path / "m.csv", [*GOOD[:3], ["010", "1,5", "2"]], ",")
    with pytest.raises(CohortError, match=r"3 cells.* 5 \(4\).* double quotes"):
        read_text_table(path)
    path = write(tmp_path / "blank.tsv", [*GOOD, ["", "", ""]])
    assert len(read_text_table(path)) == len(GOOD)


def test_what_tells_the_class_is_no_feature(tmp_path):
    """Neither what the study knows of, nor an index, nor the label by another name."""
    build(tmp_path)
    header = ("participant_id", "", "Sex", "AGE", "Site", "x")
    rows = [[row[0], str(k), row[1], row[3], "1", str(k**2)] for k, row in enumerate(ROWS)]
    path = write(tmp_path / "m.csv", rows, ",", header=header)
    assert morphometry.read(path, IDS, ["sex", "age"]).features.columns.tolist() == ["x"]
    header = ("participant_id", "diagnosed", "x")
    rows = [[row[0], str("FM".index(row[1])), str(k)] for k, row in enumerate(ROWS)]
    path = write(tmp_path / "m.csv", rows, ",", header=header)
    message = problems(tmp_path, morphometry=path.name)
    assert "column 'diagnosed'" in message
    assert "column 'x'" not in message


def test_a_feature_that_stands_twice_is_refused(tmp_path):
    path = write(tmp_path / "m.tsv", GOOD, header=("participant_id", "x", "x"))
    with pytest.raises(CohortError, match=r"column called x; keep one"):
        morphometry.read(path, IDS)


def test_columns_that_are_the_same_for_everybody_are_left_out(tmp_path):
    path = write(tmp_path / "m.tsv", [[name, "5", str(k)] for k, name in enumerate(IDS)])
    measured = morphometry.read(path, IDS)
    assert measured.features.columns.tolist() == ["y"]
    assert measured.constant == ["x"]


def test_a_family_larger_than_a_fold(tmp_path):
    rows = [[f"{k:03}", "MF"[k % 2], "F1" if k < 5 else "", "30"] for k in range(12)]
    build(tmp_path, rows)
    message = problems(tmp_path, n_splits=3)
    assert re.search("family F1 has 5 .*3 folds", message)
    assert len(read(tmp_path, n_splits=2)) == 12


def test_sites_as_groups(tmp_path):
    rows = [[f"{k:03}", "MF"[k % 2], f"site {k // 4}", "30"] for k in range(12)]
    build(tmp_path, rows)
    settings = {"family": None, "site": "fam", "groups": "site"}
    assert read(tmp_path, n_splits=3, **settings)["site"].nunique() == 3
    message = problems(tmp_path, n_splits=4, **settings)
    assert re.search("class men has 3 sites.* 4 folds", message)
    rows[5][2] = "n/a"
    build(tmp_path, rows)
    message = problems(tmp_path, n_splits=3, **settings)
    assert re.search(r"folds\.groups is site.* 005", message)


def test_a_grid_finer_than_the_images(tmp_path):
    build(tmp_path)
    message = problems(tmp_path, shape=[4, 6, 6])
    assert re.search(r"volumes\.shape .*4 x 6 x 6", message)
    assert "4 x 5 x 6" in message
    assert len(read(tmp_path, shape=[4, 5, 6])) == 4


def test_ids_stay_as_they_are_written(tmp_path):
    build(tmp_path, [["1e5", *ROWS[0][1:]], ["0x10", *ROWS[1][1:]], ["NA", *ROWS[2][1:]], ROWS[3]])
    assert read(tmp_path)["participant_id"].tolist() == ["1e5", "0x10", "NA", "010"]
    np.testing.assert_array_equal(read(tmp_path)["label"], [1, 0, 1, 0])
