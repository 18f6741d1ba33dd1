import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxplain.export.labels import bids_labels


def test_ids_of_the_known_cohorts_keep_what_can_be_read():
    names = ["100307", "IXI012-HH-1211-T1", "OAS1_0001_MR1", "sub-01"]
    assert bids_labels(names) == ["100307", "IXI012HH1211T1", "OAS10001MR1", "01"]


def test_ids_that_would_collide_are_told_apart_whatever_their_order():
    names = ["IXI-012", "ixi012", "IXI_012", "IXI013"]
    labels = bids_labels(names)
    assert labels[3] == "IXI013"
    assert all(label.lower().startswith("ixi012x") for label in labels[:3])
    assert bids_labels(names[::-1]) == labels[::-1]


def test_an_id_without_a_legal_sign_gets_one():
    (label,) = bids_labels(["ж"])
    assert re.fullmatch("x[0-9a-f]{8}", label)


def test_one_id_for_two_people_is_refused():
    with pytest.raises(ValueError, match="same identifier"):
        bids_labels(["a-1", "a-1"])


@given(st.lists(st.text(min_size=1), unique=True, max_size=30))
def test_labels_are_legal_and_unique_on_disks_that_know_no_case(names):
    labels = bids_labels(names)
    assert all(re.fullmatch("[0-9A-Za-z]+", label) for label in labels)
    assert len({label.lower() for label in labels}) == len(names)
