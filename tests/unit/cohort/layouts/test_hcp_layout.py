"""HCP: both images, packages, the tables' traps, and nothing restricted in what comes out."""

import io
import zipfile

import nibabel as nib
import numpy as np
import pytest

from support.places import SHARED
from voxplain.cohort import layouts as cohort
from voxplain.cohort.checks import Requirements
from voxplain.cohort.image_patterns import HCP_IMAGES
from voxplain.cohort.morphometry import hcp_columns
from voxplain.cohort.morphometry import tables as morphometry
from voxplain.errors import CohortError, ConfigError
from voxplain.image import nifti
from voxplain.run.files import read_table, write_table

DATA = SHARED / "hcp"
CLASSES = {"negative": "women", "positive": "men"}
SETTINGS = {
    "image": "acpc",
    "behavioural": "unrestricted_me_3_23_2020_5_34_27.csv",
    "restricted": None,
    "tiv": "FS_IntraCranial_Vol",
    "morphometry": None,
}
PEOPLE = [  # Subject, Gender, Age, intracranial volume mm³
    ("100206", "M", "26-30", "1586120.5"),
    ("100307", "F", "22-25", "1512535.9"),
    ("100408", "M", "31-35", "1748377.1"),
    ("100610", "F", "36+", "1460121.2"),
]
RESTRICTED = [("100206", "55000_81000"), ("100307", "51463_81283"), ("100408", "55000_81000")]
RESTRICTED = [*RESTRICTED, ("100610", "51499_81300"), ("999999", "51463_81283")]


def image_bytes():
    data = np.ones((4, 5, 6), np.float32)
    buffer = io.BytesIO()
    nib.Nifti1Image(data, np.diag([-0.7, 0.7, 0.7, 1])).to_stream(buffer)
    return buffer.getvalue()


def build(root, people=PEOPLE):
    lines = ["Subject,Release,Acquisition,Gender,Age,FS_IntraCranial_Vol"]
    lines += [f"{who},S1200,Q10,{sex},{age},{icv}" for who, sex, age, icv in people]
    (root / SETTINGS["behavioural"]).write_text("\n".join(lines) + "\n")
    lines = ["Subject,Age_in_Yrs,ZygosityGT,Family_ID"]
    lines += [f"{who},{29 + k},MZ,{family}" for k, (who, family) in enumerate(RESTRICTED)]
    (root / "RESTRICTED_me.csv").write_text("\n".join(lines) + "\n")
    for who, *_ in people:
        for image in HCP_IMAGES.values():
            path = root / who / image
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(image_bytes())


def pack(root, who, folder="."):
    """Put a participant's folder into ConnectomeDB's package, and remove it."""
    path = root / folder / f"{who}_3T_Structural_preproc.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as zipped:
        for file in sorted((root / who).rglob("*.nii.gz")):
            zipped.write(file, file.relative_to(root))
            file.unlink()


def check(root, on_missing="error", exclude=(), **changes):
    required = Requirements(CLASSES, exclude, n_splits=1, on_missing=on_missing)
    return cohort.read_cohort("hcp", root, SETTINGS | changes, required)


def read(root, **changes):
    return check(root, **changes).participants


def test_participants_of_the_unrestricted_table(tmp_path):
    build(tmp_path)
    table = read(tmp_path)
    assert table["participant_id"].tolist() == [who for who, *_ in PEOPLE]
    assert table["class_name"].tolist() == ["men", "women", "men", "women"]
    assert table["age_band"].tolist() == ["26-30", "22-25", "31-35", "36+"]
    np.testing.assert_allclose(table["age"], [28.5, 24, 33.5, 36.5])
    np.testing.assert_allclose(table["tiv"], [1586.1205, 1512.5359, 1748.3771, 1460.1212])
    assert table["site"].unique().tolist() == ["WashU"]
    assert table["family_id"].isna().all()
    assert table["image"][1] == f"{tmp_path}/100307/T1w/T1w_acpc_dc_restore_brain.nii.gz"
    mni = read(tmp_path, image="mni", tiv=None)
    assert mni["image"][1] == f"{tmp_path}/100307/MNINonLinear/T1w_restore_brain.nii.gz"
    assert mni["tiv"].isna().all()


@pytest.mark.parametrize("folder", [".", "100408/preproc"])
def test_packages_are_read_where_they_lie(tmp_path, folder):
    build(tmp_path)
    pack(tmp_path, "100408", folder)
    image = read(tmp_path)["image"][2]
    assert image.endswith(
        "100408_3T_Structural_preproc.zip!/100408/T1w/T1w_acpc_dc_restore_brain.nii.gz"
    )
    volume, grid = nifti.read_volume(image)
    assert (volume.shape, grid.orientation) == ((4, 5, 6), "LAS")


def test_nothing_restricted_comes_out(tmp_path):
    build(tmp_path)
    table = read(tmp_path, restricted="RESTRICTED_me.csv")
    assert table["family_id"].tolist() == ["family-001", "family-002", "family-001", "family-003"]
    write_table(tmp_path / "out.tsv", table)
    written = (tmp_path / "out.tsv").read_text()
    for secret in ("55000", "51463", "51499", "MZ", "\t29\t", "\t30\t", "Age_in_Yrs"):
        assert secret not in written
    back = read_table(tmp_path / "out.tsv")
    assert back["participant_id"].tolist() == table["participant_id"].tolist()


def test_unknown_families_have_to_be_dealt_with(tmp_path):
    build(tmp_path)
    path = tmp_path / "RESTRICTED_me.csv"
    path.write_text(path.read_text().replace("100610", "100611"))
    with pytest.raises(CohortError, match=r"100610: .*'family'") as info:
        read(tmp_path, restricted=path.name)
    assert "cohort.hcp.restricted to null" in str(info.value)
    assert "51499" not in str(info.value)
    path.write_text("Subject,Family_ID\n" + "".join(f"{who[0]}.0,1\n" for who in PEOPLE))
    with pytest.raises(CohortError, match=r"'100206' .*'100206\.0'"):
        read(tmp_path, restricted=path.name)
    path.write_text("Subject,Age_in_Yrs\n100206,29\n")
    with pytest.raises(CohortError, match="Family_ID"):
        read(tmp_path, restricted=path.name)
    path.write_text("Subject,Family_ID\n100206,1\n100206,2\n")
    with pytest.raises(CohortError, match="100206"):
        read(tmp_path, restricted=path.name)
    with pytest.raises(CohortError, match=r"gone\.csv"):
        read(tmp_path, restricted="gone.csv")


def test_all_problems_in_one_message(tmp_path):
    people = [*PEOPLE, ("100709", "U", "26-30", ""), ("100812", "M", "young", "1")]
    build(tmp_path, people)
    (tmp_path / "100206/T1w/T1w_acpc_dc_restore_brain.nii.gz").unlink()
    pack(tmp_path, "100307")
    package = tmp_path / "100307_3T_Structural_preproc.zip"
    package.write_bytes(package.read_bytes()[:-30])
    with pytest.raises(CohortError) as info:
        read(tmp_path)
    for part in (
        "100206: ",
        "holds neither 100206/T1w/T1w_acpc_dc_restore_brain.nii.gz nor 100206_3T_Struct",
        "100307_3T_Structural_preproc.zip!/100307/T1w/T1w_acpc_dc_restore_brain.nii.gz is in a "
        "damaged zip archive",
        "100709: 'Gender' is 'U'",
        "100709: no value in 'FS_IntraCranial_Vol'",
        "100812: 'middle of Age' is 'young'",
    ):
        assert part in str(info.value)


def test_those_without_images_can_be_dropped(tmp_path):
    build(tmp_path, [*PEOPLE, ("100709", "F", "26-30", "1e6"), ("100812", "", "22-25", "1e6")])
    (tmp_path / "100709/T1w/T1w_acpc_dc_restore_brain.nii.gz").unlink()
    with pytest.raises(CohortError, match="2 problems"):
        read(tmp_path)
    checked = check(tmp_path, on_missing="drop")
    assert checked.participants["participant_id"].tolist() == [who for who, *_ in PEOPLE]
    dropped = checked.dropped
    assert list(dropped) == ["100709", "100812"]
    assert "holds neither" in dropped["100709"]
    assert dropped["100812"] == "no value in 'Gender'"


def test_another_table_is_recognised_as_such(tmp_path):
    build(tmp_path)
    (tmp_path / SETTINGS["behavioural"]).write_text("Subject,Gender\n1,F\n")
    with pytest.raises(CohortError, match=r"'Age'.*cohort\.hcp\.behavioural") as info:
        read(tmp_path)
    assert "'FS_IntraCranial_Vol'" in str(info.value)
    with pytest.raises(CohortError, match=r"none\.csv"):
        read(tmp_path, behavioural="none.csv")


def test_space_must_be_that_of_the_image():
    cohort.check_facts("hcp", SETTINGS, space="native", contrast="T1w")
    cohort.check_facts("hcp", SETTINGS | {"image": "mni"}, space="MNI152", contrast="T1w")
    with pytest.raises(ConfigError, match=r"cohort\.space is MNI152, but .* are native"):
        cohort.check_facts("hcp", SETTINGS, space="MNI152", contrast="T1w")


def expanded_header():
    """The Expanded FreeSurfer table's header as HCP writes it: one name stands there twice.

    Other exports have columns of their own behind it.
    """
    names = [name.removesuffix(".1") for name in hcp_columns.columns()]
    return ["Subject", "Release", "Gender", *names, "Release_Q1"]


def test_expanded_table_with_all_its_traps(tmp_path):
    build(tmp_path)
    header = expanded_header()
    rng = np.random.default_rng(0)
    values = rng.uniform(1, 100, (4, 935)).round(3)
    rows = [
        ",".join([who, "S1200", sex, *map(str, row), str(k)])
        for k, ((who, sex, *_), row) in enumerate(zip(PEOPLE, values, strict=True))
    ]
    (tmp_path / "unrestricted_hcp_freesurfer.csv").write_text("\n".join([",".join(header), *rows]))
    table = read(tmp_path, morphometry="unrestricted_hcp_freesurfer.csv")
    features = morphometry.read(
        tmp_path / "unrestricted_hcp_freesurfer.csv", table["participant_id"].tolist()
    ).features
    assert features.shape == (4, 935)
    assert not {"Subject", "Release", "Gender"} & set(features.columns)
    names = hcp_columns.columns()
    # the second column of that name is the right cerebellar cortex, in every measure
    for measure in ("Vol", "Vox", "Mean", "Std", "Range", "Min", "Max"):
        first = header.index(f"FS_L_Cerebellum_Cort_{measure}")
        second = header.index(f"FS_L_Cerebellum_Cort_{measure}", first + 1)
        left = features[f"FS_L_Cerebellum_Cort_{measure}"]
        right = features[f"FS_R_Cerebellum_Cort_{measure}"]
        np.testing.assert_array_equal(left, values[:, first - 3])
        np.testing.assert_array_equal(right, values[:, second - 3])
    # hyphens and the odd spelling stay; the swapped regions keep their own values
    for name in ("FS_InterCranial_Vol", "FS_L_Non-WM_Hypointens_Vol", "FS_L_Bankssts_GrayVol"):
        np.testing.assert_array_equal(features[name], values[:, names.index(name)])
    # HCP's table has its own head size: the behavioural one was asked for
    np.testing.assert_allclose(table["tiv"][0], 1586.1205)


@pytest.mark.skipif(not DATA.exists(), reason="HCP's column names are not on this machine")
def test_names_in_hcps_own_tables():
    behavioural = (DATA / "behavioural_columns.txt").read_text().split()
    assert {"Subject", "Gender", "Age", SETTINGS["tiv"]} <= set(behavioural)
    lines = (DATA / "expanded_freesurfer_columns.txt").read_text().splitlines()
    names = [line.partition(" ")[2] for line in lines if " FS_" in line]
    assert names == hcp_columns.columns()
