import pandas as pd
import pytest

from voxplain import columns
from voxplain.report import RunResults


def test_every_table_of_a_run_is_described():
    not_tables = {"run", "config", "settings_file", "figures", "viewer", "provenance"}
    not_tables |= {"jobs", "edges", "degenerate"}  # the page computes the last three itself
    assert set(RunResults.__dataclass_fields__) - not_tables <= set(columns.TABLES)


def test_every_column_has_heading_and_a_sentence():
    for name, table in columns.TABLES.items():
        assert set(table.special) <= set(table.names)
        assert len(set(table.names)) == len(table.names)
        for column in table.names:
            entry = columns.column(name, column)
            assert entry.heading, (name, column)
            assert entry.meaning.endswith("."), (name, column)


def test_headings_are_those_of_the_table_else_the_shared_ones_else_the_name():
    assert columns.heading("accuracy", "mean") == "mean of folds"
    assert columns.heading("table2_mori", "mean") == "mean"
    assert columns.heading("accuracy", "made_by_the_page") == "made by the page"
    assert columns.heading("", "p_holm") == "p (Holm)"


def test_sidecars_have_descriptions_and_units():
    table = pd.DataFrame(columns=["participant_id", "age"])
    described = columns.sidecar("participants", table)
    assert described["age"] == {"Description": "Age.", "Units": "years"}
    assert list(described["participant_id"]) == ["Description"]


def test_an_unknown_column_is_an_error():
    with pytest.raises(KeyError, match="colour is not a column of accuracy"):
        columns.column("accuracy", "colour")
