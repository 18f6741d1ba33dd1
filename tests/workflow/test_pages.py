"""The pages of a finished run, in a real browser, and Snakemake's own report."""

import json
import re
import zipfile

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from support.chromium import browser, needs_chromium, opened
from voxplain import columns

pytestmark = pytest.mark.slow


def voxel_at_crosshair(page, affine):
    place, value, *regions = page.locator(".readout .crosshair").all_inner_texts()
    world = [float(part.replace("−", "-")) for part in place.split(", ")]
    voxel = np.rint(np.linalg.inv(affine) @ [*world, 1])[:3].astype(int)
    return tuple(voxel), float(value), regions


@needs_chromium
def test_the_report_shows_the_runs_own_niftis(tiny):
    folder = tiny.path("tiny", "attribution", "grad_cam")
    assert tiny.path("tiny", "report.html").stat().st_size < 25e6
    with browser() as chromium, opened(chromium, tiny.path("tiny", "report.html"), 400) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == 400
        method, group, folds = page.locator(".viewer select").all()
        for label, fold, path in (
            ("all folds", "men", folder / "group" / "men_mean.nii.gz"),
            ("fold 02", "women", folder / "fold-02" / "class-women_mean.nii.gz"),
            ("fold 01", "both classes", folder / "fold-01" / "class-conjoined_mean.nii.gz"),
        ):
            method.select_option(label="Grad-CAM")
            group.select_option(label=fold)
            folds.select_option(label=label)
            page.locator(".plane canvas").nth(1).click(position={"x": 70, "y": 60})
            image = nib.load(path)
            values = image.get_fdata()
            voxel, value, regions = voxel_at_crosshair(page, image.affine)
            assert value == pytest.approx(values[voxel], abs=values.max() / 510 + 1e-2 * value)
            assert len(regions) == 2  # one per atlas


def test_every_column_of_every_result_table_is_in_the_dictionary(tiny):
    run = tiny.path("tiny")
    tables = [*run.glob("tables/*.tsv"), run / "cohort/participants.tsv"]
    tables += [run / "cohort/left_out.tsv", run / "volumes/quality.tsv"]
    assert len(tables) > 30
    for path in tables:
        for name in pd.read_csv(path, sep="\t", nrows=0):
            assert columns.column(path.stem, name).meaning


@needs_chromium
def test_a_participants_page_on_request(tiny):
    split = json.loads(tiny.path("tiny", "folds", "split-01.json").read_text())
    maps = np.load(tiny.path("tiny", "attribution", "guided_backprop", "fold-01", "maps.npy"))
    place = int(np.argmax(maps.reshape(len(maps), -1).max(axis=1)))  # a map that is not all zero
    name, expected = split["test"][place], maps[place]
    path = tiny.path("tiny", "participants", f"{name}.html")
    done = tiny(str(path.relative_to(tiny.folder)))
    assert done.returncode == 0, done.stdout[-4000:]
    assert re.findall(r"^(?:local)?rule (\w+):", done.stdout, re.M) == ["participant_page"]
    grid = json.loads(tiny.path("tiny", "volumes", "grid.json").read_text())
    with browser() as chromium, opened(chromium, path) as page:
        assert page.locator("h1").inner_text() == name
        page.locator(".viewer select").select_option(label="Guided Backpropagation")
        for position in (None, {"x": 120, "y": 150}):  # the highest voxel, and another one
            if position is None:
                page.get_by_role("button", name="Highest voxel").click()
            else:
                page.locator(".plane canvas").nth(2).click(position=position)
            voxel, value, _ = voxel_at_crosshair(page, np.array(grid["affine"]))
            assert value == pytest.approx(expected[voxel] / expected.max(), abs=1 / 510 + 1e-2)
    path.unlink()


def test_snakemakes_own_report_has_every_figure_with_its_protocol(tiny):
    target = tiny.folder / "snakemake-report.zip"
    caption = tiny.path("tiny", "figures", "fig1.rst")
    set_aside = caption.rename(tiny.folder / caption.name)  # as if a study had just drawn it
    done = tiny("--report", str(target))
    set_aside.rename(caption)
    assert done.returncode == 0, done.stdout[-4000:]
    with zipfile.ZipFile(target) as archive:
        assert "newer than the report" in archive.read("snakemake-report/report.html").decode()

    target.unlink()
    done = tiny("--report", str(target))
    assert done.returncode == 0, done.stdout[-4000:]
    with zipfile.ZipFile(target) as archive:
        names = archive.namelist()
        page = archive.read("snakemake-report/report.html").decode()
    shown = {path.name for path in tiny.path("tiny", "figures").glob("*.png")}
    assert shown <= {name.rsplit("/", 1)[-1] for name in names}
    for words in ('"Paper"', '"Prediction"', '"Explanation"', '"Cohort"', '"Fig. 2a"'):
        assert words in page
    for words in (
        r"\(n = 24; default protocol, \d+-fold, seed \d+\.\)",
        r"Figure 2a\.",
        r"\d+ pairs;",
    ):
        assert re.search(words, page)
    captions = re.findall(r"\(n = [^;]+; default protocol, ", page)
    assert len(captions) >= len(shown)  # a caption each
    target.unlink()


def test_every_figure_has_a_vector_drawing_and_its_numbers(tiny):
    folder = tiny.path("tiny", "figures")
    for png in folder.glob("*.png"):
        drawing = png.with_suffix(".svg").read_text()
        assert "<svg" in drawing
        assert "<text" not in drawing  # glyphs are paths: no viewer needs the font
        assert len(pd.read_csv(png.with_suffix(".tsv"), sep="\t")) > 0, png.name
    regions = pd.read_csv(folder / "regions.tsv", sep="\t")
    assert (regions["fold_low"] <= regions["fold_high"]).mean() > 0.5
