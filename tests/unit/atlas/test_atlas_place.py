"""Where atlases lie: mirrored, shifted and swapped ones are refused; centroids as published."""

import re
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import replace

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from support.places import SHARED
from voxplain.atlas.files import load_atlas
from voxplain.atlas.labels import Atlas
from voxplain.atlas.place import check_place, side_of
from voxplain.errors import AtlasError
from voxplain.image.grid import Grid

DATA = SHARED / "atlases"
needs_shared = pytest.mark.skipif(not DATA.is_dir(), reason=f"{DATA} is not on this machine")
FSL = np.array([[-4.0, 0, 0, 90], [0, 4, 0, -126], [0, 0, 4, -72], [0, 0, 0, 1]])


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("SFG_L_7_1", "left"),
        ("Corticospinal.tract.R", "right"),
        ("Fornix L", "left"),
        ("lh-insula", "left"),
        ("Right Insula", "right"),
        ("rh_cuneus", "right"),
        ("Splenium of corpus callosum", None),
        ("Lateral ventricle", None),
        ("Lobule VI", None),
        ("commissure from L to R", None),
        ("R21", None),
        ("L_7", "left"),
        ("insula (LEFT)", "left"),
        ("cuneus_r", "right"),
        ("Network7R_2", None),
    ],
)
def test_sides_by_name(name, side):
    assert side_of(name) == side


def two_blobs():
    """An atlas of MNI152: a blob of the left hemisphere, one of the right, one in the middle."""
    labels = np.zeros((46, 55, 46), np.int32)
    grid = Grid(labels.shape, FSL)
    for value, centre in ((1, (-30, -20, 10)), (2, (30, -20, 10)), (3, (0, -20, 10))):
        x, y, z = np.rint(grid.voxels(np.array(centre))).astype(int)
        labels[x - 2 : x + 3, y - 2 : y + 3, z - 2 : z + 3] = value
    names = ["blob_L", "blob_R", "vermis"]
    return Atlas("two", labels, grid, pd.DataFrame({"value": [1, 2, 3], "name": names}))


def test_a_sound_atlas_passes_however_it_is_stored():
    atlas = two_blobs()
    checked = check_place(atlas)
    assert checked.notes == (
        "100.0% of the labelled voxels are inside MNI152's brain",
        "2 regions are on the side in their names",
    )
    pd.testing.assert_frame_equal(checked.table, atlas.table)
    ras = Grid(
        atlas.grid.shape, np.diag([4.0, 4, 4, 1]) + np.outer([-90, -126, -72, 0], [0, 0, 0, 1])
    )
    assert check_place(replace(atlas, labels=atlas.labels[::-1].copy(), grid=ras))
    unnamed = atlas.table.assign(name=["a", "b", "c"])
    assert check_place(replace(atlas, table=unnamed)).notes[1].startswith("no name has a side")


def test_a_name_given_twice_is_corrected_where_its_place_tells():
    atlas = two_blobs()
    slip = atlas.table.assign(name=["blob_R", "blob_R", "c"])
    corrected = check_place(replace(atlas, table=slip))
    assert corrected.table["name"].tolist() == ["blob_L", "blob_R", "c"]
    assert "label 1 is blob_L; blob_R was the name of two labels" in corrected.notes


def mirrored_header(atlas):
    return replace(atlas, grid=Grid(atlas.grid.shape, np.diag([-1.0, 1, 1, 1]) @ FSL))


def swapped_names(atlas):
    return replace(atlas, table=atlas.table.assign(name=["blob_R", "blob_L", "vermis"]))


def one_wrong_name(atlas):
    labels = atlas.labels.copy()
    labels[labels == 3] = 0
    above = np.argwhere(labels == 2) + np.array([0, 0, 6])
    labels[tuple(above.T)] = 3
    table = atlas.table.assign(name=["blob_L", "blob_R", "other_L"])
    return replace(atlas, labels=labels, table=table)


def voxel_coordinates(atlas):
    return replace(atlas, grid=Grid(atlas.grid.shape, np.diag([-4.0, 4, 4, 1])))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (mirrored_header, r"2 of 2 regions .* such as 'blob_L': its header is mirrored"),
        (swapped_names, r"2 of 2 regions .* such as 'blob_R': its header is mirrored .* table is"),
        (one_wrong_name, r"1 of 3 regions .* such as 'other_L': use the label table"),
        (voxel_coordinates, r"only 0% of its labelled voxels are inside"),
    ],
)
def test_misplaced_atlases_are_refused(damage, message):
    with pytest.raises(AtlasError, match=f"Atlas two: .*{message}"):
        check_place(damage(two_blobs()))


def test_an_atlas_without_sides_still_shows_by_the_template():
    upside_down = two_blobs()
    table = upside_down.table.assign(name=["a", "b", "c"])
    low = upside_down.grid.affine.copy()
    low[2, 3] -= 70
    with pytest.raises(AtlasError, match=r"only .* are inside the brain of MNI152"):
        check_place(replace(upside_down, table=table, grid=Grid(upside_down.grid.shape, low)))


@needs_shared
@pytest.mark.parametrize(
    ("image", "labels", "sided"),
    [
        ("brainnetome246_1mm", "brainnetome246_labels.txt", 246),
        ("icbm_dti81_50labels_1mm", "icbm_dti81_50labels.txt", 44),
        ("jhu48_1mm", "jhu48_labels.xml", 42),
    ],
)
def test_real_atlases_lie_where_they_should(image, labels, sided):
    atlas = load_atlas(image, DATA / f"{image}.nii.gz", DATA / labels)
    assert atlas.notes[-1].startswith(f"{sided} regions are on the side")


@needs_shared
def test_the_mirrored_header_is_refused(tmp_path):
    mirrored, names = DATA / "jhu48_1mm_mirrored-header.nii.gz", DATA / "jhu48_labels.xml"
    with pytest.raises(
        AtlasError, match=r"Atlas jhu: .*sform and qform disagree on left and right"
    ):
        load_atlas("jhu", mirrored, names)
    image = nib.load(mirrored)
    image.set_qform(None)  # a header that is wrong without contradicting itself
    nib.save(image, tmp_path / "mirrored.nii.gz")
    with pytest.raises(AtlasError, match=r"Atlas jhu: 42 of 42 regions .* header is mirrored"):
        load_atlas("jhu", tmp_path / "mirrored.nii.gz", names)


@needs_shared
def test_the_slip_in_brainnetomes_list_is_corrected():
    atlas = load_atlas("b", DATA / "brainnetome246_1mm.nii.gz", DATA / "brainnetome246_labels.txt")
    assert atlas.table["name"].tolist()[50:52] == ["OrG_L_6_6", "OrG_R_6_6"]
    assert "label 51 is OrG_L_6_6; OrG_R_6_6 was the name of two labels" in atlas.notes
    assert atlas.table["name"].is_unique


def published_centroids():
    """Label value to MNI coordinates, mm, of the atlas's own spreadsheet (Fan et al. 2016)."""
    main = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(DATA / "brainnetome246_subregions.xlsx") as book:
        strings = ET.fromstring(book.read("xl/sharedStrings.xml")).findall(f"{main}si")
        rows = ET.fromstring(book.read("xl/worksheets/sheet1.xml")).iter(f"{main}row")
        texts = ["".join(part.text or "" for part in item.iter(f"{main}t")) for item in strings]
        coordinates = {}
        for row in list(rows)[1:]:
            cells = {}
            for cell in row.iter(f"{main}c"):
                value = cell.find(f"{main}v")
                if value is not None:
                    text = texts[int(value.text)] if cell.get("t") == "s" else value.text
                    cells[re.match("[A-Z]+", cell.get("r"))[0]] = text
            for label, place in (("D", "H"), ("E", "I")):
                numbers = re.findall(r"-?\d+", cells[place])
                coordinates[int(cells[label])] = [int(number) for number in numbers]
    return coordinates


@needs_shared
def test_brainnetome_centroids_are_the_published_ones():
    published = published_centroids()
    assert sorted(published) == list(range(1, 247))
    atlas = load_atlas("b", DATA / "brainnetome246_1mm.nii.gz", DATA / "brainnetome246_labels.txt")
    centres = ndimage.center_of_mass(atlas.labels > 0, atlas.labels, atlas.table["value"])
    expected = [published[value] for value in atlas.table["value"]]
    distance = np.linalg.norm(atlas.grid.world(np.asarray(centres)) - expected, axis=1)
    assert distance.max() < 1.5, (distance.argmax() + 1, distance.max())
