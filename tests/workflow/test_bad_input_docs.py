"""The documented behaviour on bad input is the tested one."""

import re

from support.places import ROOT

ROW = re.compile(r"^\| (.+) \| (.+) \| `(.+)::(\w+)` \|$", re.MULTILINE)


def test_every_row_of_the_table_has_its_test():
    text = (ROOT / "docs/bad-input.md").read_text(encoding="utf-8")
    rows = ROW.findall(text)
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    headers = [line for line in lines if line.startswith("| input |")]
    assert len(rows) == len(lines) - len(headers) > 40
    for _, _, file, name in rows:
        places = list((ROOT / "tests").rglob(file))
        assert len(places) == 1, (file, places)
        tests = places[0].read_text(encoding="utf-8")
        assert f"\ndef {name}(" in tests, f"{file}::{name}"
