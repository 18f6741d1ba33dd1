import hashlib

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from support.places import SHARED
from voxplain.atlas import labels as atlases
from voxplain.atlas.label_tables import read_label_table
from voxplain.atlas.labels import Atlas
from voxplain.errors import AtlasError, DownloadError
from voxplain.image.grid import Grid
from voxplain.image.nifti import write_volume
from voxplain.regions.means import region_means
from voxplain.regions.weights import region_weights

DATA = SHARED / "atlases"
needs_shared = pytest.mark.skipif(not DATA.is_dir(), reason=f"{DATA} is not on this machine")


def affine(scale, offset, flip_x=False):
    matrix = np.diag([-scale if flip_x else scale, scale, scale, 1.0])
    matrix[:3, 3] = offset
    return matrix


def small_atlas(shape=(6, 5, 4), matrix=None):
    labels = np.zeros(shape, np.int32)
    labels[1:3, 1:4, 1:3] = 7
    labels[4, 2, 2] = 3
    table = pd.DataFrame({"value": [3, 7], "name": ["three", "seven"]})
    return Atlas("small", labels, Grid(shape, np.eye(4) if matrix is None else matrix), table)


def write_atlas(folder, labels, table_text, matrix=None, suffix=".txt"):
    image, names = folder / "labels.nii.gz", folder / f"names{suffix}"
    grid = Grid(labels.shape, affine(2, (-10, -10, -10)) if matrix is None else matrix)
    write_volume(image, labels.astype(np.uint8), grid)
    names.write_text(table_text, encoding="utf-8")
    return image, names


@pytest.fixture
def labels():
    values = np.zeros((5, 4, 3))
    values[0, 0, 0], values[4, 3, 2], values[2, 2, 1] = 2, 5, 9
    return values


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".txt", "# list\n9 Area 4 (a.p.)\n2 Fornix.L\n5  Fornix.R\n"),
        (
            ".txt",
            "9 Area 4 (a.p.) 1 2 3 0\n0 Unknown 0 0 0 0\n2 Fornix.L 9 9 9 0\n5 Fornix.R 1 1 1 0",
        ),
        (".csv", ";ROIid;ROIname;V\n0;9;Area 4 (a.p.);1\n1;2;Fornix.L;0\n2;5;Fornix.R;0\n"),
        (".tsv", "index\tname\n9\tArea 4 (a.p.)\n2\tFornix.L\n5\tFornix.R\n"),
        (".tsv", "value\tname\n9\tArea 4 (a.p.)\n2\tFornix.L\n5\tFornix.R\n"),
        (
            ".xml",
            '<atlas><label index="0" name="Unclassified"/><label index="9">Area 4 (a.p.)</label>'
            '<label index="2" name="Fornix.L  "></label><label index="5" name="Fornix.R"/></atlas>',
        ),
    ],
)
def test_names_go_by_value_in_every_table_form(tmp_path, labels, suffix, text):
    atlas = atlases.read_atlas("a", *write_atlas(tmp_path, labels, text, suffix=suffix))
    assert atlas.table["value"].tolist() == [2, 5, 9]
    assert atlas.table["name"].tolist() == ["Fornix.L", "Fornix.R", "Area 4 (a.p.)"]
    np.testing.assert_array_equal(atlas.labels, labels)
    assert atlas.absent == ()


def test_a_name_that_ends_in_numbers_is_no_colour(tmp_path, labels):
    text = "2 Area 1 2 3 4\n5 Fornix\n9 V1\n"
    atlas = atlases.read_atlas("a", *write_atlas(tmp_path, labels, text))
    assert atlas.table["name"].tolist() == ["Area 1 2 3 4", "Fornix", "V1"]


NAMED = ["Fornix.L", "Fornix.R", "Area_4"]
DIALECTS = {
    "ITK-SNAP": (
        "################\n# ITK-SnAP Label Description File\n"
        '    0     0    0    0        0  0  0    "Clear Label"\n'
        '    2   255    0    0        1  1  1    "Fornix.L"\n'
        '    5     0  255    0      0.5  1  0    "Fornix.R"\n'
        '    9     0    0  255        1  1  1    "Area_4"\n'
    ),
    "ITK-SNAP, short": '2 255 0 0 "Fornix.L"\n5 0 255 0 "Fornix.R"\n9 0 0 255 "Area_4"\n',
    "MRIcron's AAL": "2 Fornix.L 2001\n5 Fornix.R 2002\n9 Area_4 2101\n",
    "AAL3": "2 Fornix.L 2\n5 Fornix.R 5\n9 Area_4 9\n",
    "FieldTrip's AAL": "FAG\tFornix.L\t2\nFAD\tFornix.R\t5\nF1G\tArea_4\t9\n",
    "WFU's header": "[TD Labels]\n2\tFornix.L\n5\tFornix.R\n9\tArea_4\n",
    "FreeSurfer, an alpha missing": (
        "#No. Label Name: R G B A\n0 Unknown 0 0 0 0\n"
        "2 Fornix.L 9 9 9 0\n5 Fornix.R 1 1 1\n9 Area_4 1 2 3 0\n"
    ),
    "SPM XML": (
        "<?xml version='1.0' encoding='ISO-8859-1'?><atlas><header><name>n</name></header><data>"
        "<label><index>2</index><name>Fornix.L</name></label>"
        "<label><index>5</index><short_name>f</short_name><name>Fornix.R</name></label>"
        "<label><index>9</index><name>Area_4</name></label></data></atlas>"
    ),
    "BIDS dseg.tsv": (
        "index\tname\tabbreviation\tcolor\n2\tFornix.L\tFL\t#ff0000\n"
        "5\tFornix.R\tFR\t#00ff00\n9\tArea_4\tA4\t#0000ff\n"
    ),
    "commas, index as 1.0": "Index,Name\n2.0,Fornix.L\n5.0,Fornix.R\n9.0,Area_4\n",
    "quoted names": 'index,name\n2,"Fornix.L"\n5,"Fornix.R"\n9,"Area_4"\n',
    "tabs, lines with 1.0": "2.0\tFornix.L\n5.0\tFornix.R\n9.0\tArea_4\n",
    "byte-order mark, Windows": "\ufeff2 Fornix.L\r\n5 Fornix.R\r\n9 Area_4\r\n",
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("suffix", [".txt", ".label"])
def test_label_tables_of_other_programs_keep_colours_and_codes_out_of_names(
    tmp_path, dialect, suffix
):
    path = tmp_path / f"names{suffix}"
    path.write_bytes(DIALECTS[dialect].encode())
    assert read_label_table(path) == dict(zip([2, 5, 9], NAMED, strict=True))


def test_names_may_end_in_numbers_where_they_would_be_alike_without_them(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("2 BA 4\n5 BA 6\n9 V1 1\n")
    assert read_label_table(path) == {2: "BA 4", 5: "BA 6", 9: "V1 1"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"2 Fornix.L 9 9 9 0\n5 Fornix.R 1 1 1 0\n9 Area_4\n", "the first is '9 Area_4'"),
        (b'2 1 1 1 1 1 1 "a"\n5 1 1 1 1 1 1 "b"\n9 c\n', "the first is '9 c'"),
        (b"2\n5\n9\n", "3 lines do not have the form"),
        ("2 Forn\u00edx\n".encode("latin-1"), "is not UTF-8 .*iconv -f LATIN1"),
        (b'<a><label index="1">caf\xe9</label></a>', "must name its encoding"),
        (b"<atlas><label><name>no index</name></label></atlas>", "no whole number as index"),
        (b'index,name\n2,"a\n5,b"\n', "double quotes that are not in pairs, line 2"),
        (b"index,name\n2,a,b\n", "line 2 has more or fewer cells"),
        (b"index,name\n2.5,a\n", r"not a whole number in \['2.5'\]"),
    ],
)
def test_tables_of_no_known_form_are_refused(tmp_path, content, message):
    path = tmp_path / "names.txt"
    path.write_bytes(content)
    with pytest.raises(AtlasError, match=message):
        read_label_table(path)


@pytest.mark.parametrize(
    ("dtype", "values"),
    [
        ("uint32", [2, 16777216, 16777217]),
        ("int32", [2, 614454276, 614454277]),  # the Allen atlas has such values
        ("float64", [2, 16777216, 16777217]),
        ("int64", [2, 2**40, 2**40 + 1]),
        ("float32", [2, 5, 9]),
    ],
)
def test_labels_beyond_float32_stay_apart(tmp_path, labels, dtype, values):
    image, names = tmp_path / "labels.nii", tmp_path / "names.txt"
    stored = np.zeros(labels.shape, dtype)
    for name, value in zip((2, 5, 9), values, strict=True):
        stored[labels == name] = value
    header = nib.Nifti1Header()
    header.set_data_dtype(dtype)
    nib.save(nib.Nifti1Image(stored, affine(2, (-10, -10, -10)), header), image)
    names.write_text("".join(f"{value} region {value}\n" for value in values))
    atlas = atlases.read_atlas("a", image, names)
    assert atlas.table["value"].tolist() == values
    means = region_means(np.ones((5, 4, 3)), atlas, region_weights(atlas, atlas.grid))
    np.testing.assert_allclose(means.volume_ml, 0.008)


def test_names_without_voxels_are_recorded(tmp_path, labels):
    atlas = atlases.read_atlas("a", *write_atlas(tmp_path, labels, "2 a\n4 ghost\n5 b\n9 c\n"))
    assert atlas.absent == ("ghost",)
    assert atlas.table["value"].tolist() == [2, 5, 9]


@pytest.mark.parametrize(
    ("text", "suffix", "message"),
    [
        ("2 a\n9 c\n", ".txt", r"no name for the label values \[5\]"),
        ("2 a\n2 b\n5 c\n9 d\n", ".txt", "two names, 'a' and 'b'"),
        ("a\n", ".txt", "1 lines do not have the form of the others, the first is 'a'"),
        ("", ".txt", "no label names"),
        ("number;called\n2;a\n", ".csv", r"needs the columns .* it has \['number', 'called'\]"),
        ("index\tname\ntwo\ta\n", ".tsv", r"not a whole number in \['two'\]"),
        ("<atlas>", ".xml", "not a readable XML"),
        ('<atlas><label index="0">Frontal Pole</label></atlas>', ".xml", "index 0 is the region"),
    ],
)
def test_bad_tables_are_refused(tmp_path, labels, text, suffix, message):
    mirrored = affine(2, (10, -10, -10), flip_x=True)  # value 2 then lies to the right of value 5
    with pytest.raises(AtlasError, match=message):
        atlases.read_atlas("a", *write_atlas(tmp_path, labels, text, mirrored, suffix))


def test_bad_images_are_refused(tmp_path, labels):
    image, names = write_atlas(tmp_path, labels, "2 a\n5 b\n9 c\n")
    with pytest.raises(AtlasError, match=r"Atlas a: there is no file \S+/none\.nii; correct"):
        atlases.read_atlas("a", tmp_path / "none.nii", names)
    with pytest.raises(DownloadError, match=f"{'0' * 64}"):
        atlases.read_atlas("a", image, names, sha256="0" * 64)
    digest = hashlib.sha256(image.read_bytes()).hexdigest()
    assert len(atlases.read_atlas("a", image, names, sha256=digest).table) == 3
    write_volume(image, (labels / 2).astype(np.float32), Grid(labels.shape, np.eye(4)))
    with pytest.raises(AtlasError, match="not whole numbers; give the label image"):
        atlases.read_atlas("a", image, names)
    write_volume(image, np.zeros((3, 3, 3), np.uint8), Grid((3, 3, 3), np.eye(4)))
    with pytest.raises(AtlasError, match="no voxel carries a label"):
        atlases.read_atlas("a", image, names)
    image.write_bytes(b"")
    with pytest.raises(AtlasError, match=r"Atlas a: \S+labels\.nii\.gz is empty"):
        atlases.read_atlas("a", image, names)


def test_region_mask_by_pattern():
    atlas = small_atlas()
    np.testing.assert_array_equal(atlases.region_mask(atlas, ["sev*"]), atlas.labels == 7)
    np.testing.assert_array_equal(atlases.region_mask(atlas, ["*"]), atlas.labels > 0)
    with pytest.raises(AtlasError, match=r"'sevn'; similar names: \['seven'\]"):
        atlases.region_mask(atlas, ["three", "sevn"])


def test_labels_are_resampled_in_world_space():
    atlas = small_atlas()
    mirrored = Grid((6, 5, 4), affine(1, (5, 0, 0), flip_x=True))
    np.testing.assert_array_equal(atlases.resample_labels(atlas, mirrored), atlas.labels[::-1])
    fine = Grid((12, 10, 8), affine(0.5, (-0.25, -0.25, -0.25)))
    expected = atlas.labels.repeat(2, 0).repeat(2, 1).repeat(2, 2)
    np.testing.assert_array_equal(atlases.resample_labels(atlas, fine), expected)
    far = Grid((3, 3, 3), affine(1, (100, 0, 0)))
    assert not atlases.resample_labels(atlas, far).any()


@needs_shared
def test_real_atlases_agree_with_their_tables():
    icbm = atlases.read_atlas(
        "icbm", DATA / "icbm_dti81_50labels_1mm.nii.gz", DATA / "icbm_dti81_50labels.txt"
    )
    assert len(icbm.table) == 50
    left = icbm.grid.world(np.argwhere(atlases.region_mask(icbm, ["Corticospinal.tract.L"])))
    assert left[:, 0].mean() < 0
    jhu = atlases.read_atlas("jhu", DATA / "jhu48_1mm.nii.gz", DATA / "jhu48_labels.xml")
    assert jhu.table.set_index("value")["name"][48] == "Tapetum L"
