import zipfile

import numpy as np
import pandas as pd
import pytest

from support.places import SHARED
from support.table_cohort import ROWS, build, check, problems, read, save_image
from voxplain.cohort import participants as contract
from voxplain.cohort.participants import with_usable_images
from voxplain.errors import GridMismatchError, ImageError

DATA = SHARED / "ixi"


def test_the_contract(tmp_path):
    build(tmp_path)
    table = read(tmp_path)
    assert tuple(table.columns) == contract.COLUMNS
    assert table["participant_id"].tolist() == ["007", "008", "009", "010"]
    assert table["label"].tolist() == [1, 0, 1, 0]
    assert table["class_name"].tolist() == ["men", "women", "men", "women"]
    assert table["family_id"].isna().tolist() == [False, True, False, True]
    np.testing.assert_array_equal(table["age"], [30.5, np.nan, 44, 25])
    assert table["tiv"].isna().all()
    assert table["site"].isna().all()
    assert table["image"][0] == str(tmp_path / "img/007_T1w.nii.gz")


@pytest.mark.parametrize(("positive", "negative"), [("1", "0"), (2, 1)])
def test_other_codings_and_csv(tmp_path, positive, negative):
    build(tmp_path)
    codes = {"M": positive, "F": negative}
    lines = ["participant_id,sex,path"]
    lines += [f"{row[0]}, {codes[row[1]]} ,img/{row[0]}_T1w.nii.gz" for row in ROWS]
    (tmp_path / "people.csv").write_text("\n".join(lines))
    changes = {"participants": "people.csv", "image": "{path}", "family": None, "age": None}
    table = read(tmp_path, positive=positive, negative=negative, **changes)
    assert table["label"].tolist() == [1, 0, 1, 0]


def test_several_spellings_of_a_class(tmp_path):
    rows = [[row[0], sex, *row[2:]] for row, sex in zip(ROWS, "MFmf", strict=True)]
    build(tmp_path, rows)
    table = read(tmp_path, positive=["M", "m"], negative=["F", "f"])
    assert table["label"].tolist() == [1, 0, 1, 0]
    assert "009: 'sex' is 'm'" in problems(tmp_path, negative=["F", "f"])


def test_images_in_an_archive(tmp_path):
    build(tmp_path)
    with zipfile.ZipFile(tmp_path / "img.zip", "w") as zipped:
        for row in ROWS[:3]:
            zipped.write(tmp_path / f"img/{row[0]}_T1w.nii.gz", f"t1/{row[0]}.nii.gz")
    template = "img.zip!/t1/{participant_id}.nii.gz"
    assert "img.zip!/t1/010.nii.gz" in problems(tmp_path, image=template)
    table = read(tmp_path, image=template, exclude=["010"])
    assert table["image"][2] == f"{tmp_path}/img.zip!/t1/009.nii.gz"


def test_what_is_missing_can_be_dropped(tmp_path):
    build(tmp_path, [*ROWS, ["011", "", "", "1"], ["012", "F", "", "1"], ["013", "X", "", "1"]])
    (tmp_path / "img/012_T1w.nii.gz").unlink()
    message = problems(tmp_path, on_missing="drop")
    assert "1 problem\n  - 013: 'sex' is 'X'" in message  # nothing lacks there: it is wrong
    assert message.splitlines()[-1] == (
        "Before that, 2 of 7 participants were left out (cohort.on_missing: drop): "
        f"011: no value in 'sex', 012: {tmp_path}/img/012_T1w.nii.gz does not exist"
    )
    checked = check(tmp_path, on_missing="drop", exclude=["013"])
    assert checked.participants["participant_id"].tolist() == [row[0] for row in ROWS]
    assert checked.dropped == {
        "011": "no value in 'sex'",
        "012": f"{tmp_path}/img/012_T1w.nii.gz does not exist",
    }


def test_what_cannot_be_used_is_dropped_or_told_with_the_line_that_leaves_it_out(tmp_path):
    build(tmp_path)
    path = tmp_path / "img/010_T1w.nii.gz"
    path.write_bytes(path.read_bytes()[:-40])
    names = [row[0] for row in ROWS]
    assert "010: " in (told := problems(tmp_path))
    assert told.endswith(
        'To do without these images: cohort.on_missing: drop, or cohort.exclude: ["010"]'
    )
    checked = check(tmp_path, on_missing="drop")
    kept = checked.participants["participant_id"].tolist()
    assert kept == [name for name in names if name != "010"]
    assert list(checked.dropped) == ["010"]
    assert checked.dropped["010"].startswith(f"{path} is ")
    assert checked.listed == names


def test_images_that_turn_out_to_be_unusable():
    people = pd.DataFrame({"participant_id": ["007", "8", "9"], "label": [0, 1, 0]})
    reasons = {"007": "a.nii has 1 NaN", "9": "b.nii is damaged"}
    assert with_usable_images(people, {}, "error").equals(people)
    assert with_usable_images(people, reasons, "drop")["participant_id"].tolist() == ["8"]
    with pytest.raises(ImageError) as told:
        with_usable_images(people, reasons, "error")
    assert str(told.value).splitlines() == [
        "2 of 3 images cannot be used",
        "  - 007: a.nii has 1 NaN",
        "  - 9: b.nii is damaged",
        'To do without these images: cohort.on_missing: drop, or cohort.exclude: ["007", "9"]',
    ]
    with pytest.raises(ImageError, match="3 of 3 images"):
        with_usable_images(people, reasons | {"8": "x"}, "drop")


def test_nobody_is_left(tmp_path):
    build(tmp_path, images=False)
    (tmp_path / "m.tsv").write_text("participant_id\tx\n007\t1\n")
    message = problems(tmp_path, on_missing="drop", morphometry="m.tsv")
    assert "'sex' = 'F'" in message


def test_all_problems_in_one_message(tmp_path):
    rows = [*ROWS, *(["011", "X", "", "1"], ["012", "", "", "1"], ["007", "M", "", "-3"])]
    build(tmp_path, rows)
    (tmp_path / "img/008_T1w.nii.gz").unlink()
    save_image(tmp_path, "009", (4, 5, 6, 3))
    save_image(tmp_path, "010", (4, 5, 7))
    message = problems(tmp_path, n_splits=4, exclude=["nobody"])
    for part in (
        "007: stands in the table 2 times",
        "011: 'sex' is 'X', neither 'F' nor 'M'",
        "012: no value in 'sex'",
        "007: 'age' is '-3'",
        "img/008_T1w.nii.gz does not exist",
        "img/009_T1w.nii.gz is 4-D",
        "010: its grid (4 x 5 x 7",
        "class women has 2 independent participants, fewer than the 4 folds",
        "exclude names participants that are not there: nobody",
    ):
        assert part in message


def test_long_lists_are_capped(tmp_path):
    build(tmp_path, [[f"{i:03}", "MF"[i % 2], "", "20"] for i in range(80)], images=False)
    message = problems(tmp_path)
    assert "80 problems" in message
    assert "and 30 more" in message
    assert message.count("\n  - ") == 50


def test_one_class_only(tmp_path):
    build(tmp_path, [row for row in ROWS if row[1] == "M"])
    assert "there is only one class" in problems(tmp_path)


def test_columns_that_are_not_there(tmp_path):
    build(tmp_path)
    message = problems(tmp_path, tiv="ICV", image="{file}.nii", label="gender")
    for column in ("ICV", "file", "gender"):
        assert f"'{column}'" in message


def test_grid_mismatch_alone_has_its_own_error(tmp_path):
    build(tmp_path)
    affine = np.diag([2.0, 2, 2, 1])
    affine[0, 3] = 0.001  # the last bits of a header are no mismatch
    save_image(tmp_path, "008", affine=affine)
    read(tmp_path)
    affine[0, 3] = 0.5
    save_image(tmp_path, "009", affine=affine)
    message = problems(tmp_path, GridMismatchError)
    assert "009: its grid" in message
    assert "008" not in message
    assert len(read(tmp_path, exclude=["009"])) == 3


def test_one_image_for_two(tmp_path):
    build(tmp_path)
    assert "share one image" in problems(tmp_path, image="img/007_T1w.nii.gz")


def test_morphometry_is_checked_too(tmp_path):
    build(tmp_path)
    (tmp_path / "m.tsv").write_text("participant_id\tx\n007\t1\n008\t2\n009\t3\n")
    message = problems(tmp_path, morphometry="m.tsv")
    assert "1 of 4 participants: 010" in message
    assert len(read(tmp_path, morphometry="m.tsv", exclude=["010"])) == 3


@pytest.mark.parametrize("content", [b"", b"participant_id\tsex\tfam\tage\n", b"a\ta\nb\tc\n"])
def test_unusable_tables(tmp_path, content):
    (tmp_path / "people.tsv").write_bytes(content)
    assert "people.tsv" in problems(tmp_path)


def test_a_missing_table_is_named(tmp_path):
    assert "people.tsv" in problems(tmp_path)


@pytest.mark.skipif(not DATA.exists(), reason="the IXI images are not on this machine")
def test_real_cohort():
    table = read(
        DATA,
        n_splits=10,
        participants="participants.tsv",
        image="mni2mm/{participant_id}_space-MNI152NLin6Asym_desc-brain_T1w.nii.gz",
        family=None,
        site="site",
    )
    assert isinstance(table, pd.DataFrame)
    assert table["class_name"].value_counts().to_dict() == {"women": 54, "men": 50}


@pytest.mark.parametrize(
    "cell", ["../x.nii.gz", "/etc/passwd", "a/../../x.nii.gz", "..", "x.zip!/../y"]
)
def test_no_cell_leads_out_of_the_folder(tmp_path, cell):
    root = tmp_path / "study"
    root.mkdir()
    build(root)
    (tmp_path / "x.nii.gz").write_bytes((root / "img/007_T1w.nii.gz").read_bytes())
    table = (root / "people.tsv").read_text("utf-8-sig").splitlines()
    paths = ["path", cell, *(f"img/{row[0]}_T1w.nii.gz" for row in ROWS[1:])]
    lines = [f"{line}\t{path}" for line, path in zip(table, paths, strict=True)]
    (root / "people.tsv").write_text("\n".join(lines))
    assert f"007: {cell}" in problems(root, image="{path}")


def test_cells_do_not_lead_out_together(tmp_path):
    build(tmp_path, [["007", "M", ".", "./x"], *ROWS[1:]])
    assert "007: a/../x" in problems(tmp_path, image="a/{fam}{age}", age=None)


def test_links_made_in_the_folder_are_followed(tmp_path):
    root = tmp_path / "study"
    root.mkdir()
    build(root)
    image = root / "img/007_T1w.nii.gz"
    image.rename(tmp_path / "elsewhere.nii.gz")
    image.symlink_to(tmp_path / "elsewhere.nii.gz")
    assert len(read(root)) == 4


@pytest.mark.parametrize("name", ["../../x", "a/b", "..", "a\\b"])
def test_ids_cannot_name_files_elsewhere(tmp_path, name):
    build(tmp_path)
    table = (tmp_path / "people.tsv").read_text("utf-8-sig").replace("007", name)
    (tmp_path / "people.tsv").write_text(table)
    assert repr(name) in problems(tmp_path)
