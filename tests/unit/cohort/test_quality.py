import numpy as np
import pytest

from voxplain.cohort import quality
from voxplain.errors import ImageError
from voxplain.image.masked import ImageStatistics


def cohort(n=12):
    rng = np.random.default_rng(0)
    base = rng.uniform(100, 900, (6, 6, 6))
    volumes = base + rng.normal(0, 30, (n, 6, 6, 6))
    volumes[:, :, :, 0] = 0
    return volumes.astype(np.float32)


def measured(n, **changes):
    """Rows of ordinary participants; `changes` maps a column to {participant: value}."""
    usual = {
        "foreground_ml": 1200.0,
        "foreground_mean": 500.0,
        "foreground_share": 0.4,
        "minimum": 0,
    }
    rows = [{"participant_id": f"sub-{i}", **usual} for i in range(n)]
    for column, values in changes.items():
        for i, value in values.items():
            rows[i][column] = value
    return rows


def test_mask_is_where_half_have_tissue():
    volumes = np.zeros((4, 5, 5, 5), np.float32)
    volumes[:, 1:4, 1:4, 1:4] = 1000
    volumes[:2, 0, 0, 0] = 51  # above 5 % of the 98th percentile in two of four
    volumes[:2, 0, 0, 1] = 49  # below
    volumes[:1, 0, 0, 2] = 500  # one of four
    mask = quality.brain_mask(volumes)
    assert mask.sum() == 27 + 1
    assert mask[0, 0, 0]


def test_leave_one_out_correlation_and_outlier():
    volumes = cohort()
    volumes[5] = volumes[5, ::-1]
    mask = quality.brain_mask(volumes)
    table = quality.finish(measured(len(volumes)), volumes, mask)
    for i in (0, 5):
        others = np.delete(volumes, i, axis=0).mean(axis=0)
        expected = np.corrcoef(volumes[i][mask], others[mask])[0, 1]
        assert table["correlation"][i] == pytest.approx(expected, abs=1e-6)
    assert table.loc[table["outlier"], "participant_id"].tolist() == ["sub-5"]


def test_empty_image_is_an_outlier_not_nan():
    volumes = cohort()
    volumes[3] = 0
    mask = quality.brain_mask(volumes)
    table = quality.finish(measured(12), volumes, mask)
    assert table["correlation"][3] == 0
    assert table["outlier"].tolist() == [i == 3 for i in range(12)]


def test_row():
    stats = ImageStatistics(0.0, 9.0, 1.5, (20, 30, 40), "LAS", (0.7, 0.7, 1.0))
    row = quality.quality_row("sub-1", np.array([[[0.0, 2.0, 4.0]]]), stats)
    assert row["foreground_mean"] == 3
    assert row["foreground_share"] == pytest.approx(1.5 / (20 * 30 * 40 * 0.7 * 0.7 / 1000))
    assert row["shape"] == "20x30x40"
    assert row["voxel_sizes_mm"] == "0.7x0.7x1"
    assert row["orientation"] == "LAS"


def test_every_outlier_has_its_reason():
    volumes = cohort()
    rows = measured(
        12,
        foreground_ml={1: 700.0, 2: 1210.0},
        foreground_mean={3: 900.0},
        foreground_share={4: 0.97},
        minimum={5: -3.5},
    )
    table = quality.finish(rows, volumes, quality.brain_mask(volumes))
    flagged = table.loc[table["outlier"], ["participant_id", "reason"]].to_numpy().tolist()
    assert [name for name, _ in flagged] == ["sub-1", "sub-3", "sub-4", "sub-5"]
    reasons = dict(flagged)
    assert reasons["sub-1"].startswith("small brain (700 ml, z = -")
    assert reasons["sub-3"].startswith("bright (mean 900, z = +")
    assert reasons["sub-4"] == "hardly any background is zero: is it brain-extracted?"
    assert reasons["sub-5"] == "negative values (down to -3.5)"
    heads = [row | {"foreground_ml": 3350.0} for row in rows]
    reason = quality.finish(heads, volumes, quality.brain_mask(volumes))["reason"][0]
    assert reason == "more than a brain (3350 ml): is it a whole head?"
    first = quality.by_severity(table)["participant_id"].tolist()[:4]
    assert sorted(first) == sorted(reasons)


def test_sites_are_compared_with_themselves():
    """Twice as bright a scanner makes no outliers; a bright image of the dark one is one."""
    volumes = np.concatenate([cohort(24), cohort(4)])
    bright = {i: 1000.0 for i in [*range(12, 24), 3]}
    rows = measured(28, foreground_mean=bright)
    sites = ["a"] * 12 + ["b"] * 12 + ["c"] * 4  # too few at c: compared with everybody
    mask = quality.brain_mask(volumes)
    table = quality.finish(rows, volumes, mask, sites)
    assert table.loc[table["outlier"], "participant_id"].tolist() == ["sub-3"]
    assert table["site"].tolist() == sites
    pooled = quality.finish(rows, volumes, mask)
    assert pooled["brightness_z"][3] == pytest.approx(pooled["brightness_z"][12])


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.0), (5.0, 5.0), (-3.0, 0.0)])
def test_an_image_without_a_brain_is_refused(low, high):
    stats = ImageStatistics(low, high, 0.0, (2, 2, 2), "RAS", (1.0, 1.0, 1.0))
    with pytest.raises(ImageError, match=r"sub-1: every voxel lies between .* no brain"):
        quality.quality_row("sub-1", np.full((2, 2, 2), low), stats)


def test_a_bright_voxel_in_the_dark_is_no_brain():
    """Its box is below zero on the mean, so that there is nothing to normalise by."""
    stats = ImageStatistics(-3.0, 5.0, 0.0, (2, 2, 2), "RAS", (1.0, 1.0, 1.0))
    with pytest.raises(ImageError, match=r"sub-1: no mean over a voxel .* no brain"):
        quality.quality_row("sub-1", np.full((2, 2, 2), -2.0), stats)
