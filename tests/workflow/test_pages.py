"""The pages of a finished run, in a real browser, and Snakemake's own report."""

import json
import re

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from chromium import browser, needs_chromium, opened

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


@needs_chromium
def test_a_participants_page_on_request(tiny):
    path = tiny.path("tiny", "participants", "sub-003.html")
    done = tiny(str(path.relative_to(tiny.folder)))
    assert done.returncode == 0, done.stdout[-4000:]
    assert re.findall(r"^(?:local)?rule (\w+):", done.stdout, re.M) == ["participant_page"]
    folds = pd.read_csv(tiny.path("tiny", "folds", "folds.tsv"), sep="\t", dtype=str)
    fold = folds.set_index("participant_id").loc["sub-003", "fold"]
    split = json.loads(tiny.path("tiny", "folds", f"split-{fold}.json").read_text())
    maps = np.load(tiny.path("tiny", "attribution", "grad_cam", f"fold-{fold}", "maps.npy"))
    own = maps[split["test"].index("sub-003")]
    grid = json.loads(tiny.path("tiny", "volumes", "grid.json").read_text())
    with browser() as chromium, opened(chromium, path) as page:
        assert page.locator("h1").inner_text() == "sub-003"
        page.locator(".viewer select").select_option(label="Grad-CAM")
        page.locator(".plane canvas").nth(2).click(position={"x": 120, "y": 150})
        voxel, value, _ = voxel_at_crosshair(page, np.array(grid["affine"]))
        assert value == pytest.approx(own[voxel] / own.max(), abs=1 / 510 + 1e-2)
    path.unlink()
