"""The pages stay small at HCP's size; what grows is built whole or scaled, of noise, not maps."""

import numpy as np
import pandas as pd
import yaml

from support.places import ROOT
from voxplain import report
from voxplain.image.grid import Grid
from voxplain.report.viewer import group_viewer

LIMIT, N = 25e6, 1113
SHAPE, SMALL, FOLDS = (58, 70, 58), (29, 35, 29), 10
PICTURES = 8e6  # twice what the demo's take (benchmarks/RESULTS.md)
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())


def noise_in_brain(shape, seed):
    place = np.indices(shape).reshape(3, -1).T / (np.array(shape) - 1) * 2 - 1
    brain = ((place / 0.83) ** 2).sum(axis=1).reshape(shape) < 1
    return (np.random.default_rng(seed).random(shape) * brain).astype(np.float32), brain


def quality_table(n):
    numbers = np.random.default_rng(0).random((n, 8))
    names = [f"column_{k}" for k in range(6)] + ["correlation", "foreground_ml"]
    table = pd.DataFrame(numbers, columns=names)
    table.insert(0, "participant_id", [f"sub-HCP{k:06d}" for k in range(n)])
    return table.assign(outlier=[k % 20 == 0 for k in range(n)], reason="unlike the others' mean")


def test_the_report_of_1113_participants_stays_below_25_mb():
    _, brain = noise_in_brain(SMALL, 0)
    grid = Grid(SMALL, np.diag([6.2, 6.2, 6.2, 1]))
    volumes = np.stack([noise_in_brain(SMALL, seed)[0] for seed in range(3)])
    shown = group_viewer(volumes[0], brain, grid, {("grad_cam", "all"): volumes}, ("a", "b"), [])
    one_method = sum(len(layer["data"]) for layer in shown.data["layers"].values())
    n_methods = len(CONFIG["attribution"]["methods"])
    viewer = one_method * np.prod(SHAPE) / np.prod(SMALL) * n_methods * (1 + FOLDS)
    quality = quality_table(N)
    results = report.RunResults(
        run="hcp",
        config=CONFIG,
        quality=quality,
        left_out=quality[["participant_id", "reason"]],
        provenance={"images_sha256": dict.fromkeys(quality["participant_id"], "0" * 64)},
    )
    page = report.render_report(results)
    tables = len(page.encode())
    assert page.count(f">{'0' * 64}<") == N
    assert viewer + tables + PICTURES < LIMIT
    assert viewer > 5e6  # else this is not noise


def test_the_page_with_every_image_stays_below_25_mb():
    some = quality_table(20)
    volumes = np.stack([noise_in_brain(SHAPE, seed)[0] for seed in range(len(some))])
    page = report.quality_page("hcp", some, volumes, np.diag([3.1, 3.1, 3.1, 1]))
    assert len(page) * N / len(some) < LIMIT
