"""What README shows: timings that were measured, and pictures in full colour."""

import re

import matplotlib.image
import pytest

from support.places import ROOT

PICTURES = sorted((ROOT / "docs/images").glob("*.png"))


def test_every_timing_stands_in_the_measured_results():
    measured = "".join(
        line for line in (ROOT / "benchmarks/RESULTS.md").open(encoding="utf-8") if line[0] == "|"
    )
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    timings = re.findall(r"([\d.]+) ms\b", text)
    assert len(timings) >= 10
    for timing in timings:
        assert re.search(rf"(?<![\d.]){re.escape(timing)}(?![\d.])", measured), f"{timing} ms"
    assert not re.search(r"\d s\b", text)  # in the unit of the results, or it cannot be found


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_pictures_are_wide_enough_and_lose_no_shade(path):
    with path.open("rb") as file:
        header = file.read(26)
    assert header[24:] == b"\x08\x02"  # 8 bits a channel, three channels, no palette
    pixels = matplotlib.image.imread(path)
    assert pixels.shape[1] >= 1000
    assert path.stat().st_size < 400_000
