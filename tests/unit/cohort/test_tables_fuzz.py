"""Whatever a table holds: participants and numbers, or an error of ours that names the table."""

import contextlib
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from support.table_cohort import CLASSES, SETTINGS
from voxplain.cohort import layouts as cohort
from voxplain.cohort import participants as contract
from voxplain.cohort.checks import Requirements
from voxplain.cohort.morphometry import tables as morphometry
from voxplain.errors import VoxplainError

FUZZ = settings(
    max_examples=60,
    deadline=3000,  # ms: no hang
    derandomize=True,  # CI must not fail by chance
    suppress_health_check=[HealthCheck.too_slow],
)
# What spreadsheets and people leave in cells, and any text at all.
CELLS = st.one_of(
    st.sampled_from(
        *[["", "n/a", "NaN", "007", "7.0", "1e5", "F", "M", "0", "1,5", "inf", "-1", '"', "a b"]]
    ),
    st.text(max_size=6),
)
ENDINGS = st.sampled_from([".tsv", ".csv"])


@st.composite
def tables(draw, names):
    """Bytes of a table with these columns (most times) and rows of unequal length (sometimes)."""
    separator = draw(st.sampled_from(["\t", ",", ";"]))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    header = draw(st.one_of(st.just(names), st.lists(CELLS, max_size=4)))
    width = len(header)
    rows = draw(
        st.lists(
            st.one_of(st.lists(CELLS, min_size=width, max_size=width), st.lists(CELLS, max_size=5)),
            max_size=6,
        )
    )
    text = end.join(separator.join(row) for row in [header, *rows])
    return text.encode(draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])), "surrogatepass")


@contextlib.contextmanager
def written(content, ending):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"table{ending}")
        path.write_bytes(content)
        yield path


def read_participants(content, ending):
    with written(content, ending) as path:
        changes = {"participants": path.name, "image": "{participant_id}.nii", "site": "site"}
        try:
            required = Requirements(CLASSES, on_missing="drop")
            checked = cohort.read_cohort("table", path.parent, SETTINGS | changes, required)
        except VoxplainError as error:
            return str(error)
    return checked.participants


@FUZZ
@given(tables(["participant_id", "sex", "fam", "age", "site"]), ENDINGS)
@example(b"participant_id\tsex\tfam\tage\tsite\n" + b"a\tF\t\t\t\n" * 3, ".tsv")
@example(b"\x00", ".tsv")
def test_participants(content, ending):
    participants = read_participants(content, ending)
    assert (
        "table" in participants
        if isinstance(participants, str)
        else tuple(participants) == contract.COLUMNS
    )


@FUZZ
@given(st.binary(max_size=200), ENDINGS)
def test_any_bytes(content, ending):
    participants = read_participants(content, ending)
    assert "table" in participants  # no cohort comes out of noise


@FUZZ
@given(tables(["participant_id", "x", "y"]), ENDINGS)
@example(b"participant_id\tx\n007\t1\n008\t2\n", ".tsv")
@example(b"lh.aparc.thickness\teTIV\n007\t1\n008\t2\n", ".tsv")
def test_morphometry(content, ending):
    with written(content, ending) as path:
        try:
            features = morphometry.read(path, ["007", "008"]).features
            morphometry.head_size(path, ["007", "008"])
        except VoxplainError as error:
            assert "table" in str(error)  # noqa: PT017
            return
    assert features.index.tolist() == ["007", "008"]
    assert np.isfinite(features.to_numpy()).all()


def test_a_path_that_leads_nowhere_is_no_crash(tmp_path):
    """Identifiers become paths: neither their length nor their characters may end the program."""
    for name in ("x" * 300, "a\0b"):
        content = f"participant_id\tsex\tfam\tage\tsite\n{name}\tF\t\t\t\n"
        participants = read_participants(content.encode(), ".tsv")
        assert isinstance(participants, str)
    with pytest.raises(VoxplainError):
        cohort.read_cohort("table", tmp_path, SETTINGS, Requirements(CLASSES))
