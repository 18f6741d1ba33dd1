"""The report in a real browser: it opens from disk, the viewer tells the truth, tables sort."""

import io

import matplotlib as mpl
import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from support.chromium import browser, needs_chromium, opened
from support.places import ROOT
from voxplain import report
from voxplain.atlas.labels import Atlas
from voxplain.claims.table import COLUMNS
from voxplain.image.grid import Grid
from voxplain.image.nifti import write_volume
from voxplain.report.viewer import group_viewer

pytestmark = [pytest.mark.slow, needs_chromium]

CLASSES = ("</script><script>hacked = 1</script>", "dogs")
SHAPE = (12, 15, 10)
# Anisotropic and oblique: a viewer that drops a sign or an axis names other millimetres.
AFFINE = np.array([[4, 0.5, 0, -20], [-0.4, 5, 0.3, -30], [0, -0.2, 6, -25], [0, 0, 0, 1.0]])
NASTY = '<img src=x onerror="hacked = 2"><script>hacked = 3</script>'


@pytest.fixture(scope="module")
def grid():
    return Grid(SHAPE, AFFINE)


@pytest.fixture(scope="module")
def maps():
    """Group maps of two methods, all folds and one; the peak is the participant's left."""
    random = np.random.default_rng(0)
    keys = [(m, f) for m in ("meaningful_perturbation", "grad_cam") for f in ("all folds", "fold")]
    arrays = {key: random.random((3, *SHAPE)).astype(np.float32) * 0.5 for key in keys}
    for volumes in arrays.values():
        volumes[:, 2, 6, 4] = 0.9
    return arrays


@pytest.fixture(scope="module")
def page_path(tmp_path_factory, grid, maps):
    path = tmp_path_factory.mktemp("page") / "report.html"
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    config["cohort"]["classes"] = dict(zip(("negative", "positive"), CLASSES, strict=True))
    labels = np.zeros(SHAPE, np.int32)
    labels[:6], labels[6:] = 7, 3
    regions = pd.DataFrame({"value": [3, 7], "name": ["right <b>half</b>", "left half"]})
    brain = np.ones(SHAPE, bool)
    underlay = np.random.default_rng(1).random(SHAPE)
    atlas = Atlas("halves", labels, grid, regions)
    quality = pd.DataFrame(
        {"participant_id": [NASTY, *(f"sub-{k:02d}" for k in range(20))], "correlation": 0.5}
    )
    quality["outlier"] = False
    quality["correlation"] = np.linspace(0.9, 0.1, len(quality)).round(3)
    claims = pd.DataFrame(NASTY, index=range(3), columns=COLUMNS)
    claims["claim"] = [f"claim {k}" for k in (2, 10, 1)]
    results = report.RunResults(
        run=NASTY,
        config=config,
        viewer=group_viewer(underlay, brain, grid, maps, CLASSES, [atlas]),
        quality=quality,
        claims=claims,
        edges=[("downsample", NASTY), (NASTY, "page")],
        jobs=pd.DataFrame({"rule": [NASTY], "jobs": 1, "seconds": 2.0}),
    )
    path.write_text(report.render_report(results))
    return path


@pytest.fixture(scope="module")
def chromium():
    with browser() as started:
        yield started


@pytest.fixture
def page(chromium, page_path):
    with opened(chromium, page_path) as page:
        yield page


def readout(page, column):
    return page.locator(f".readout .{column}").all_inner_texts()


def pictures(page):
    return [
        canvas.evaluate("canvas => canvas.toDataURL()") for canvas in page.locator("canvas").all()
    ]


def click_voxel(page, plane, across, up):
    """Click into a cut at the middle of a voxel, counted from the left and from below."""
    canvas = page.locator(".plane canvas").nth(plane)
    box = canvas.bounding_box()
    n_across, n_up = [size for axis, size in enumerate(SHAPE) if axis != plane]
    x = (across + 0.5) / n_across * box["width"]
    y = (1 - (up + 0.5) / n_up) * box["height"]
    canvas.click(position={"x": x, "y": y})


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_it_opens_from_disk_fits_and_is_accessible(chromium, page_path, width, scheme):
    with opened(chromium, page_path, width, color_scheme=scheme, bypass_csp=True) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate("typeof hacked") == "undefined"
        verdict = page.locator("#table-claims thead th", has_text="verdict").bounding_box()
        assert verdict["x"] + verdict["width"] <= width  # without scrolling the table
        violations = Axe().run(page).response["violations"]
        serious = [
            violation["id"]
            for violation in violations
            if violation["impact"] in ("serious", "critical")
        ]
        assert serious == []
        picture = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("L"))
        assert picture.std() > 5
        assert (picture.mean() > 127) == (scheme == "light")


def test_the_page_of_every_participant_is_accessible(chromium, tmp_path):
    names = [NASTY, *(f"sub-{k:02d}" for k in range(4))]
    quality = pd.DataFrame({"participant_id": names, "correlation": 0.5, "foreground_ml": 1200.0})
    quality["reason"] = ["dark", "", "", "", ""]
    quality["outlier"] = quality["reason"] != ""
    volumes = np.random.default_rng(0).random((len(quality), *SHAPE)).astype(np.float32)
    path = tmp_path / "quality.html"
    path.write_text(report.quality_page("demo", quality, volumes, AFFINE))
    with opened(chromium, path, 400, bypass_csp=True) as page:
        assert page.evaluate("typeof hacked") == "undefined"
        assert Axe().run(page).response["violations"] == []


def test_nothing_from_tables_or_config_becomes_markup(page):
    assert page.evaluate("typeof hacked") == "undefined"
    assert page.locator("h1").inner_text() == NASTY
    assert page.locator("img").count() == 0
    assert NASTY in page.locator("#table-claims td").first.inner_text()
    assert CLASSES[0] in page.locator(".viewer select").nth(1).inner_text()


def test_a_clicked_voxel_tells_the_niftis_value_place_and_region(page, grid, maps, tmp_path):
    write_volume(tmp_path / "map.nii.gz", maps["grad_cam", "fold"][0], grid)
    image = nib.load(tmp_path / "map.nii.gz")
    page.locator("select").nth(0).select_option(label="Grad-CAM")
    page.locator("select").nth(1).select_option(label=CLASSES[0])
    page.locator("select").nth(2).select_option(label="fold")
    click_voxel(page, 2, across=9, up=3)  # axial: right 9, anterior 3
    click_voxel(page, 0, across=3, up=8)  # sagittal: anterior 3, superior 8
    place, value, region = readout(page, "crosshair")
    x, y, z = (float(part.replace("−", "-")) for part in place.split(", "))
    voxel = np.linalg.inv(image.affine) @ [x, y, z, 1]
    assert tuple(np.rint(voxel[:3]).astype(int)) == (9, 3, 8)
    expected = image.get_fdata()
    assert float(value) == pytest.approx(expected[9, 3, 8], abs=expected.max() / 510 + 5e-4)
    assert region == "right <b>half</b>"


def test_the_pixel_under_a_voxel_has_its_colour(page, maps):
    page.locator(".opacity").fill("1")
    page.locator(".threshold").fill("0")
    click_voxel(page, 1, across=0, up=0)
    _, along, _ = (int(slider.input_value()) for slider in page.locator(".plane input").all())
    conjoined = maps["meaningful_perturbation", "all folds"][2]
    scale = maps["meaningful_perturbation", "all folds"].max()
    shown = (
        page.locator(".plane canvas")
        .nth(1)
        .evaluate(
            """(canvas) => {
          const all = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return [canvas.height, canvas.width, [...all.data]];
        }"""
        )
    )
    picture = np.reshape(shown[2], (shown[0], shown[1], 4))
    for i, k in ((2, 4), (7, 9), (10, 1)):
        row = int((1 - (k + 0.5) / SHAPE[2]) * len(picture))
        pixel = picture[row, int((i + 0.5) / SHAPE[0] * picture.shape[1])]
        expected = mpl.colormaps["inferno"](conjoined[i, along, k] / scale, bytes=True)
        assert np.abs(np.subtract(pixel, expected)).max() <= 8, (i, k)


def test_it_starts_at_the_highest_voxel_on_the_participants_left(page, grid):
    place, value, region = readout(page, "crosshair")
    assert place.replace("−", "-") == ", ".join(f"{x:.1f}" for x in grid.world((2, 6, 4)))
    assert (float(value), region) == (0.9, "left half")
    x = page.locator(".plane canvas").nth(1).evaluate(
        """(canvas) => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let best = 0;
          for (let k = 0; k < data.length; k += 4) if (data[k] > data[best]) best = k;
          return ((best / 4) % canvas.width) / canvas.width;
        }"""
    )  # fmt: skip
    assert x < 0.5


def test_selectors_and_sliders_change_the_picture(page):
    seen = [pictures(page)]
    for index in range(3):
        page.locator("select").nth(index).select_option(index=1)
        page.wait_for_timeout(100)
        seen.append(pictures(page))
    page.locator(".opacity").fill("0.3")
    seen.append(pictures(page))
    page.locator(".threshold").fill("0.9")
    seen.append(pictures(page))
    planes = [tuple(picture[:3]) for picture in seen]
    assert len(set(planes)) == len(planes)


def test_the_keyboard_moves_the_crosshair_by_one_voxel(page, grid):
    slider = page.get_by_label("Coronal cut, y")
    before = int(slider.input_value())
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert int(slider.input_value()) == before + 1
    expected = ", ".join(f"{x:.1f}" for x in grid.world((2, before + 1, 4)))
    assert readout(page, "crosshair")[0].replace("−", "-") == expected
    page.get_by_role("button", name="Highest voxel").click()
    assert int(slider.input_value()) == before


def test_tables_sort_and_long_ones_can_be_searched(page):
    def column(name, cells="tbody th"):
        texts = page.locator(f"#{name} {cells}").all_inner_texts()
        return [text.split("\n")[0] for text in texts]  # without the small print

    page.locator("#table-claims thead button").first.click()
    assert column("table-claims") == ["claim 1", "claim 10", "claim 2"]
    page.locator("summary", has_text="Quality control").click()
    heading = page.locator("#table-quality thead button", has_text="correlation")
    heading.focus()
    page.keyboard.press("Enter")
    values = [float(text) for text in column("table-quality", "td.number")]
    assert values == sorted(values)
    page.get_by_label("Search this table").fill("sub-1")
    shown = page.locator("#table-quality tbody tr:visible th").all_inner_texts()
    assert sorted(shown) == [f"sub-{k}" for k in range(10, 20)]
    assert page.get_by_text("10 of 21 rows").is_visible()


def test_the_theme_button_and_the_printed_page(page):
    def paper():
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    assert paper() == "rgb(255, 255, 255)"
    page.get_by_role("button", name="Dark page").click()
    assert paper() != "rgb(255, 255, 255)"
    page.emulate_media(media="print")
    assert paper() == "rgb(255, 255, 255)"
    assert not page.locator("nav").is_visible()
    assert page.locator(".viewer canvas").first.is_visible()
    page.set_viewport_size({"width": 718, "height": 1000})  # A4 between Chromium's margins
    assert page.evaluate("document.documentElement.scrollWidth") == 718  # nothing shrinks it
