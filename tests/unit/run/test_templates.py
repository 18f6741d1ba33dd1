import pytest
from snakemake.io import expand

from voxplain.run.templates import as_glob, expanded, fields, filled, leads_out

IMAGE = "ses-{session}/{participant id}.nii.gz"


def test_names_in_braces_are_told_filled_and_matched():
    assert fields(IMAGE) == ["session", "participant id"]
    assert filled(IMAGE, {"session": "1", "participant id": "a{b}"}) == "ses-1/a{b}.nii.gz"
    assert as_glob(IMAGE) == "ses-*/*.nii.gz"
    with pytest.raises(KeyError):
        filled(IMAGE, {"session": "1"})


@pytest.mark.parametrize(
    ("template", "cell", "out"),
    [
        ("{path}", "images/a.nii", False),
        ("{path}", "../a.nii", True),
        ("{path}", "/data/a.nii", True),
        ("/data/{path}", "a.nii", False),
        ("../other/{path}", "a.nii", False),
        ("../other/{path}", "../a.nii", True),
    ],
)
def test_a_cell_leads_out_where_its_template_does_not(template, cell, out):
    assert leads_out(template, {"path": cell}) is out


def test_combinations_come_in_snakemakes_order():
    values = {"method": ["grad_cam", "occlusion"], "fold": ["01", "02"]}
    template = "{method}/fold-{fold}/{method}.npy"
    assert expanded(template, **values) == expand(template, **values)
    assert expanded(template, method="grad_cam", fold=[]) == []
    assert expanded(template, method="grad_cam", fold="all") == ["grad_cam/fold-all/grad_cam.npy"]
