"""A cohort of four in the table layout: what tests write, read and spoil."""

import nibabel as nib
import numpy as np
import pytest

from voxplain.cohort import layouts as cohort
from voxplain.cohort.checks import Requirements
from voxplain.errors import CohortError

SETTINGS = {
    "participants": "people.tsv",
    "image": "img/{participant_id}_T1w.nii.gz",
    "label": "sex",
    "positive": "M",
    "negative": "F",
    "family": "fam",
    "tiv": None,
    "age": "age",
    "site": None,
    "morphometry": None,
}
CLASSES = {"negative": "women", "positive": "men"}
ROWS = [
    *(["007", "M", "F1", "30.5"], ["008", "F", "n/a", "n/a"]),
    *(["009", "M", "F1", "44"], ["010", "F", "", "25"]),
]


def save_image(root, name, shape=(4, 5, 6), affine=None):
    path = root / f"img/{name}_T1w.nii.gz"
    path.parent.mkdir(exist_ok=True)
    affine = np.diag([2.0, 2, 2, 1]) if affine is None else affine
    nib.save(nib.Nifti1Image(np.ones(shape, np.uint8), affine), path)
    return path


def build(root, rows=ROWS, images=True):
    lines = ["participant_id\tsex\tfam\tage", *("\t".join(row) for row in rows)]
    (root / "people.tsv").write_bytes(("\r\n".join(lines) + "\r\n").encode("utf-8-sig"))
    for row in rows if images else ():
        save_image(root, row[0])


def check(root, n_splits=1, groups="family", shape=None, exclude=(), on_missing="error", **changes):
    required = Requirements(CLASSES, exclude, n_splits, groups, shape, on_missing)
    return cohort.read_cohort("table", root, SETTINGS | changes, required)


def read(root, **changes):
    return check(root, **changes).participants


def problems(root, error=CohortError, **kwargs):
    with pytest.raises(error) as info:
        read(root, **kwargs)
    assert type(info.value) is error
    return str(info.value)
